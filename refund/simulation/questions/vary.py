"""What a what-if varies: parameters with their values, and the grid of variants that they make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType

from refund.core.errors import Refused
from refund.core.parameters import PARAMETER_BY_NAME
from refund.simulation.world.parameters import TYPED_MAX, Parameter, Value, find, written

VARIANTS_MAX = 64
"""More variants than this tell nobody anything. Source: project decision."""


@dataclass(frozen=True, slots=True)
class Varied:
    """A parameter with the values that are compared, as people write them; the first is the base.

    Args:
        parameter: of the rules or of the world.
        values: two or more, all different.
    """

    parameter: Parameter
    values: tuple[str, ...]

    @property
    def key(self) -> str:
        """The parameter's key."""
        return self.parameter.key


@dataclass(frozen=True, slots=True)
class Variant:
    """One combination of values; number 0 is the base, with which all others are compared."""

    number: int
    changes: Mapping[str, str]


def read_varied(texts: Sequence[str]) -> tuple[Varied, ...]:
    """Read `min_purchase=200,500`, once for each parameter.

    Raises:
        Refused: `vary_unreadable` for what is not a parameter with two different values or more,
            `vary_too_many`, `scenario_key_unknown`, `scenario_value`.
    """
    found: dict[str, Varied] = {}
    for text in texts:
        one = _read(text)
        if one.key in found:
            raise Refused("vary_unreadable", "vary", typed=text[:TYPED_MAX])
        found[one.key] = one
    if not found:
        raise Refused("vary_unreadable", "vary", typed="")
    count = 1
    for one in found.values():
        count *= len(one.values)
    if count > VARIANTS_MAX:
        raise Refused("vary_too_many", "vary", variants=count, most=VARIANTS_MAX)
    return tuple(found.values())


def grid(varied: Sequence[Varied]) -> tuple[Variant, ...]:
    """Every combination of the values, the last parameter's changing fastest."""
    keys = [one.key for one in varied]
    return tuple(
        Variant(number, MappingProxyType(dict(zip(keys, values, strict=True))))
        for number, values in enumerate(product(*(one.values for one in varied)))
    )


def as_written(parameter: Parameter, value: Value) -> str:
    """A value of a parameter as people write it; a rule's is given as the table has it."""
    if parameter.rule and isinstance(value, int):
        return PARAMETER_BY_NAME[parameter.rule].written(value).replace(",", "")
    return written(value)


def _read(text: str) -> Varied:
    name, equals, rest = (part.strip() for part in text.partition("="))
    typed = [one.strip() for one in rest.split(",")] if rest else []
    if not name or not equals or len(typed) < 2 or not all(typed):
        raise Refused("vary_unreadable", "vary", typed=text[:TYPED_MAX])
    parameter = find(name)
    values = tuple(as_written(parameter, parameter.read(one)) for one in typed)
    if len(set(values)) < len(values):
        raise Refused("vary_unreadable", "vary", typed=text[:TYPED_MAX])
    return Varied(parameter, values)
