"""Drills: graded exercises that a trainer writes as a file, read strictly, in two languages."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

from refund.core.people import Role
from refund.core.rulebook import PROVISION_BY_KEY, Provision
from refund.places import data_folder
from refund.simulation.drills.checks import CHECKS, WantedCheck
from refund.simulation.drills.parameters import Kind, Parameter, Problem, Reader, Values, Words
from refund.simulation.drills.setup import SETUP_ACTS
from refund.simulation.drills.stage import Stage

FOLDER = "drills"
BYTES_MAX = 64 * 1024
POINTS_MAX = 100
PASS_SHARE = 80
"""From this share of the points on, in hundredths, a drill is passed. Source: project decision."""


class Audience(Enum):
    """For whose desk a drill is."""

    CLERK = "clerk"
    CUSTOMS = "customs"
    OPERATOR = "operator"

    @property
    def role(self) -> Role:
        """The role of the staff that the learner plays."""
        return _ROLES[self]


_ROLES = {
    Audience.CLERK: Role.CLERK,
    Audience.CUSTOMS: Role.OFFICER,
    Audience.OPERATOR: Role.OPERATOR,
}

PAGES: Mapping[Audience, tuple[str, ...]] = {
    Audience.CLERK: ("issue", "today", "find", "forgotten"),
    Audience.CUSTOMS: ("scan", "reviews", "offline"),
    Audience.OPERATOR: ("home", "exit", "cases", "counter", "settlements", "statements", "forms"),
}
"""Where the work of a drill can begin, the usual page first."""


@dataclass(frozen=True, slots=True)
class Step:
    """One act of the setup with what it is told."""

    act: str
    values: Values


@dataclass(frozen=True, slots=True)
class Drill:
    """An exercise.

    Args:
        drill_id: lower-case words with hyphens, unique.
        grade: 1 to 3.
        minutes: how long it takes somebody who knows how.
        page: where the work begins.
        rules: keys of the rulebook; the first one is what it is about.
        since, until: days of the rehearsal between which its rules stand; None for always.
        source: the file it was read from.
    """

    drill_id: str
    audience: Audience
    grade: int
    minutes: int
    page: str
    title: Words
    task: Words
    answer: Words
    hints: tuple[Words, ...]
    rules: tuple[str, ...]
    setup: tuple[Step, ...]
    checks: tuple[WantedCheck, ...]
    since: date | None
    until: date | None
    source: str

    @property
    def points(self) -> int:
        """The most that can be earned."""
        return sum(one.points for one in self.checks)

    @property
    def pass_points(self) -> int:
        """The least with which it is passed."""
        return -(-self.points * PASS_SHARE // 100)

    @property
    def ahead(self) -> timedelta:
        """By how much its setup moves the rehearsal's clock, about."""
        waits = [one.values for one in self.setup if one.act == "wait"]
        spans = (timedelta(days=w.number("days"), minutes=w.number("minutes")) for w in waits)
        return sum(spans, timedelta())

    @property
    def provisions(self) -> tuple[Provision, ...]:
        """The rules it is about, with their sources."""
        return tuple(PROVISION_BY_KEY[key] for key in self.rules)

    def fits(self, day: date) -> bool:
        """Whether its rules stand on a day of the rehearsal, when its setup begins."""
        return (self.since is None or day >= self.since) and (
            self.until is None or day <= self.until
        )


@dataclass(frozen=True, slots=True)
class DrillShelf:
    """All drills that could be read, by id, and everything that is wrong with the others."""

    drills: Mapping[str, Drill]
    problems: tuple[Problem, ...]

    def of(self, audience: Audience) -> list[Drill]:
        """The drills of an audience, the easy ones first."""
        found = [one for one in self.drills.values() if one.audience is audience]
        return sorted(found, key=lambda one: (one.grade, one.drill_id))


_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+){1,6}", re.ASCII)
_HEAD = (
    Parameter("id", Kind.WORD),
    Parameter("role", Kind.WORD, choices=tuple(one.value for one in Audience)),
    Parameter("grade", Kind.NUMBER, least=1, most=3),
    Parameter("minutes", Kind.NUMBER, 10, least=1, most=120),
    Parameter("page", Kind.WORD, ""),
    Parameter("rules", Kind.WORDS),
    Parameter("title", Kind.BOTH),
    Parameter("task", Kind.BOTH),
    Parameter("answer", Kind.BOTH),
)
_OTHERS = ("since", "until", "hints", "setup", "checks")


def read_drills(*folders: Path) -> DrillShelf:
    """Read the drills that are shipped and those of further folders; a bad file hinders no other.

    Where two files have the same id the one that was read first stands.
    """
    drills: dict[str, Drill] = {}
    problems: list[Problem] = []
    for path in _files((data_folder() / FOLDER, *folders)):
        drill, found = read_drill_file(path)
        problems += found
        if drill is None:
            continue
        known = drills.setdefault(drill.drill_id, drill)
        if known is not drill:
            facts = {"got": drill.drill_id, "other": known.source}
            problems.append(Problem(path.name, "id", "id_taken", facts))
    return DrillShelf(drills, tuple(problems))


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        if folder.is_dir():
            yield from sorted(folder.glob("*.toml"))


def read_drill_file(path: Path) -> tuple[Drill | None, list[Problem]]:
    """Read one file: the drill, or everything that is wrong with it by its key."""
    try:
        if path.stat().st_size > BYTES_MAX:
            return None, [Problem(path.name, "", "file_long", {"most": str(BYTES_MAX)})]
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return None, [Problem(path.name, "", "file_unreadable", {"said": type(error).__name__})]
    return read_drill(text, path.name)


