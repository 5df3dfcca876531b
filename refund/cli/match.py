"""`refund match`: books, network and border compared for a period, and what does not agree."""

from collections.abc import Iterator
from datetime import date

import click

from refund.cli.opened import opened, settings
from refund.cli.output import json_option, print_json, print_table
from refund.cli.progress import shown
from refund.cli.refusals import FAILED
from refund.core.calendar import parse_day
from refund.core.match_summary import GROUPS, Amount, BreakRow, Period
from refund.core.money import format_yuan
from refund.ports import Ports
from refund.services import match as matching

_WORDS = {
    "missing_here": "not in our books",
    "missing_there": "not on the statement",
    "different": "not alike",
    "border": "against the border",
}


@click.command()
@click.option("--from", "first", metavar="DAY", help="The first day; else the latest month's.")
@click.option("--to", "last", metavar="DAY", help="The last day; else the latest statement's.")
@json_option
def match(*, first: str | None, last: str | None, as_json: bool) -> None:
    """Match a period: forms and ledger, the card network's statements, customs and the border.

    What does not agree is a case. The exit code is 1 while one of them is open.
    """
    with opened(settings()) as wired:
        since, until = matching.latest_period(wired.ports)
        since = parse_day(first, "from") if first else since
        until = parse_day(last, "to") if last else max(since, until)
        with shown("days") as step:
            period = matching.match(wired.ports, since, until, step)
        if as_json:
            breaks = [_plain_break(one) for one in _breaks(wired.ports, period)]
            print_json({**_plain(period), "breaks": breaks})
        else:
            _print(wired.ports, period)
    if period.open.count:
        raise SystemExit(FAILED)


def _breaks(ports: Ports, period: Period) -> Iterator[BreakRow]:
    after = ""
    while True:
        page = matching.breaks(ports, period.first, period.last, after=after)
        yield from page.rows
        if not page.next_after:
            return
        after = page.next_after


def _plain(period: Period) -> dict[str, object]:
    groups = {name: _amount(period.of(name)) for name in GROUPS}
    return {
        "from": period.first,
        "to": period.last,
        "days": period.days,
        "matched_days": period.matched_days,
        "missing_days": list(period.missing_days),
        "lines": _amount(period.lines),
        "agree": _amount(period.matched),
        **groups,
        "open": _amount(period.open),
        "kinds": {one.kind.value: _amount(one.standing) for one in period.kinds},
    }


def _amount(amount: Amount) -> dict[str, int]:
    return {"count": amount.count, "fen": amount.fen}


def _plain_break(one: BreakRow) -> dict[str, object]:
    return {
        "kind": one.kind.value,
        "subject": one.subject,
        "day": one.day,
        "form_number": one.form_number or None,
        "amount_fen": one.amount_fen,
        "case": one.case_id,
        "open": one.is_open,
        "since": one.found_at,
        **one.facts,
    }


def _print(ports: Ports, period: Period) -> None:
    missing = f", {len(period.missing_days)} without a statement" if period.missing_days else ""
    days = f"{period.matched_days} of {period.days} days matched{missing}"
    click.echo(f"{_span(period.first, period.last)}: {days}")
    figures = [("lines", period.lines), ("agree", period.matched)]
    figures += [(_WORDS[name], period.of(name)) for name in GROUPS]
    for word, amount in (*figures, ("open", period.open)):
        click.echo(f"{word:22}{amount.count:>8}  {format_yuan(amount.fen):>18}")
    rows = [
        [
            one.kind.value,
            one.subject,
            format_yuan(one.amount_fen),
            "open" if one.is_open else "settled",
            one.case_id,
        ]
        for one in _breaks(ports, period)
    ]
    if rows:
        print_table(["break", "about", "at stake", "case is", "case"], rows)


def _span(first: date, last: date) -> str:
    return first.isoformat() if first == last else f"{first.isoformat()} to {last.isoformat()}"
