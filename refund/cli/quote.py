"""`refund quote`: what a refund would be, as JSON, from the code that the forms use."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date

import click

from refund.cli.opened import opened, settings
from refund.cli.output import print_json
from refund.cli.refusals import AS_JSON, plain
from refund.core.calendar import parse_day
from refund.core.consequences import Consequences
from refund.core.errors import Refused
from refund.core.ids import read_form_number
from refund.core.money import Vat, parse_yuan
from refund.core.parameters import read_change
from refund.services.quote import Comparison, compare_form
from refund.services.quote import quote as quote_of


@click.command()
@click.option("--on", "day", metavar="DATE", help="Day of the rules: 2025-07-08.")
@click.option(
    "--line",
    "lines",
    multiple=True,
    metavar="AMOUNT@VAT",
    help="Yuan with VAT 13, 9 or exempt: 1494.00@13.  May be repeated.",
)
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="NAME=VALUE",
    help="Another value of a rule, as a whole number: promise_days=28.  May be repeated.",
)
@click.option("--form", "form_number", metavar="NUMBER", help="Apply these rules to that form.")
@click.pass_context
def quote(
    context: click.Context,
    day: str | None,
    lines: tuple[str, ...],
    changes: tuple[str, ...],
    form_number: str | None,
) -> None:
    """Calculate a refund; needs no instance, but for a form and the rows that operators added."""
    context.meta[AS_JSON] = True
    if form_number is None and day is None:
        raise click.UsageError("give a day with --on, or a form with --form")
    if form_number is not None and lines:
        raise click.UsageError("--form has lines of its own: leave --line out")
    read = [_read(line, f"line-{position}") for position, line in enumerate(lines)]
    on = None if day is None else parse_day(day, "on")
    others = dict(read_change(text, f"set-{place}") for place, text in enumerate(changes))
    if form_number is not None:
        _compare(form_number, on, others)
    elif on is not None:
        _quote(on, read, others)


def _quote(on: date, lines: list[tuple[int, Vat]], changes: Mapping[str, int]) -> None:
    found = quote_of(on, lines, changes)
    print_json(
        {
            **asdict(found.amounts),
            "promise_last_day": found.promise_last_day,
            "export_last_day": found.export_last_day,
            "refusals": [plain(one) for one in found.refusals],
        }
    )


def _compare(form_number: str, on: date | None, changes: Mapping[str, int]) -> None:
    with opened(settings()) as wired:
        number = read_form_number(form_number, is_rehearsal=wired.ports.is_rehearsal)
        found = compare_form(wired.ports, number, on, changes)
    print_json(
        {
            "form": found.form.form_number,
            "own": _side(found.own_rules.day, found.own),
            "other": _side(found.other_rules.day, found.other),
            "differs": list(found.differs),
            "rules_differ": _rules(found),
        }
    )


def _side(day: date, found: Consequences) -> dict[str, object]:
    named = found.named() | {"refusals": [_without_identity(one) for one in found.refusals]}
    return {"rules_of": day, **named}


def _without_identity(refused: Refused) -> dict[str, object]:
    """A refusal without its facts, which can name days of the traveller's own."""
    return {name: value for name, value in plain(refused).items() if name != "facts"}


def _rules(found: Comparison) -> dict[str, dict[str, int | None]]:
    return {name: {"own": own, "other": other} for name, (own, other) in found.rules_differ.items()}


def _read(line: str, field: str) -> tuple[int, Vat]:
    amount, _, vat = line.rpartition("@") if "@" in line else (line, "", "")
    return parse_yuan(amount, field), Vat.read(vat, field)
