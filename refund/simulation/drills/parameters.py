"""What a drill's file may say: parameters with their kinds, read strictly and named when wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

REQUIRED = object()
"""The default of a parameter that must be said."""

YUAN_MOST = 10_000_000
"""More than this no price of a drill is."""

_FEN = Decimal(100)


class Kind(Enum):
    """What a value of a drill's file is."""

    WORD = "word"
    WORDS = "words"
    TEXT = "text"
    NUMBER = "number"
    NUMBERS = "numbers"
    YUAN = "yuan"
    FLAG = "flag"
    GOODS = "goods"
    BOTH = "both"
    NEW = "new"
    THING = "thing"
    THINGS = "things"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One key of a table, its kind, and what it may be.

    A word `NEW` names something that later steps refer to by `THING` or `THINGS`; `BOTH` is a table
    of two texts, `zh` and `en`; `GOODS` a list of tables `{code, quantity, price}`; `YUAN` becomes
    fen.
    """

    name: str
    kind: Kind
    default: Any = REQUIRED
    choices: tuple[str, ...] = ()
    least: int = 0
    most: int = 10_000


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a file, at which key; `code` is looked up by the page that tells it."""

    file: str
    key: str
    code: str
    facts: Mapping[str, str]

    def __str__(self) -> str:
        """In plain English, for the log and for tests."""
        facts = ", ".join(f"{name} {value}" for name, value in self.facts.items())
        return f"{self.file}: {self.key}: {self.code}" + (f" ({facts})" if facts else "")


@dataclass(frozen=True, slots=True)
class Words:
    """A text in both languages of the staff."""

    zh: str
    en: str

    def said(self, language: str) -> str:
        """In the reader's language."""
        return self.zh if language.startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class GoodsWanted:
    """Some units of one kind of goods at a price with tax."""

    code: str
    quantity: int
    price_fen: int


class Values:
    """The values of a step or a check, each read under its kind."""

    def __init__(self, read: Mapping[str, Any]) -> None:
        self._read = dict(read)

    def __eq__(self, other: object) -> bool:
        """Equal when all values are."""
        return isinstance(other, Values) and self._read == other._read

    def __hash__(self) -> int:
        """By the names alone."""
        return hash(tuple(self._read))

    def word(self, name: str) -> str:
        """A word, a text, or the name of a thing."""
        return str(self._read[name])

    def words(self, name: str) -> tuple[str, ...]:
        """Several words."""
        return tuple(self._read[name])

    def number(self, name: str) -> int:
        """A whole number, or a sum in fen."""
        return int(self._read[name])

    def numbers(self, name: str) -> tuple[int, ...]:
        """Several whole numbers."""
        return tuple(self._read[name])

    def flag(self, name: str) -> bool:
        """Yes or no."""
        return bool(self._read[name])

    def goods(self, name: str = "goods") -> tuple[GoodsWanted, ...]:
        """Goods of a purchase."""
        return tuple(self._read[name])

    def both(self, name: str) -> Words:
        """A text in two languages."""
        found = self._read[name]
        return found if isinstance(found, Words) else Words("", "")


class Reader:
    """Reads tables of one file, and collects everything that is wrong with it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def refuse(self, key: str, code: str, **facts: object) -> None:
        """Note what is wrong at a key."""
        told = {name: str(value) for name, value in facts.items()}
        self.problems.append(Problem(self.file, key, code, told))

    def table(self, given: Mapping[str, Any], wanted: Sequence[Parameter], at: str) -> Values:
        """A table's values; what is missing, unknown or of another kind is noted."""
        known = {parameter.name for parameter in wanted}
        for name in given:
            if name not in known:
                self.refuse(_joined(at, name), "key_unknown", known=", ".join(sorted(known)))
        read: dict[str, Any] = {}
        for parameter in wanted:
            key = _joined(at, parameter.name)
            if parameter.name not in given:
                read[parameter.name] = parameter.default
                if parameter.default is REQUIRED:
                    self.refuse(key, "key_missing")
                continue
            read[parameter.name] = self._value(given[parameter.name], parameter, key)
        return Values(read)

    def _value(self, value: Any, parameter: Parameter, key: str) -> Any:
        match parameter.kind:
            case Kind.WORDS | Kind.THINGS:
                return [self._word(one, parameter, key) for one in self._list(value, key)]
            case Kind.NUMBERS:
                return [self._number(one, parameter, key) for one in self._list(value, key)]
            case Kind.NUMBER:
                return self._number(value, parameter, key)
            case Kind.BOTH:
                return self.both(value, key)
            case _:
                return self._simple(value, parameter, key)

    def _simple(self, value: Any, parameter: Parameter, key: str) -> Any:
        match parameter.kind:
            case Kind.YUAN:
                return self._yuan(value, key)
            case Kind.FLAG:
                return self._flag(value, key)
            case Kind.GOODS:
                return self._goods(value, key)
            case _:
                return self._word(value, parameter, key)

    def _flag(self, value: Any, key: str) -> bool:
        if not isinstance(value, bool):
            self.refuse(key, "not_yes_or_no")
        return value is True

    def _word(self, value: Any, parameter: Parameter, key: str) -> str:
        if not isinstance(value, str) or not value.strip():
            self.refuse(key, "not_a_text")
            return ""
        if parameter.choices and value not in parameter.choices:
            self.refuse(key, "not_a_choice", got=value, known=", ".join(parameter.choices))
        return value

    def _number(self, value: Any, parameter: Parameter, key: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            self.refuse(key, "not_a_number")
            return parameter.least
        if not parameter.least <= value <= parameter.most:
            self.refuse(key, "out_of_range", least=parameter.least, most=parameter.most)
        return value

    def _yuan(self, value: Any, key: str) -> int:
        try:
            fen = Decimal(str(value)) * _FEN
        except InvalidOperation:
            fen = Decimal("0.5")
        if isinstance(value, bool) or fen != fen.to_integral_value() or fen < 0:
            self.refuse(key, "not_a_sum")
            return 0
        if fen > YUAN_MOST * _FEN:
            self.refuse(key, "out_of_range", least=0, most=YUAN_MOST)
        return int(fen)

    def _list(self, value: Any, key: str) -> list[Any]:
        if not isinstance(value, list) or not value:
            self.refuse(key, "not_a_list")
            return []
        return value

    def both(self, value: Any, key: str) -> Words:
        """A table of two texts, neither of them empty."""
        if not isinstance(value, Mapping):
            self.refuse(key, "not_two_texts")
            return Words("", "")
        for name in value:
            if name not in ("zh", "en"):
                self.refuse(_joined(key, name), "key_unknown", known="en, zh")
        texts = {}
        for name in ("zh", "en"):
            text = value.get(name)
            if not isinstance(text, str) or not text.strip():
                self.refuse(_joined(key, name), "key_missing" if text is None else "not_a_text")
            texts[name] = " ".join(str(text or "").split())
        return Words(**texts)

    def _goods(self, value: Any, key: str) -> list[GoodsWanted]:
        found = []
        for place, one in enumerate(self._list(value, key), start=1):
            at = f"{key}[{place}]"
            if not isinstance(one, Mapping):
                self.refuse(at, "not_a_table")
                continue
            read = self.table(one, _GOODS, at)
            found.append(
                GoodsWanted(read.word("code"), read.number("quantity"), read.number("price"))
                if not self.problems
                else GoodsWanted("", 1, 0)
            )
        return found


_GOODS = (
    Parameter("code", Kind.WORD),
    Parameter("quantity", Kind.NUMBER, 1, least=1, most=999),
    Parameter("price", Kind.YUAN),
)


def _joined(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name
