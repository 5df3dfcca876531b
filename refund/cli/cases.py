"""`refund cases`: what stands open, oldest first, and one case with its rows and its history."""

import click

from refund.cli.opened import opened, settings
from refund.cli.output import json_option, print_json, print_table
from refund.core.case import CaseKind, Fix
from refund.core.ids import group_form_number
from refund.core.money import format_yuan
from refund.core.people import Actor, Role
from refund.ports import Ports
from refund.services import fixes
from refund.services.cases import CaseList, CaseRow, work_queue
from refund.services.fixes import CaseView
from refund.services.sides import Sides, sides_of

READER = Actor("command", Role.OPERATOR, "command")
"""Whoever reads at a terminal; nothing is decided there."""

ALL = 1_000_000


@click.group(invoke_without_command=True)
@click.option(
    "--kind",
    metavar="KIND",
    type=click.Choice([kind.value for kind in CaseKind]),
    help="Only those of one kind, such as unsecured.",
)
@json_option
@click.pass_context
def cases(context: click.Context, *, kind: str | None, as_json: bool) -> None:
    """List the open cases, oldest first, with what is proposed for each.

    Cases are fixed on the operator's pages alone, where people sign in.
    """
    if context.invoked_subcommand is not None:
        return
    kinds = [] if kind is None else [CaseKind(kind)]
    with opened(settings()) as wired:
        seen = work_queue(wired.ports, READER, kinds, limit=ALL)
        proposed = fixes.proposed(wired.ports, seen.rows)
    if as_json:
        print_json([_plain(row, proposed[row.case.case_id]) for row in seen.rows])
    else:
        _print(seen, proposed)


def _plain(row: CaseRow, proposed: Fix | None) -> dict[str, object]:
    case, approval = row.case, row.approval
    return {
        "case_id": case.case_id,
        "kind": case.kind.value,
        "subject": case.subject,
        "form_number": None if row.form is None else row.form.form_number,
        "store_number": case.store_number or None,
        "amount_fen": case.amount_fen,
        "found_at": case.found_at,
        "age_seconds": int(row.age.total_seconds()),
        "owner": case.owner or None,
        "proposed": None if proposed is None else proposed.value,
        "waits_for_second_person": None if approval is None else approval.fix.value,
        "closed_at": case.closed_at,
        "closed_by": case.closed_by or None,
        "fix": None if case.fix is None else case.fix.value,
        "reason": case.reason or None,
        "facts": dict(case.facts),
    }


def _print(seen: CaseList, proposed: dict[str, Fix]) -> None:
    print_table(
        ["id", "kind", "about", "since", "at stake", "owner", "proposed"],
        [
            [
                row.case.case_id,
                row.case.kind.value,
                row.case.subject if row.form is None else group_form_number(row.form.form_number),
                row.case.found_at.isoformat(timespec="minutes"),
                format_yuan(row.case.amount_fen) if row.case.amount_fen else "",
                seen.names.get(row.case.owner, row.case.owner),
                "waits for two" if row.approval else proposed[row.case.case_id].value,
            ]
            for row in seen.rows
        ],
    )


@cases.command()
@click.argument("case_id", metavar="ID")
@json_option
def show(*, case_id: str, as_json: bool) -> None:
    """Show one case: what each side has of it, what can be done, and its history."""
    with opened(settings()) as wired:
        view = fixes.view(wired.ports, case_id)
        sides = sides_of(wired.ports, view.standing)
        if as_json:
            print_json(_plain_view(view, sides))
        else:
            _print_view(wired.ports, view, sides)


def _plain_view(view: CaseView, sides: Sides) -> dict[str, object]:
    proposed = view.offers[0].fix if view.offers else None
    return {
        **_plain(view.file.row, proposed),
        "fixes": [
            {"fix": one.fix.value, "amount_fen": one.amount_fen, "needs_two": one.needs_two}
            for one in view.offers
        ],
        "sides": [
            {"name": row.name, "ours": row.ours, "theirs": row.theirs, "border": row.border}
            for row in sides.rows
        ],
        "network_heard": sides.network_heard,
        "history": [
            {"at": event.at, "kind": event.kind, "actor": event.actor, "detail": event.detail}
            for event in view.file.events
        ],
    }


def _print_view(ports: Ports, view: CaseView, sides: Sides) -> None:
    case, now = view.case, ports.clock.now()
    state = "open" if case.is_open else f"closed: {case.reason}"
    days = (now - case.found_at).days
    click.echo(f"{case.kind.value} {case.subject}: {state}, {days} days old")
    for offer in view.offers:
        two = ", needs two persons" if offer.needs_two else ""
        amount = f" {format_yuan(offer.amount_fen)}" if offer.amount_fen else ""
        click.echo(f"can be done: {offer.fix.value}{amount}{two}")
    rows = [[row.name, row.ours, row.theirs, row.border] for row in sides.rows]
    print_table(["", "our books", "network", "customs and border"], rows)
    names = view.file.names
    print_table(
        ["at", "what", "who", "why"],
        [
            [
                event.at.isoformat(timespec="seconds"),
                event.kind,
                names.get(event.actor, event.actor),
                event.detail,
            ]
            for event in view.file.events
        ],
    )
