"""`refund statements`: the card network's daily statements, listed, fetched, or given as files."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO

import click

from refund.cli.opened import opened, settings
from refund.cli.output import json_option, print_json, print_table
from refund.cli.progress import shown
from refund.core.case import CaseKind
from refund.core.money import format_yuan
from refund.core.statement import Statement
from refund.services import reissue
from refund.services import statements as stated
from refund.services.job_kinds import lines_in
from refund.services.statements import Given, StatementDay

ACTOR = "command:statements"
"""How a statement names this command."""

PIECE_BYTES = 64 * 1024
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_COLUMNS = ("day", "state", "lines", "paid out", "came back", "charged", "fees", "balance")


@click.group()
def statements() -> None:
    """The card network's daily statements."""


@statements.command("list")
@json_option
def list_days(*, as_json: bool) -> None:
    """List the latest days, those whose statement is missing too."""
    with opened(settings()) as wired:
        days = stated.statement_days(wired.ports)
    if as_json:
        print_json([_plain_day(one) for one in days])
    else:
        print_table(_COLUMNS, [_row(one) for one in days])


@statements.command("fetch")
@json_option
def fetch(*, as_json: bool) -> None:
    """Fetch every statement that is missing, the oldest first, until one is not there."""
    with opened(settings()) as wired, shown("days") as step:
        fetched = stated.fetch_missing(wired.ports, ACTOR, step)
    stopped = fetched.stopped
    if as_json:
        why = None if stopped is None else stopped.code
        print_json({"taken": fetched.taken, "stopped": why})
    else:
        click.echo(f"{fetched.taken} taken in")
    if stopped is not None and stopped.code != "statement_not_there":
        raise stopped


@statements.command("import")
@click.argument("file", type=_FILE)
@json_option
def take_in(*, file: Path, as_json: bool) -> None:
    """Take in a day's statement from a file, whole or not at all."""
    with (
        opened(settings()) as wired,
        file.open("rb") as content,
        shown("lines", lines_in(content) - 1) as step,
    ):
        given = Given("file", file.name, ACTOR)
        statement = stated.take_in(wired.ports, _pieces(content), given, step)
    if as_json:
        print_json(_plain(statement))
    else:
        lines, closing = statement.totals.lines, format_yuan(statement.closing_fen)
        click.echo(f"{statement.day}: {lines} lines, balance {closing}")


@statements.command("offer")
@click.argument("file", type=_FILE)
@json_option
def offer(*, file: Path, as_json: bool) -> None:
    """Offer a file for a day that is there already; nothing counts of it yet.

    Two persons decide on the operator's pages whether it takes the old one's place.
    """
    with opened(settings()) as wired, file.open("rb") as content:
        case = reissue.offer(wired.ports, _pieces(content), Given("file", file.name, ACTOR))
    if as_json:
        print_json({"case_id": case.case_id, "day": case.subject, **case.facts})
    else:
        click.echo(f"{case.subject}: offered, case {case.case_id} waits for two persons")


def _pieces(content: IO[bytes]) -> Iterator[bytes]:
    return iter(partial(content.read, PIECE_BYTES), b"")


def _state(one: StatementDay) -> str:
    if one.statement is not None:
        if one.case is not None and one.case.kind is CaseKind.STATEMENT_REISSUED:
            return "another offered"
        return "matched" if one.statement.matched_at else "taken in"
    wrong = one.case is not None and one.case.kind.value == "statement_wrong"
    return "WRONG" if wrong else "LATE" if one.is_late else "missing"


def _row(one: StatementDay) -> list[object]:
    if one.statement is None:
        return [one.day, _state(one), *[""] * 6]
    totals = one.statement.totals
    sums = (totals.payouts_fen, totals.returned_fen, totals.captures_fen, totals.fees_fen)
    yuan = [format_yuan(fen) for fen in (*sums, one.statement.closing_fen)]
    return [one.day, _state(one), totals.lines, *yuan]


def _plain_day(one: StatementDay) -> dict[str, object]:
    plain: dict[str, object] = {"day": one.day, "state": _state(one).lower()}
    if one.superseded:
        plain["superseded"] = [_plain_superseded(old) for old in one.superseded]
    return plain | ({} if one.statement is None else _plain(one.statement))


def _plain_superseded(statement: Statement) -> dict[str, object]:
    return {
        "closing_fen": statement.closing_fen,
        "digest": statement.digest,
        "superseded_at": statement.superseded_at,
        "superseded_by": statement.superseded_by,
        "case_id": statement.case_id,
    }


def _plain(statement: Statement) -> dict[str, object]:
    totals = statement.totals
    return {
        "day": statement.day,
        "lines": totals.lines,
        "opening_fen": statement.opening_fen,
        "payouts_fen": totals.payouts_fen,
        "returned_fen": totals.returned_fen,
        "captures_fen": totals.captures_fen,
        "fees_fen": totals.fees_fen,
        "closing_fen": statement.closing_fen,
        "digest": statement.digest,
        "source": statement.source,
        "file_name": statement.file_name,
        "imported_at": statement.imported_at,
        "matched_at": statement.matched_at,
    }
