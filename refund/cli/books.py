"""`refund books`: the trial balance, as it stands or as it stood."""

import click

from refund.cli.opened import opened, settings
from refund.cli.output import json_option, print_json, print_table
from refund.core.calendar import parse_day, parse_past
from refund.core.money import format_yuan
from refund.services.history import BooksThen, books_at


@click.command()
@click.option("--on", "day", metavar="DAY", help="At the end of a day, such as 2025-07-08.")
@click.option(
    "--at", "moment", metavar="MOMENT", help="At a moment, such as 2025-07-08T14:00 in Shanghai."
)
@json_option
def books(*, day: str | None, moment: str | None, as_json: bool) -> None:
    """Show every account's balance, now or at a moment that is over."""
    if day is not None and moment is not None:
        raise click.UsageError("--on and --at cannot be given together")
    with opened(settings()) as wired:
        now = wired.ports.clock.now()
        at = now
        if day is not None:
            at = parse_past(parse_day(day, "on").isoformat(), now, "on")
        elif moment is not None:
            at = parse_past(moment, now, "at")
        found = books_at(wired.ports, at)
    if as_json:
        print_json(_plain(found))
    else:
        _print(found)


def _plain(found: BooksThen) -> dict[str, object]:
    return {
        "at": found.at,
        "balances": {account.value: fen for account, fen in found.balances.items()},
        "debit_fen": found.debit_fen,
        "credit_fen": found.credit_fen,
    }


def _print(found: BooksThen) -> None:
    lines = [
        (account.value, format_yuan(fen) if fen > 0 else "", format_yuan(-fen) if fen < 0 else "")
        for account, fen in found.balances.items()
    ]
    total = ("all", format_yuan(found.debit_fen), format_yuan(found.credit_fen))
    print_table(("account", "debit", "credit"), [*lines, total])
