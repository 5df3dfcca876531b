"""`refund exits`: departures that the border recorded."""

from pathlib import Path

import click

from refund.cli.opened import opened, settings
from refund.cli.output import json_option, print_json
from refund.cli.progress import shown
from refund.services.exits import import_exits
from refund.services.job_kinds import lines_in

ACTOR = "command:exits"
"""How an imported file names this command."""


@click.group()
def exits() -> None:
    """The departures that the border recorded."""


@exits.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def import_file(file: Path, *, as_json: bool) -> None:
    """Take in a CSV file of departures, whole or not at all, and once.

    The first line names the columns document_kind, document_number, port and exited_at; every bad
    cell is named by line and column.  A first line days,2025-07-01,2025-07-20 (or such days in the
    file's name) says which days it covers, and a last line total,1234 how many rows it has.
    """
    with (
        file.open("rb") as stream,
        opened(settings()) as wired,
        shown("departures", lines_in(stream) - 1) as step,
    ):
        done = import_exits(wired.ports, ACTOR, stream, file.name, step)
    if as_json:
        print_json(
            {
                "file": done.file_name,
                "digest": done.import_id,
                "rows": done.rows,
                "new": done.new_rows,
                "known": done.known_rows,
                "first_day": done.first_day,
                "last_day": done.last_day,
                "missing_days": list(done.missing_days),
            }
        )
        return
    click.echo(f"{done.rows} departures: {done.new_rows} new, {done.known_rows} known before.")
    if done.missing_days:
        days = ", ".join(day.isoformat() for day in done.missing_days)
        click.echo(f"No departure of: {days}")
