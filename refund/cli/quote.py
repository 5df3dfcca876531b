"""`refund quote`: what a refund would be, as JSON, from the code that the forms use."""

from dataclasses import asdict

import click

from refund.cli.output import print_json
from refund.cli.refusals import AS_JSON, plain
from refund.core.calendar import parse_day
from refund.core.money import Vat, parse_yuan
from refund.services.quote import quote as quote_of


@click.command()
@click.option("--on", "day", required=True, metavar="DATE", help="Day of the rules: 2025-07-08.")
@click.option(
    "--line",
    "lines",
    multiple=True,
    metavar="AMOUNT@VAT",
    help="Yuan with VAT 13, 9 or exempt: 1494.00@13.  May be repeated.",
)
@click.pass_context
def quote(context: click.Context, day: str, lines: tuple[str, ...]) -> None:
    """Calculate a refund; needs no instance."""
    context.meta[AS_JSON] = True
    read = [_read(line, f"line-{position}") for position, line in enumerate(lines)]
    found = quote_of(parse_day(day, "on"), read)
    print_json({**asdict(found.amounts), "refusals": [plain(one) for one in found.refusals]})


def _read(line: str, field: str) -> tuple[int, Vat]:
    amount, _, vat = line.rpartition("@") if "@" in line else (line, "", "")
    return parse_yuan(amount, field), Vat.read(vat, field)
