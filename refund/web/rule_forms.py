"""Reading what an operator types of a rule, and showing rules the way people write them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from refund.core.consequences import Consequences, differing
from refund.core.errors import Refused
from refund.core.money import Vat, parse_yuan
from refund.core.parameters import GRADES, PARAMETER_BY_NAME, Parameter, the_parameter
from refund.core.policy import Rule
from refund.core.rulebook import PROVISION_BY_KEY
from refund.web.filters import local
from refund.web.parse import Reader, read_day

EXAMPLE_AMOUNT = "1494.00"
"""The purchase on which a new rule is tried out, until another is typed: the published example."""

PREFIX = "set-"
"""What the name of a field begins with that gives a parameter another value."""


@dataclass(frozen=True, slots=True)
class ReadRule:
    """A new row as it could be read, and the purchase on which it is tried out."""

    rule: Rule | None
    lines: tuple[tuple[int, Vat], ...]
    problems: tuple[Refused, ...]


def read_rule(typed: Mapping[str, str]) -> ReadRule:
    """Read the form of a new row; every field to its end.

    Raises:
        Refused: `parameter_unknown`.
    """
    parameter = the_parameter(typed.get("parameter", ""))
    reader = Reader()
    value = reader.read(parameter.read, typed.get("value", ""), "value")
    start = reader.read(read_day, typed.get("valid_from", ""), "valid_from")
    source = typed.get("source", "")
    if not source.strip():
        reader.refuse("field_missing", "source")
    grade = typed.get("grade", "")
    if grade not in GRADES:
        reader.refuse("field_missing", "grade")
    amount_fen = reader.read(parse_yuan, typed.get("amount", EXAMPLE_AMOUNT), "amount")
    vat = reader.read(Vat.read, typed.get("vat", Vat.V13.value), "vat")
    rule = None
    if value is not None and start is not None and not reader.problems:
        rule = Rule(parameter.name, value, start, source, grade)
    lines = ((amount_fen, vat),) if amount_fen is not None and vat is not None else ()
    return ReadRule(rule, lines, tuple(reader.problems))


@dataclass(frozen=True, slots=True)
class ReadOthers:
    """Other rules as they could be read: a day, or None for the form's own, and single values."""

    on: date | None
    changes: dict[str, int]
    problems: tuple[Refused, ...]


def read_others(typed: Mapping[str, str]) -> ReadOthers:
    """Read which other rules are to be applied; an empty field changes nothing."""
    reader = Reader()
    day = typed.get("day", "")
    on = reader.read(read_day, day, "day") if day.strip() else None
    changes: dict[str, int] = {}
    for name, parameter in PARAMETER_BY_NAME.items():
        field = f"{PREFIX}{name}"
        if not typed.get(field, "").strip():
            continue
        value = reader.read(parameter.read, typed[field], field)
        if value is not None:
            changes[name] = value
    return ReadOthers(on, changes, tuple(reader.problems))


def title_of(name: str) -> str:
    """What a parameter is, in the reader's language."""
    return local(PROVISION_BY_KEY[name], "title")


def parameters() -> tuple[Parameter, ...]:
    """Every parameter, in the order of the table."""
    return tuple(PARAMETER_BY_NAME.values())


Compared = Sequence[tuple[str, object, object, bool]]


def compared(own: Consequences, other: Consequences) -> Compared:
    """Each consequence under both rule sets, and whether it is another one."""
    left, right, names = own.named(), other.named(), differing(own, other)
    left["refusals"] = [_without_entry(one) for one in own.refusals]
    right["refusals"] = [_without_entry(one) for one in other.refusals]
    return [(name, left[name], right[name], name in names) for name in left]


def _without_entry(refused: Refused) -> Refused:
    """A refusal that does not tell the day on which the traveller came in."""
    facts = {name: value for name, value in refused.facts.items() if name != "entry"}
    return Refused(refused.code, refused.field, **facts)
