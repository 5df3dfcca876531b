"""`refund what-if`: what a change of rules or world does, told from noise over many seeds."""

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn, TypedDict, Unpack

import click

from refund.cli.opened import telling
from refund.cli.output import json_option, print_json, print_table
from refund.cli.progress import shown
from refund.cli.refusals import FAILED
from refund.cli.words import language
from refund.simulation.questions import what_if as asking
from refund.simulation.questions.findings import SEEDS_MIN, Answer, Finding
from refund.simulation.questions.sayings import caveats, said_of
from refund.simulation.questions.seats import PieceFailed
from refund.simulation.reports.answer_sections import sentences
from refund.simulation.runs.figure_words import Speech, ordered

SEEDS_DEFAULT = 30
SEEDS_MOST = 10_000

_FILE = click.Path(dir_okay=False, writable=True, path_type=Path)
_COLUMNS = ("variant", "figure", "difference", "from", "to", "p", "verdict")


class Running(TypedDict):
    """How it is run, and what is written besides the study file."""

    days: int | None
    first_seed: int
    cores: int
    given: tuple[str, ...]
    report: Path | None


@click.command("what-if")
@click.argument("scenario", metavar="SCENARIO")
@click.option(
    "--vary",
    multiple=True,
    required=True,
    metavar="KEY=A,B…",
    help="A parameter with its values; the first is what the others are compared with.",
)
@click.option(
    "--seeds",
    type=click.IntRange(SEEDS_MIN, SEEDS_MOST),
    default=SEEDS_DEFAULT,
    show_default=True,
    help="With how many seeds each variant is run.",
)
@click.option("--first-seed", type=click.IntRange(0), default=1, show_default=True)
@click.option(
    "--set", "given", multiple=True, metavar="KEY=VALUE", help="Set a parameter in every variant."
)
@click.option("--days", type=click.IntRange(1, 3660), help="On how many days people buy.")
@click.option("--cores", type=click.IntRange(1), default=asking.cores, help="How many to use.")
@click.option("--out", type=_FILE, required=True, help="The study file; it goes on where it was.")
@click.option("--report", type=_FILE, help="Write a report to an HTML file too.")
@json_option
def what_if(
    *,
    scenario: str,
    vary: tuple[str, ...],
    seeds: int,
    out: Path,
    as_json: bool,
    **running: Unpack[Running],
) -> None:
    """Run a SCENARIO under every combination of the values, with the same seeds, on all cores.

    Each finished run is kept in the study file: killed and begun again with the same question, it
    goes on; with more seeds it adds them. What changes is told from what is noise, with 95 %
    intervals.
    """
    signal.signal(signal.SIGTERM, _stop)
    question = asking.read_question(scenario, vary, running["days"], running["given"])
    first = running["first_seed"]
    try:
        with telling(), shown("runs", len(question.variants) * seeds) as step:
            answer = asking.what_if(
                question, range(first, first + seeds), out, step=step, seats=running["cores"]
            )
    except PieceFailed as failed:
        click.echo(f"refund: {failed.why}; again: {_again(failed.task)}", err=True)
        sys.exit(FAILED)
    if running["report"] is not None:
        from refund.simulation.reports.report import write_study_report  # noqa: PLC0415 - seldom wanted

        write_study_report(out, running["report"], language(os.environ))
    if as_json:
        print_json(_plain(answer))
    else:
        _print(answer)


def _print(answer: Answer) -> None:
    speech = Speech(language(os.environ))
    if not sys.stdout.isatty():
        print_table(_COLUMNS, [_row(one) for one in _told(answer)])
        return
    for said in said_of(answer, speech):
        click.secho(said.title, bold=True)
        for sentence in sentences(said, speech):
            click.echo(f"  {sentence}")
    for sentence in caveats(answer, speech):
        click.echo(sentence)


def _told(answer: Answer) -> list[Finding]:
    places = {name: n for n, name in enumerate(ordered(answer.figures))}
    return sorted(answer.findings, key=lambda one: (one.variant, places[one.figure]))


def _row(one: Finding) -> list[object]:
    difference = one.difference
    spread: list[object] = [None] * 3
    if difference is not None:
        spread = [f"{v:.6g}" for v in (difference.mean, difference.low, difference.high)]
    return [one.variant, one.figure, *spread, f"{one.p_value:.4g}", one.verdict.value]


def _plain(answer: Answer) -> dict[str, object]:
    variants = [dict(one.changes) for one in answer.question.variants]
    found = []
    for one in _told(answer):
        plain: dict[str, object] = {
            "variant": one.variant,
            "figure": one.figure,
            "verdict": one.verdict.value,
        }
        if one.difference is not None:
            plain |= {
                "mean": one.difference.mean,
                "low": one.difference.low,
                "high": one.difference.high,
                "p": one.p_value,
                "seeds": one.difference.count,
            }
        found.append(plain)
    return {"variants": variants, "seeds": len(answer.seeds), "findings": found}


def _again(task: object) -> str:
    if not isinstance(task, asking.Task):
        return "refund what-if"
    words = ["refund", "simulate", task.scenario, "--seed", str(task.seed)]
    words += [] if task.days is None else ["--days", str(task.days)]
    for key, value in task.changes:
        words += ["--set", f"{key}={value}"]
    return " ".join(words)


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    """End from wherever we are; the processes are ended on the way out, what is done is kept."""
    raise SystemExit(128 + signal.SIGTERM)
