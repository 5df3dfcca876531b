"""`refund report`: a results file, or the study file of a what-if, as one HTML file."""

import os
from pathlib import Path

import click

from refund.cli.words import language
from refund.core.errors import Refused
from refund.translations import LOCALES

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUT = click.Path(dir_okay=False, writable=True, path_type=Path)


@click.command()
@click.argument("results", type=_FILE, metavar="RESULTS")
@click.option("--out", type=_OUT, required=True, help="The HTML file that is written.")
@click.option("--language", "locale", type=click.Choice(LOCALES), help="Else the terminal's.")
def report(*, results: Path, out: Path, locale: str | None) -> None:
    """Write the report of RESULTS, which “refund simulate” or “refund what-if” wrote.

    It is one file with charts and the tables behind them; it needs no script and no network.
    """
    # Charts and templates are loaded when a report is wanted.
    from refund.simulation.reports import report as reports  # noqa: PLC0415 - as said above

    spoken = locale or language(os.environ)
    try:
        reports.write_report(results, out, spoken)
    except Refused as refused:
        if refused.code != "results_unreadable":
            raise
        try:
            reports.write_study_report(results, out, spoken)
        except Refused:
            raise refused from None
    click.echo(str(out))
