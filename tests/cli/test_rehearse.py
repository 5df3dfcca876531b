"""`refund rehearse`: made once, gone back to, and told apart from what cannot be rehearsed."""

import json
import shutil
import stat
from datetime import date, datetime
from pathlib import Path

import pytest

from refund.core.calendar import SHANGHAI
from refund.simulation.lab_book import open_lab_book
from refund.simulation.rehearsal.snapshots import take
from refund.timepiece import Timepiece
from tests.cli.terminal import Terminal

OPENING = datetime(2025, 7, 8, 9, 0, tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an instance with a rehearsal, made once, to be copied."""
    folder = tmp_path_factory.mktemp("rehearsed") / "instance"
    Terminal(folder).done("rehearse", "--prepare")
    return folder


@pytest.fixture
def practice(terminal: Terminal, made: Path) -> Path:
    """Return the folder of a rehearsal that was made."""
    shutil.copytree(made, terminal.instance)
    return terminal.instance / "rehearsals" / "practice"


def told(folder: Path) -> dict[str, str]:
    """What a rehearsal's book tells of it."""
    with open_lab_book(folder) as book:
        return book.facts()


def test_a_rehearsal_has_a_trainer_a_class_and_a_clock_that_stands(
    terminal: Terminal, practice: Path
) -> None:
    people = json.loads((practice / "demo-people.json").read_text(encoding="utf-8"))
    roles = [one["role"] for one in people]
    assert (roles.count("trainer"), roles.count("learner"), roles.count("clerk")) == (1, 12, 14)
    assert stat.S_IMODE(practice.stat().st_mode) == 0o700
    clock = Timepiece(practice / "clock.json")
    assert clock.now().date() == OPENING.date()
    assert clock.going().rate == 0
    assert told(practice)["name"] == "practice"
    terminal.done("rehearse", "--prepare")
    assert json.loads((practice / "demo-people.json").read_text(encoding="utf-8")) == people


def test_a_rehearsal_leaves_the_instance_beside_it_alone(
    terminal: Terminal, practice: Path
) -> None:
    assert practice.is_dir()
    assert [one.name for one in terminal.instance.iterdir()] == ["rehearsals"]


def test_a_day_is_gone_back_to_with_one_rule_changed(terminal: Terminal, practice: Path) -> None:
    take(practice, date(2025, 7, 8))
    words = ("--from", "practice@2025-07-09", "--change", "promise_days=28", "--prepare")
    terminal.done("rehearse", "longer", *words)
    longer = practice.parent / "longer"
    assert told(longer)["changed"] == "rule promise_days=28"
    assert told(longer)["forked_from"] == "practice@2025-07-08"
    before = (practice / "demo-people.json").read_bytes()
    assert (longer / "demo-people.json").read_bytes() == before
    assert terminal.run("rehearse", "longer", *words).exit_code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("Two Words",), "cannot name a rehearsal"),
        (("new", "--change", "promise_days=28"), "--change goes with --from"),
        (("new", "--from", "nothing@2025-07-08"), "there is no rehearsal"),
        (("new", "--from", "practice@2025-07-08"), "has no day kept"),
        (("new", "--from", "practice@soon"), "is no day and no moment"),
        (("practice", "--scenario", "golden-week"), "is there already"),
        (("new", "--scenario", "nothing"), "nothing"),
    ],
)
def test_what_cannot_be_rehearsed_is_told(
    terminal: Terminal, practice: Path, words: tuple[str, ...], said: str
) -> None:
    done = terminal.run("rehearse", *words, "--prepare")
    assert done.exit_code == 2
    assert said in done.output
    assert [one.name for one in practice.parent.iterdir()] == ["practice"]
