"""The parameters of the table of rules: what each is counted in, and what a sane value is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import Enum

from refund.core.errors import Refused
from refund.core.money import (
    ASCII_BLANKS,
    BP_PER_WHOLE,
    FEN_MAX,
    FEN_PER_YUAN,
    TYPED_MAX,
    Rounding,
    format_yuan,
)
from refund.core.policy import Rule, RuleSet

SOURCE_LENGTH_MAX = 200
GRADES = ("A", "B", "C", "M", "D")
"""How sure we are: official text, press, one weak source, general knowledge, our decision."""

_WHOLE = re.compile(r"[0-9]{1,6}", re.ASCII)
_DECIMAL = re.compile(r"([0-9]{1,8})(?:\.([0-9]{1,2}))?", re.ASCII)
_INTEGER = re.compile(r"-?[0-9]{1,12}", re.ASCII)


class Unit(Enum):
    """What a parameter is counted in."""

    DAYS = "days"
    WORKING_DAYS = "working_days"
    DAY_OF_MONTH = "day_of_month"
    FEN = "fen"
    BASIS_POINTS = "basis_points"
    YES_NO = "yes_no"
    ROUNDING = "rounding"


YES_NO = ("no", "yes")
"""How people write 0 and 1 of a parameter that asks."""

ROUNDINGS = {Rounding.HALF_UP: "half_up", Rounding.DOWN: "down", Rounding.UP: "up"}
"""How people write a rounding."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its name, its unit, and its least and its largest sane value, as integers."""

    name: str
    unit: Unit
    least: int
    most: int

    @property
    def options(self) -> tuple[str, ...]:
        """The words that can be chosen; none where a number is typed."""
        match self.unit:
            case Unit.YES_NO:
                return YES_NO
            case Unit.ROUNDING:
                return tuple(ROUNDINGS.values())
            case Unit.DAYS | Unit.WORKING_DAYS | Unit.DAY_OF_MONTH | Unit.FEN | Unit.BASIS_POINTS:
                return ()

    def written(self, value: int) -> str:
        """A value as people write it: yuan, percent, a word, or the number itself."""
        match self.unit:
            case Unit.FEN:
                return format_yuan(value)
            case Unit.BASIS_POINTS:
                whole, rest = divmod(value, 100)
                return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") if rest else str(whole)
            case Unit.YES_NO | Unit.ROUNDING:
                return self.options[value]
            case Unit.DAYS | Unit.WORKING_DAYS | Unit.DAY_OF_MONTH:
                return str(value)

    def read(self, text: str, field: str) -> int:
        """Read a value as people write it.

        Raises:
            Refused: `field_missing`, `value_unreadable`, `value_out_of_range`.
        """
        typed = text.strip(ASCII_BLANKS)
        if not typed:
            raise Refused("field_missing", field)
        return self.checked(self._read(typed, field), field)

    def checked(self, value: int, field: str) -> int:
        """A value that is sane.

        Raises:
            Refused: `value_out_of_range`.
        """
        if not self.least <= value <= self.most:
            raise Refused(
                "value_out_of_range",
                field,
                parameter=self.name,
                least=self.written(self.least),
                most=self.written(self.most),
            )
        return value

    def _read(self, typed: str, field: str) -> int:
        match self.unit:
            case Unit.YES_NO | Unit.ROUNDING:
                if typed in self.options:
                    return self.options.index(typed)
            case Unit.FEN | Unit.BASIS_POINTS:
                found = _DECIMAL.fullmatch(typed)
                if found:
                    return int(found[1]) * FEN_PER_YUAN + int((found[2] or "").ljust(2, "0"))
            case Unit.DAYS | Unit.WORKING_DAYS | Unit.DAY_OF_MONTH:
                if _WHOLE.fullmatch(typed):
                    return int(typed)
        raise Refused("value_unreadable", field, parameter=self.name, typed=typed[:TYPED_MAX])