def read_drill(text: str, file: str) -> tuple[Drill | None, list[Problem]]:
    """Read a drill from the text of a file, which is named in every problem."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return None, [Problem(file, "", "not_toml", {"said": str(error)})]
    reader = Reader(file)
    drill = _read(given, reader)
    return (None if reader.problems else drill), reader.problems


def _read(given: Mapping[str, Any], reader: Reader) -> Drill | None:
    head = reader.table({k: v for k, v in given.items() if k not in _OTHERS}, _HEAD, "")
    since, until = (_day(given, name, reader) for name in ("since", "until"))
    names: dict[str, str] = {}
    setup = tuple(_steps(given.get("setup", []), reader, names))
    checks = tuple(_checks(given.get("checks"), reader, names))
    hints = tuple(
        reader.both(one, f"hints[{at}]") for at, one in enumerate(_list(given, "hints", reader), 1)
    )
    if reader.problems:
        return None
    audience = Audience(head.word("role"))
    _judge_head(head, audience, reader)
    return Drill(
        drill_id=head.word("id"),
        audience=audience,
        grade=head.number("grade"),
        minutes=head.number("minutes"),
        page=head.word("page") or PAGES[audience][0],
        title=head.both("title"),
        task=head.both("task"),
        answer=head.both("answer"),
        hints=hints,
        rules=head.words("rules"),
        setup=setup,
        checks=checks,
        since=since,
        until=until,
        source=reader.file,
    )


def _judge_head(head: Values, audience: Audience, reader: Reader) -> None:
    if not _ID.fullmatch(head.word("id")):
        reader.refuse("id", "id_unreadable", got=head.word("id"))
    if head.word("page") and head.word("page") not in PAGES[audience]:
        known = ", ".join(PAGES[audience])
        reader.refuse("page", "not_a_choice", got=head.word("page"), known=known)
    for key in head.words("rules"):
        if key not in PROVISION_BY_KEY:
            reader.refuse("rules", "rule_unknown", got=key)


def _day(given: Mapping[str, Any], name: str, reader: Reader) -> date | None:
    value = given.get(name)
    if value is not None and type(value) is not date:
        reader.refuse(name, "not_a_day")
        return None
    return value


def _list(given: Mapping[str, Any], name: str, reader: Reader) -> list[Any]:
    value = given.get(name, [])
    if not isinstance(value, list):
        reader.refuse(name, "not_a_list")
        return []
    return value


def _steps(given: Any, reader: Reader, names: dict[str, str]) -> Iterator[Step]:
    for at, act, table in _named(given, "setup", "act", tuple(SETUP_ACTS), reader):
        wanted = SETUP_ACTS[act].parameters
        values = reader.table(table, wanted, at)
        if not reader.problems:
            _check_things(values, wanted, at, reader, names)
            for parameter in wanted:
                if parameter.kind is Kind.NEW:
                    _name(values.word(parameter.name), act, at, reader, names)
        yield Step(act, values)


def _name(name: str, act: str, at: str, reader: Reader, names: dict[str, str]) -> None:
    if name in names:
        reader.refuse(f"{at}.name", "name_taken", got=name)
    names[name] = _MAKES.get(act, act)


def _checks(given: Any, reader: Reader, names: Mapping[str, str]) -> Iterator[WantedCheck]:
    if not given:
        reader.refuse("checks", "key_missing")
        return
    points = Parameter("points", Kind.NUMBER, least=1, most=POINTS_MAX)
    for at, check, table in _named(given, "checks", "check", tuple(CHECKS), reader):
        wanted = (*CHECKS[check].parameters, points)
        values = reader.table(table, wanted, at)
        if reader.problems:
            continue
        _check_things(values, wanted, at, reader, names)
        yield WantedCheck(check, values.number("points"), values)


def _named(
    given: Any, name: str, key: str, known: Sequence[str], reader: Reader
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The tables of a list, each with its place and the word that says what it is."""
    if not isinstance(given, list):
        reader.refuse(name, "not_a_list")
        return
    for number, one in enumerate(given, start=1):
        at = f"{name}[{number}]"
        if not isinstance(one, Mapping):
            reader.refuse(at, "not_a_table")
            continue
        word = one.get(key)
        if word is None:
            reader.refuse(f"{at}.{key}", "key_missing")
        elif word not in known:
            reader.refuse(f"{at}.{key}", "not_a_choice", got=word, known=", ".join(known))
        else:
            yield at, word, {k: v for k, v in one.items() if k != key}


_WANTS = {"of": "traveller", "person": "traveller", "form": "form", "papers": "paper"}
"""What a parameter of this name refers to: what an act of that name makes."""

_MAKES = {"replace": "form"}
"""Acts that make what another one is named after."""


def _check_things(
    values: Values, wanted: Iterable[Parameter], at: str, reader: Reader, names: Mapping[str, str]
) -> None:
    """Whatever is referred to was made before, and by the right act."""
    for parameter in wanted:
        if parameter.kind not in (Kind.THING, Kind.THINGS):
            continue
        many = parameter.kind is Kind.THINGS
        told = values.words(parameter.name) if many else (values.word(parameter.name),)
        for name in told:
            if name and names.get(name) != _WANTS[parameter.name]:
                known = [each for each, act in names.items() if act == _WANTS[parameter.name]]
                key = f"{at}.{parameter.name}"
                reader.refuse(key, "name_unknown", got=name, known=", ".join(known))


def prepare(drill: Drill, stage: Stage) -> None:
    """Do everything that a drill's setup says, in its order.

    Raises:
        Refused: whatever a service refuses; what was done before it stays.
    """
    for step in drill.setup:
        SETUP_ACTS[step.act].do(stage, step.values)
