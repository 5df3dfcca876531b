"""`refund simulate` runs a scenario, writes its results, and prints its digest as the last line."""

from pathlib import Path

import pytest
from sqlite_utils import Database

from refund.cli.refusals import REFUSED
from refund.cli.simulate import command_again
from tests.cli.terminal import Terminal

RUN = ("simulate", "ordinary-week", "--days", "1", "--seed", "11")


def refused(terminal: Terminal, *words: str) -> str:
    """What a command says that must fail."""
    result = terminal.run(*words)
    assert result.exit_code == REFUSED, result.output
    return result.stderr


def test_the_last_line_is_the_digest_and_the_results_have_it_too(
    terminal: Terminal, tmp_path: Path
) -> None:
    out = tmp_path / "results.db"
    said = terminal.done(*RUN, "--out", str(out)).splitlines()
    (run,) = Database(out).query("SELECT digest, seed, days FROM run")
    assert said[-1] == f"digest: {run['digest']}"
    assert (run["seed"], run["days"]) == (11, 1)
    again = terminal.done(*RUN).splitlines()
    assert again == said
    assert not terminal.instance.exists()


def test_a_parameter_that_is_changed_by_hand_counts(terminal: Terminal) -> None:
    said = terminal.done(*RUN, "--set", "crowd.travellers_per_store_day=0").splitlines()
    assert any(line.split()[:2] == ["forms", "0"] for line in said), said


def test_a_report_is_made_from_the_results(terminal: Terminal, tmp_path: Path) -> None:
    out, report = tmp_path / "results.db", tmp_path / "report.html"
    terminal.done(*RUN, "--out", str(out), "--report", str(report))
    assert report.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--report", "report.html"), "--report needs --out"),
        (("--set", "nonsense"), "does not set a parameter"),
        (("--set", "no.such=1"), "no.such"),
    ],
)
def test_what_cannot_be_run_is_said(terminal: Terminal, more: tuple[str, ...], words: str) -> None:
    assert words in refused(terminal, *RUN, *more)


def test_an_unknown_scenario_is_told_with_the_known_ones(terminal: Terminal) -> None:
    said = refused(terminal, "simulate", "no-such-week")
    assert "no-such-week" in said
    assert "golden-week" in said


def test_a_database_that_is_in_use_is_not_simulated_into(
    terminal: Terminal, tmp_path: Path
) -> None:
    url = f"sqlite://{tmp_path / 'kept.db'}"
    first = terminal.done(*RUN, "--database", url).splitlines()
    assert first[-1] == terminal.done(*RUN).splitlines()[-1]
    said = refused(terminal, *RUN, "--database", url)
    assert "in use already" in said


def test_a_run_that_failed_is_repeated_by_one_command() -> None:
    said = command_again("my week.toml", 7, 3, ("change.late_share=0.2",))
    assert said == ("refund simulate 'my week.toml' --seed 7 --days 3 --set change.late_share=0.2")