PARAMETER_BY_NAME: dict[str, Parameter] = {
    parameter.name: parameter
    for parameter in (
        Parameter("stay_days", Unit.DAYS, 1, 730),
        Parameter("min_purchase_fen", Unit.FEN, 1_00, 100_000_00),
        Parameter("refund_rate_13_bp", Unit.BASIS_POINTS, 1_00, 13_00),
        Parameter("refund_rate_9_bp", Unit.BASIS_POINTS, 1_00, 9_00),
        Parameter("fee_bp", Unit.BASIS_POINTS, 0, 10_00),
        Parameter("export_days", Unit.DAYS, 1, 730),
        Parameter("cash_fen_max", Unit.FEN, 0, FEN_MAX),
        Parameter("promise_days", Unit.DAYS, 1, 365),
        Parameter("promise_any_port", Unit.YES_NO, 0, 1),
        Parameter("instant_ceiling_fen", Unit.FEN, 1_00, FEN_MAX),
        Parameter("capture_working_days", Unit.WORKING_DAYS, 1, 60),
        Parameter("inspect_all", Unit.YES_NO, 0, 1),
        Parameter("inspect_from_fen", Unit.FEN, 0, FEN_MAX),
        Parameter("inspect_share_bp", Unit.BASIS_POINTS, 0, BP_PER_WHOLE),
        Parameter("filing_working_days", Unit.WORKING_DAYS, 1, 60),
        Parameter("store_change_days", Unit.DAYS, 1, 365),
        Parameter("settle_by_day", Unit.DAY_OF_MONTH, 1, 28),
        Parameter("gross_rounding", Unit.ROUNDING, 0, len(ROUNDINGS) - 1),
        Parameter("fee_rounding", Unit.ROUNDING, 0, len(ROUNDINGS) - 1),
    )
}
"""Every parameter by its name, in the order of the table; the bounds are a project decision."""


def the_parameter(name: str, field: str = "parameter") -> Parameter:
    """A parameter of the table.

    Raises:
        Refused: `parameter_unknown`.
    """
    found = PARAMETER_BY_NAME.get(name)
    if found is None:
        raise Refused("parameter_unknown", field, typed=name[:TYPED_MAX])
    return found


def read_change(text: str, field: str) -> tuple[str, int]:
    """Read `promise_days=28`: a parameter, and its value as the table's integer.

    Raises:
        Refused: `parameter_unknown`, `value_unreadable`, `value_out_of_range`.
    """
    name, _, value = (part.strip(ASCII_BLANKS) for part in text.partition("="))
    parameter = the_parameter(name, field)
    if not _INTEGER.fullmatch(value):
        raise Refused("value_unreadable", field, parameter=name, typed=value[:TYPED_MAX])
    return name, parameter.checked(int(value), field)


def changed_rules(rules: RuleSet, changes: Mapping[str, int]) -> RuleSet:
    """A rule set with other values for some parameters.

    Raises:
        Refused: `parameter_unknown`, `value_out_of_range`.
    """
    values: dict[str, object] = {}
    for name, value in changes.items():
        parameter = the_parameter(name, name)
        parameter.checked(value, name)
        match parameter.unit:
            case Unit.YES_NO:
                values[name] = bool(value)
            case Unit.ROUNDING:
                values[name] = Rounding(value)
            case _:
                values[name] = value
    return replace(rules, **values)  # type: ignore[arg-type]  # typed by the unit just above


def value_of(rules: RuleSet, name: str) -> int | None:
    """A parameter's value in a rule set, as the table writes it."""
    value = getattr(rules, name)
    return value.value if isinstance(value, Rounding) else None if value is None else int(value)


def rules_that_differ(own: RuleSet, other: RuleSet) -> dict[str, tuple[int | None, int | None]]:
    """Every parameter whose value is not the same in both, with its two values."""
    pairs = {
        field.name: (value_of(own, field.name), value_of(other, field.name))
        for field in fields(own)
        if field.name != "day"
    }
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def rule_ahead(rule: Rule, today: date) -> Rule:
    """A row that may be added today: of a day that lies ahead, sane, and with its source.

    Raises:
        Refused: `parameter_unknown`, `value_out_of_range`, `rule_not_ahead`, `field_missing`,
            `field_too_long`, `field_unreadable`, `choice_unknown`.

    Source: project decision.
    """
    the_parameter(rule.parameter).checked(rule.value, "value")
    if rule.valid_from <= today:
        raise Refused("rule_not_ahead", "valid_from", today=today)
    source = " ".join(rule.source.split())
    if not source:
        raise Refused("field_missing", "source")
    if len(source) > SOURCE_LENGTH_MAX:
        raise Refused("field_too_long", "source", most=SOURCE_LENGTH_MAX)
    if not source.isprintable():
        raise Refused("field_unreadable", "source")
    if rule.grade not in GRADES:
        raise Refused("choice_unknown", "grade", known=GRADES)
    return replace(rule, source=source)
