"""Every parameter of a world and of its rules: unit, default, bounds, and the default's origin.

The world's stand in `refund/data/parameters.csv`, the rules' in `core/policy.py`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import cache
from types import MappingProxyType

from refund.core import parameters as of_rules
from refund.core.errors import Refused
from refund.core.parameters import PARAMETER_BY_NAME, Unit
from refund.core.policy import RULES
from refund.core.rulebook import PROVISION_BY_KEY
from refund.places import data_folder

TYPED_MAX = 60
"""So much of what somebody typed is told back."""

Value = int | float | str | date | time
"""What a parameter of a world can be; a clock time is Shanghai's."""

RULES_GROUP = "rules"
ASSUMPTION = "assumption"

_WHOLE = frozenset({"count", "people", "basis_points"})
_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)
_SORTED: dict[str, Callable[[str], date | time]] = {
    "date": date.fromisoformat,
    "clock": time.fromisoformat,
}
_RULE_UNITS = {
    Unit.DAYS: "days",
    Unit.WORKING_DAYS: "working days",
    Unit.DAY_OF_MONTH: "day of the month",
    Unit.FEN: "yuan",
    Unit.BASIS_POINTS: "percent",
    Unit.YES_NO: "word",
    Unit.ROUNDING: "word",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter that a scenario can set.

    Args:
        key: group and name, `change.late_share`.
        unit: what it is counted in, in English.
        default: as people write it; of a rule, the values of the table by date.
        least: as written; "" where any is sane, and for words.
        words: the words that can be chosen, none where a number, day or time is written.
        origin: the text that the default is from, "project decision …", or "assumption".
        rule: the name in the table of rules, "" for a parameter of the world.
    """

    key: str
    unit: str
    default: str
    least: str
    most: str
    words: tuple[str, ...]
    origin: str
    sentence_en: str
    sentence_zh: str
    rule: str = ""

    @property
    def group(self) -> str:
        """The part of the world that it belongs to."""
        return self.key.partition(".")[0]

    @property
    def name(self) -> str:
        """The key without its group."""
        return self.key.partition(".")[2]

    @property
    def is_assumed(self) -> bool:
        """Whether nothing but our guess speaks for the default."""
        return self.origin == ASSUMPTION

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers will do."""
        return self.unit in _WHOLE

    def read(self, given: object) -> Value:
        """A value as a scenario file has it or as a person types it; a rule's as the table has it.

        Raises:
            Refused: `scenario_value` with the key, the unit and the bounds.
        """
        text = _text(given)
        if self.rule:
            return self._read_rule(text)
        if self.words:
            if text in self.words:
                return text
            raise self._wrong(text)
        if self.unit in _SORTED:
            # Days and times of one writing are in the order of their texts.
            if _is_written(self.unit, text) and self.least <= text <= self.most:
                return _SORTED[self.unit](text)
            raise self._wrong(text)
        if not _NUMBER.fullmatch(text):
            raise self._wrong(text)
        number = float(text)
        if self.is_whole and number != int(number):
            raise self._wrong(text)
        if not float(self.least) <= number <= float(self.most):
            raise self._wrong(text)
        return int(number) if self.is_whole else number

    def _read_rule(self, text: str) -> int:
        try:
            return PARAMETER_BY_NAME[self.rule].read(text, self.key)
        except Refused:
            raise self._wrong(text) from None

    def _wrong(self, text: str) -> Refused:
        return Refused(
            "scenario_value",
            self.key,
            key=self.key,
            typed=text[:40],
            unit=self.unit,
            least=self.least,
            most=self.most,
            words=self.words,
        )


def written(value: Value) -> str:
    """A value as people write it."""
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.9f}".rstrip("0").rstrip(".")
    return str(value)


@cache
def parameters() -> Mapping[str, Parameter]:
    """Every parameter by its key: the world's in the order of their file, then the rules'."""
    found = {one.key: one for one in (*_of_the_world(), *_of_the_rules())}
    return MappingProxyType(found)


def find(typed: str) -> Parameter:
    """The parameter of a key, or of a name without its group where no other has it.

    A rule does not answer to its name in the table, `min_purchase_fen`: here it is in yuan.

    Raises:
        Refused: `scenario_key_unknown` with the keys that are near.
    """
    known = parameters()
    if typed in known:
        return known[typed]
    named = [one for one in known.values() if typed == one.name]
    if len(named) == 1:
        return named[0]
    raise unknown_key(typed, tuple(one.key for one in named))


def unknown_key(typed: str, likely: tuple[str, ...] = ()) -> Refused:
    """The refusal of a key that no parameter has, with those that are near or likely."""
    near = likely or _near(typed)
    return Refused("scenario_key_unknown", typed[:60], typed=typed[:60], likely=near)


def _near(typed: str) -> tuple[str, ...]:
    from difflib import get_close_matches  # noqa: PLC0415 - only a wrong key needs it

    by_name = {one.name: key for key, one in parameters().items()}
    found = get_close_matches(typed, parameters(), n=3)
    found += [by_name[name] for name in get_close_matches(typed, by_name, n=3)]
    return tuple(dict.fromkeys(found))[:3]


def _of_the_world() -> list[Parameter]:
    text = (data_folder() / "parameters.csv").read_text(encoding="utf-8")
    return [_row(row) for row in csv.DictReader(text.splitlines())]


def _row(row: Mapping[str, str]) -> Parameter:
    is_word = row["unit"] == "word"
    return Parameter(
        key=row["key"],
        unit=row["unit"],
        default=row["default"],
        least="" if is_word else row["least"],
        most=row["most"],
        words=tuple(row["least"].split()) if is_word else (),
        origin=row["origin"],
        sentence_en=row["en"],
        sentence_zh=row["zh"],
    )


def _of_the_rules() -> list[Parameter]:
    return [_rule(one) for one in PARAMETER_BY_NAME.values()]


def _rule(one: of_rules.Parameter) -> Parameter:
    rows = [rule for rule in RULES if rule.parameter == one.name]
    values = "; ".join(f"{one.written(row.value)} from {row.valid_from}" for row in rows)
    provision = PROVISION_BY_KEY[one.name]
    return Parameter(
        key=f"{RULES_GROUP}.{one.name.replace('_fen', '').replace('_bp', '')}",
        unit=_RULE_UNITS[one.unit],
        default=values,
        least="" if one.options else one.written(one.least),
        most="" if one.options else one.written(one.most),
        words=one.options,
        origin="; ".join(dict.fromkeys(row.source for row in rows)),
        sentence_en=provision.title_en + ".",
        sentence_zh=provision.title_zh + "。",
        rule=one.name,
    )


def _text(given: object) -> str:
    """A value of TOML or of a command line as text; what is neither reads as nothing."""
    match given:
        case bool():
            return "yes" if given else "no"
        case str():
            return given.strip()
        case int() | float() | date() | time():
            return written(given)
        case _:
            return ""


def _is_written(unit: str, text: str) -> bool:
    """Whether a day or a time of day is one, in the one writing that counts."""
    try:
        value = _SORTED[unit](text)
    except ValueError:
        return False
    return written(value) == text
