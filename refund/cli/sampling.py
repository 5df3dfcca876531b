"""`refund sampling`: a day's draws for inspection, drawn again from the seed of the day."""

from datetime import timedelta

import click

from refund.cli.opened import opened, settings
from refund.cli.output import json_option, print_json, print_table
from refund.cli.refusals import FAILED
from refund.core.calendar import day_of, parse_day
from refund.core.ids import group_form_number
from refund.core.money import format_yuan
from refund.core.places import HOME_PORT, PORTS
from refund.services.sampling import DayOfDraws, DrawCheck, check_draws


@click.command()
@click.option(
    "--port", type=click.Choice(list(PORTS)), default=HOME_PORT, help="The port of departure."
)
@click.option("--day", metavar="YYYY-MM-DD", help="The day of the draws; yesterday without it.")
@json_option
def sampling(*, port: str, day: str | None, as_json: bool) -> None:
    """Draw a day's inspections again from their seed, and compare with what was recorded.

    The exit code is 1 when a draw does not agree.  A day that is not over keeps its seed.
    """
    with opened(settings()) as wired:
        yesterday = day_of(wired.ports.clock.now()) - timedelta(days=1)
        asked = parse_day(day, "day") if day else yesterday
        found = check_draws(wired.ports, port, asked)
    if as_json:
        print_json(_plain(found))
    else:
        _print(found)
    if not all(check.agrees for check in found.checks):
        raise SystemExit(FAILED)


def _plain(found: DayOfDraws) -> dict[str, object]:
    return {
        "port": found.port,
        "day": found.day,
        "seed": found.seed,
        "agree": all(check.agrees for check in found.checks),
        "draws": [_plain_draw(check) for check in found.checks],
    }


def _plain_draw(check: DrawCheck) -> dict[str, object]:
    recorded, again = check.recorded, check.again
    return {
        "form_id": recorded.form_id,
        "form_number": check.form_number,
        "sales_fen": check.sales_fen,
        "drawn_at": recorded.drawn_at,
        "drawn_bp": recorded.drawn_bp,
        "share_bp": recorded.share_bp,
        "why": recorded.why.value,
        "inspected": recorded.is_inspected,
        "again": {
            "drawn_bp": again.drawn_bp,
            "share_bp": again.share_bp,
            "why": again.why.value,
            "inspected": again.is_inspected,
        },
        "agrees": check.agrees,
    }


def _print(found: DayOfDraws) -> None:
    if not found.seed:
        click.echo(f"{found.port} {found.day}: nothing was drawn")
        return
    click.echo(f"{found.port} {found.day}, seed {found.seed}")
    columns = ("form", "sales", "drawn", "share", "why", "inspected", "drawn again")
    print_table(columns, [_row(check) for check in found.checks])
    wrong = sum(not check.agrees for check in found.checks)
    total = len(found.checks)
    click.echo(f"{wrong} of {total} draws DO NOT AGREE" if wrong else f"all {total} draws agree")


def _row(check: DrawCheck) -> tuple[object, ...]:
    recorded = check.recorded
    return (
        group_form_number(check.form_number),
        format_yuan(check.sales_fen),
        f"{recorded.drawn_bp:04d}",
        f"{recorded.share_bp:04d}",
        recorded.why.value,
        "yes" if recorded.is_inspected else "no",
        "agrees"
        if check.agrees
        else f"DIFFERS: {check.again.drawn_bp:04d} {check.again.why.value}",
    )
