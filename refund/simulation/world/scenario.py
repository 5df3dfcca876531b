"""A scenario: a world and its rules, as a file in TOML sets them apart from the defaults."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from refund.core.calendar import SHANGHAI
from refund.core.errors import Refused
from refund.core.parameters import PARAMETER_BY_NAME
from refund.places import data_folder
from refund.simulation.world.parameters import (
    TYPED_MAX,
    Parameter,
    Value,
    find,
    parameters,
    unknown_key,
    written,
)

T = TypeVar("T")

SUFFIX = ".toml"
WORDS = ("title_en", "title_zh", "about_en", "about_zh")
"""What a scenario file says of itself; all four must be there."""

_SIZE_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Scenario:
    """A world to run.

    Args:
        name: of the shipped scenario, or of the file.
        world: a value for every parameter of the world, by key.
        rules: values of the table of rules by its names, for the rules that are not as they were.
        changed: the keys that are not as in the defaults, in the order of the parameters.
    """

    name: str
    title_en: str
    title_zh: str
    about_en: str
    about_zh: str
    world: Mapping[str, Value]
    rules: Mapping[str, int]
    changed: tuple[str, ...]

    @property
    def begins(self) -> date:
        """The first day on which travellers buy."""
        return _of_kind(date, self.world["world.begins"])

    @property
    def days(self) -> int:
        """On how many days travellers buy."""
        return self.count("world.days")

    @property
    def starts_at(self) -> datetime:
        """The first moment of the first day."""
        return datetime.combine(self.begins, time.min, SHANGHAI).astimezone(UTC)

    def day(self, number: int) -> date:
        """The day of the world with a number, the first being 1."""
        return self.begins + timedelta(days=number - 1)

    def shopping_days(self) -> Iterator[date]:
        """Every day on which travellers buy."""
        return (self.day(number) for number in range(1, self.days + 1))

    def number(self, key: str) -> float:
        """A parameter that is counted or measured."""
        value = self.world[key]
        return float(value) if isinstance(value, int) else _of_kind(float, value)

    def count(self, key: str) -> int:
        """A parameter that is a whole number."""
        return _of_kind(int, self.world[key])

    def clock(self, key: str) -> time:
        """A parameter that is a time of day in Shanghai."""
        return _of_kind(time, self.world[key])

    def word(self, key: str) -> str:
        """A parameter that is one of some words."""
        return str(self.world[key])

    def weights(self, group: str) -> list[tuple[str, float]]:
        """The parameters of a group as weights, by their names."""
        prefix = group + "."
        return [
            (key.removeprefix(prefix), self.number(key))
            for key in self.world
            if key.startswith(prefix)
        ]

    def with_changes(self, changes: Mapping[str, object]) -> Scenario:
        """The same scenario with other values: by key, or by a name that only one parameter has.

        A value is as the file has it or as a person types it: yuan, percent, shares of 1.

        Raises:
            Refused: `scenario_key_unknown`, `scenario_value`.
        """
        world, rules = dict(self.world), dict(self.rules)
        for typed, given in changes.items():
            parameter = find(typed)
            value = parameter.read(given)
            if parameter.rule:
                rules[parameter.rule] = _of_kind(int, value)
            else:
                world[parameter.key] = value
        return replace(
            self,
            world=MappingProxyType(world),
            rules=MappingProxyType(rules),
            changed=_changed(world, rules),
        )

    def as_written(self) -> dict[str, str]:
        """Every value that makes this world, by key, as people write it; fit for JSON."""
        found = {key: written(value) for key, value in self.world.items()}
        for parameter in parameters().values():
            if parameter.rule in self.rules:
                found[parameter.key] = _rule_written(parameter, self.rules)
        return found


def default_scenario(name: str = "default") -> Scenario:
    """The world of the defaults, under the rules as they were."""
    world = {
        parameter.key: parameter.read(parameter.default)
        for parameter in parameters().values()
        if not parameter.rule
    }
    return Scenario(name, "", "", "", "", MappingProxyType(world), MappingProxyType({}), ())


def scenario_names() -> tuple[str, ...]:
    """The scenarios that the program brings, by name."""
    return tuple(sorted(path.stem for path in _folder().glob(f"*{SUFFIX}")))


def read_scenario(name_or_path: str | Path) -> Scenario:
    """A scenario that the program brings, or one from a file that ends in `.toml`.

    Raises:
        Refused: `scenario_unknown`, `scenario_unreadable`, `scenario_key_unknown`,
            `scenario_value`.
    """
    given = str(name_or_path)
    path = Path(given) if given.endswith(SUFFIX) else _folder() / (given + SUFFIX)
    if not given.endswith(SUFFIX) and given not in scenario_names():
        raise Refused("scenario_unknown", "scenario", typed=given[:60], known=scenario_names())
    if not path.is_file() or path.stat().st_size > _SIZE_MAX:
        raise Refused("scenario_unknown", "scenario", typed=given[-60:], known=scenario_names())
    return parse_scenario(path.stem, path.read_bytes())


def parse_scenario(name: str, content: bytes) -> Scenario:
    """A scenario from the bytes of its file.

    Raises:
        Refused: `scenario_unreadable` for what is not TOML or lacks its words,
            `scenario_key_unknown`, `scenario_value`.
    """
    try:
        tables = tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise Refused("scenario_unreadable", "scenario", what=str(wrong)[:120]) from None
    said: dict[str, str] = {}
    for word in WORDS:
        text = tables.pop(word, None)
        if not isinstance(text, str) or not text.strip():
            raise Refused("scenario_unreadable", word, what=f"{word} is missing")
        said[word] = " ".join(text.split())
    changes: dict[str, object] = {}
    for group, table in tables.items():
        if not isinstance(table, dict):
            raise unknown_key(group)
        changes |= {f"{group}.{key}": value for key, value in table.items()}
    # In a file a name counts in its own table alone.
    for key in changes:
        if key not in parameters():
            raise unknown_key(key)
    return replace(
        default_scenario(name).with_changes(changes),
        title_en=said["title_en"],
        title_zh=said["title_zh"],
        about_en=said["about_en"],
        about_zh=said["about_zh"],
    )


def read_changes(texts: Sequence[str]) -> dict[str, str]:
    """Read `KEY=VALUE`, once for each parameter: its whole key, and the value as typed.

    Raises:
        Refused: `set_unreadable`, `scenario_key_unknown`.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not name or not equals or not value:
            raise Refused("set_unreadable", "set", typed=text[:TYPED_MAX])
        key = find(name).key
        if key in found:
            raise Refused("set_unreadable", "set", typed=text[:TYPED_MAX])
        found[key] = value
    return found


def _of_kind(kind: type[T], value: object) -> T:
    """A value that the unit of its parameter promises to be of a kind.

    Raises:
        TypeError: a parameter of another unit, which is a defect.
    """
    if not isinstance(value, kind):
        raise TypeError(value)
    return value


def _changed(world: Mapping[str, Value], rules: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(
        key
        for key, parameter in parameters().items()
        if (
            parameter.rule in rules
            if parameter.rule
            else world[key] != parameter.read(parameter.default)
        )
    )


def _rule_written(parameter: Parameter, rules: Mapping[str, int]) -> str:
    return PARAMETER_BY_NAME[parameter.rule].written(rules[parameter.rule])


def _folder() -> Path:
    return data_folder() / "scenarios"
