"""`refund rehearse`: the whole service on a clock of its own, with demo people and a lab."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path

import click

from refund.cli.children import run_while
from refund.cli.demo import parts_and_words, prepare_demo, require_all_free
from refund.cli.lan import Lan, lan_option
from refund.cli.opened import opened, settings
from refund.cli.refusals import Told
from refund.cli.serving import asked_settings
from refund.config import Settings
from refund.core.calendar import SHANGHAI, day_of, parse_moment
from refund.core.errors import Refused
from refund.simulation.lab_book import open_lab_book
from refund.simulation.rehearsal.forks import (
    CLOCK,
    DAY_ENDS_BEFORE,
    NAME,
    Change,
    check_name,
    fork,
    put_rules,
    read_change,
)
from refund.simulation.rehearsal.host import NEXT
from refund.simulation.rehearsal.snapshots import BOOK, DATABASE, kept_days
from refund.simulation.world.scenario import Scenario, read_scenario
from refund.timepiece import Timepiece

FOLDER = "rehearsals"
DEFAULT_NAME = "practice"
DEFAULT_SCENARIO = "opening-week"
OPENS_AT = time(9)
"""When a rehearsal begins on its first day."""


@click.command()
@click.argument("name", default=DEFAULT_NAME)
@click.option(
    "--from", "origin", metavar="OTHER@DAY", help="Go back to a day's end of another one."
)
@click.option("--change", default="", metavar="WORDS", help="With --from: one thing that differs.")
@click.option("--scenario", default="", metavar="S", help="The world of a new one.")
@click.option("--prepare", is_flag=True, help="Make it, start nothing.")
@lan_option
def rehearse(
    name: str, origin: str | None, change: str, scenario: str, *, prepare: bool, lan: str | None
) -> None:
    """Rehearse on a clock of one's own till Ctrl-C, beside bots.

    A rehearsal that is not there is made, with demo people, a trainer and a class of learners;
    nothing in it counts anywhere else. With --change a rule, a fault or a card differs:
    "promise_days=28", "fault answer_lost=3", "card 1111=capture_declined".
    """
    base = settings()
    rehearsals = base.instance / FOLDER
    if NAME.fullmatch(name) is None:
        raise Told(f"{name!r} cannot name a rehearsal: small letters, figures and hyphens can")
    if origin:
        _fork(rehearsals, name, origin, read_change(change))
    elif change:
        raise Told("--change goes with --from: it is one thing that differs from a day that was")
    elif not (rehearsals / name / CLOCK).exists():
        _make(rehearsals / name, read_scenario(scenario or DEFAULT_SCENARIO))
    elif scenario:
        raise Told(f"{name} is there already; a scenario is chosen for a new rehearsal")
    following: str | None = name
    while following is not None:
        following = _run(rehearsals, following, lan, prepare=prepare)


def _run(rehearsals: Path, name: str, lan: str | None, *, prepare: bool) -> str | None:
    """Run a rehearsal; the name of the one that is to take its place, None when it was to end."""
    with _within(rehearsals / name):
        found, door = asked_settings(lan)
        return _serve(found, door, rehearsals / NEXT, prepare=prepare)


def _serve(found: Settings, door: Lan | None, asked: Path, *, prepare: bool) -> str | None:
    if prepare:
        prepare_demo(found)
        click.echo(f"{found.instance} is ready")
        return None
    require_all_free(found, door)
    parts, words = parts_and_words(found, prepare_demo(found), door)
    asked.unlink(missing_ok=True)
    run_while(parts, words, lambda: not asked.exists())
    return asked.read_text(encoding="utf-8").strip()


@contextmanager
def _within(folder: Path) -> Iterator[Settings]:
    """The settings of a rehearsal, for this process and for those that it starts meanwhile."""
    before = dict(os.environ)
    os.environ |= {
        "REFUND_INSTANCE": str(folder),
        "REFUND_DATABASE_URL": f"sqlite:///{folder / DATABASE}",
        "REFUND_SANDBOX_DATABASE": str(folder / BOOK),
        "REFUND_CLOCK": f"file:{folder / CLOCK}",
        "REFUND_REHEARSAL": "1",
    }
    try:
        yield settings()
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ |= before


def _make(folder: Path, scenario: Scenario) -> None:
    """Begin a rehearsal on the first day of a scenario, under its rules."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    at = datetime.combine(scenario.begins, OPENS_AT, SHANGHAI)
    Timepiece(folder / CLOCK).set(at)
    with _within(folder) as found, opened(found, make=True) as wired:
        put_rules(wired.ports.storage, scenario.rules, scenario.begins, at)
    with open_lab_book(folder) as book:
        book.tell(name=folder.name, scenario=scenario.name, began_at=at.isoformat())


def _fork(rehearsals: Path, name: str, origin: str, change: Change) -> None:
    """Begin a rehearsal from the last day's end of another one that is not after a moment.

    Raises:
        Told: there is no such day.
    """
    other, at_sign, moment = origin.partition("@")
    if not at_sign or NAME.fullmatch(other) is None or not (rehearsals / other / CLOCK).exists():
        raise Told(
            f"there is no rehearsal for --from {origin}; say OTHER@DAY, such as practice@2025-07-08"
        )
    last = _last_day(moment)
    days = [one for one in kept_days(rehearsals / other) if one.day <= last]
    if not days:
        raise Told(f"{other} has no day kept by {moment}; a day is kept when its end has come")
    folder = check_name(rehearsals, name)
    with open_lab_book(rehearsals / other) as book:
        fork(days[-1], book, folder, change)


def _last_day(moment: str) -> date:
    """The last day whose end is not after a day or a moment that was typed.

    Raises:
        Told: it is neither.
    """
    try:
        if len(moment) == len("2025-07-08"):
            return date.fromisoformat(moment)
        return day_of(parse_moment(moment) + DAY_ENDS_BEFORE) - timedelta(days=1)
    except (ValueError, Refused):
        raise Told(f"{moment!r} is no day and no moment; say 2025-07-08") from None
