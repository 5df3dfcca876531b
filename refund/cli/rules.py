"""`refund rules`: the table of rules, as the service applies it."""

from datetime import date

import click

from refund.cli.opened import has_instance, opened, settings
from refund.cli.output import json_option, print_json, print_table
from refund.config import Settings
from refund.core.calendar import day_of, parse_day
from refund.core.parameters import PARAMETER_BY_NAME, Unit
from refund.core.rule_rows import Row, rows_of
from refund.core.rulebook import PROVISION_BY_KEY
from refund.gateways.clock import read_clock
from refund.services.rules import rule_table

_COLUMNS = ("parameter", "value", "", "from", "until", "grade", "source", "added by", "what it is")

_UNITS = {
    Unit.DAYS: "days",
    Unit.WORKING_DAYS: "working days",
    Unit.DAY_OF_MONTH: "day of the month",
    Unit.FEN: "yuan",
    Unit.BASIS_POINTS: "%",
    Unit.YES_NO: "",
    Unit.ROUNDING: "",
}


@click.command()
@click.option("--on", "day", metavar="DATE", help="Only what is in force that day: 2026-07-01.")
@json_option
def rules(*, day: str | None, as_json: bool) -> None:
    """List the table of rules: every value, since when, its source, and how sure it is.

    Without an instance, the rows that the program knows by itself.
    """
    found = settings()
    on = None if day is None else parse_day(day, "on")
    today = day_of(read_clock(found.clock).now())
    rows = [row for row in _rows(found) if on is None or row.is_in_force(on)]
    if as_json:
        print_json([_plain(row, on or today) for row in rows])
        return
    print_table(_COLUMNS, [_line(row) for row in rows])


def _rows(found: Settings) -> tuple[Row, ...]:
    if not has_instance(found):
        return rows_of(())
    with opened(found) as wired:
        return rule_table(wired.ports).rows


def _plain(row: Row, day: date) -> dict[str, object]:
    parameter = PARAMETER_BY_NAME[row.rule.parameter]
    added = row.added
    return {
        "parameter": parameter.name,
        "unit": parameter.unit.value,
        "value": row.rule.value,
        "valid_from": row.rule.valid_from,
        "valid_until": row.until,
        "in_force": row.is_in_force(day),
        "replaced": row.replaced,
        "source": row.rule.source,
        "grade": row.rule.grade,
        "added_at": None if added is None else added.added_at,
        "added_by": None if added is None else added.added_by,
        "title_en": PROVISION_BY_KEY[parameter.name].title_en,
        "title_zh": PROVISION_BY_KEY[parameter.name].title_zh,
    }


def _line(row: Row) -> list[object]:
    rule = row.rule
    until = "replaced" if row.replaced else row.until
    parameter = PARAMETER_BY_NAME[rule.parameter]
    by = "" if row.added is None else row.added.added_by
    title = PROVISION_BY_KEY[rule.parameter].title_en
    value, unit = parameter.written(rule.value), _UNITS[parameter.unit]
    return [
        *(rule.parameter, value, unit, rule.valid_from, until),
        *(rule.grade, rule.source, by, title),
    ]
