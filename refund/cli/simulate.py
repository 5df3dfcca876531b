"""`refund simulate`: a scenario lived through, its results as a file, its digest as last line."""

import os
import shlex
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn, TypedDict, Unpack

import click

from refund.cli.opened import telling
from refund.cli.progress import shown
from refund.cli.refusals import FAILED, Told
from refund.cli.words import language
from refund.core.errors import Refused
from refund.simulation.runs.reckoning import Figure
from refund.simulation.runs.run import Outcome
from refund.simulation.runs.run import simulate as simulate_scenario
from refund.simulation.world.scenario import Scenario, read_changes, read_scenario

SEED_MAX = 2**63 - 1

_FILE = click.Path(dir_okay=False, writable=True, path_type=Path)


class Files(TypedDict):
    """Where the world is kept, and where its results are written."""

    out: Path | None
    report: Path | None
    database: str


@click.command()
@click.argument("scenario", metavar="SCENARIO")
@click.option(
    "--seed",
    type=click.IntRange(0, SEED_MAX),
    default=1,
    show_default=True,
    help="From which all chance is drawn.",
)
@click.option(
    "--days", type=click.IntRange(1, 3660), help="On how many days people buy (else: as it says)."
)
@click.option("--set", "changes", multiple=True, metavar="KEY=VALUE", help="Change a parameter.")
@click.option("--out", type=_FILE, help="Write the results to a SQLite file.")
@click.option("--report", type=_FILE, help="Write a report to an HTML file; needs --out.")
@click.option("--database", metavar="URL", default="", help="Run in this empty database.")
def simulate(
    *,
    scenario: str,
    seed: int,
    days: int | None,
    changes: tuple[str, ...],
    **files: Unpack[Files],
) -> None:
    """Live through a SCENARIO: one that the program brings, or a file that ends in .toml.

    The same scenario and seed give the same digest, which is the last line, on any machine and
    storage. The world runs on until every form has come to rest. The exit code is 1 when the
    audit of the books finds anything.
    """
    signal.signal(signal.SIGTERM, _stop)
    out, report = files["out"], files["report"]
    if report is not None and out is None:
        raise Told("--report needs --out: it is made from the results file")
    world = _world(scenario, changes)
    again = command_again(scenario, seed, days, changes)
    try:
        with telling(), shown("days") as step:
            outcome = simulate_scenario(
                world, seed=seed, days=days, out=out, url=files["database"], progress=step
            )
    except (Refused, Told):
        raise
    except Exception:
        click.echo(f"refund: the run failed; again: {again}", err=True)
        raise
    if report is not None and out is not None:
        from refund.simulation.reports.report import write_report  # noqa: PLC0415 - seldom wanted

        write_report(out, report, language(os.environ))
    _print(outcome)
    if outcome.findings:
        found = ", ".join(one.invariant for one in outcome.findings)
        click.echo(f"the audit found: {found}; again: {again}", err=True)
    click.echo(f"digest: {outcome.digest}")
    if outcome.findings:
        sys.exit(FAILED)


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    """End from wherever we are; nothing half done is left."""
    raise SystemExit(128 + signal.SIGTERM)


def _world(scenario: str, changes: tuple[str, ...]) -> Scenario:
    """The scenario with what was changed by hand.

    Raises:
        Refused: as `read_scenario`, `read_changes` and `Scenario.with_changes`.
    """
    return read_scenario(scenario).with_changes(read_changes(changes))


def command_again(scenario: str, seed: int, days: int | None, changes: tuple[str, ...]) -> str:
    """The command that runs the same once more."""
    words = ["refund", "simulate", scenario, "--seed", str(seed)]
    words += [] if days is None else ["--days", str(days)]
    for text in changes:
        words += ["--set", text]
    return shlex.join(words)


def _print(outcome: Outcome) -> None:
    """Print every figure, and what the run was."""
    bought = "day" if outcome.days == 1 else "days"
    click.echo(
        f"{outcome.scenario}, seed {outcome.seed}: {outcome.days} {bought} of buying from "
        f"{outcome.began_on}, run on to {outcome.ended_on} ({outcome.engine})"
    )
    if not outcome.is_whole:
        click.echo("cut: not every form has come to rest")
    for figure in outcome.told:
        click.echo(f"  {figure.name:28} {_value(figure):>18} {figure.unit}")


def _value(figure: Figure) -> str:
    if figure.value is None:
        return "-"
    whole = float(figure.value).is_integer()
    return f"{int(figure.value):,}" if whole else f"{figure.value:,.1f}"
