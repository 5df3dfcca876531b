"""`refund stores show`, `suspend`, `resume`, `terminate`: one store, and where it stands."""

from datetime import datetime

import click

from refund.cli.opened import opened, settings
from refund.cli.output import json_option, print_json, print_table
from refund.core.calendar import SHANGHAI, parse_moment
from refund.core.ids import STORE_NUMBER_MAX
from refund.core.register import Act
from refund.ports import Ports
from refund.services.register import Seen, change_standing
from refund.services.store_standing import StoreFile, store_file

ACTOR = "command:stores"
"""How a store's history names these commands."""

NUMBER = click.IntRange(1, STORE_NUMBER_MAX)


@click.command("show")
@click.argument("number", metavar="NUMBER", type=NUMBER)
@json_option
def show(*, number: int, as_json: bool) -> None:
    """Show a store: where it stands, what can be done, and its history."""
    with opened(settings()) as wired:
        _print(store_file(wired.ports, number), as_json=as_json)


def _standing(act: Act, text: str) -> click.Command:
    @click.command(act.value, help=text)
    @click.argument("number", metavar="NUMBER", type=NUMBER)
    @click.option("--reason", required=True, metavar="WORDS", help="Why; it stays in the history.")
    @click.option(
        "--at", "at", metavar="MOMENT", help="From when: 2025-07-08T14:00+08:00; now without it."
    )
    @json_option
    def command(*, number: int, reason: str, at: str | None, as_json: bool) -> None:
        effective_at = None if at is None else parse_moment(at, "at")
        with opened(settings()) as wired:
            _act(wired.ports, act, number, reason, effective_at)
            _print(store_file(wired.ports, number), as_json=as_json)

    return command


def _act(ports: Ports, act: Act, number: int, reason: str, effective_at: datetime | None) -> None:
    version = store_file(ports, number).entry.store.version
    change_standing(ports, ACTOR, Seen(number, version), act, reason, effective_at)


STORE_ACTS: tuple[click.Command, ...] = (
    show,
    _standing(Act.SUSPEND, "Suspend a store: from that second on it issues no form."),
    _standing(Act.RESUME, "Let a suspended store issue forms again."),
    _standing(Act.TERMINATE, "Take a store out of the register for good."),
)
"""The commands that `refund stores` has besides list and import."""


def _print(file: StoreFile, *, as_json: bool) -> None:
    entry, store = file.entry, file.entry.store
    if as_json:
        print_json(_plain(file))
        return
    click.echo(f"{store.store_number} {store.name_zh} {store.name_en}")
    click.echo(f"{entry.state.value}, {_moment(entry.standing.since) or 'from the start'}")
    if entry.planned is not None:
        click.echo(f"planned: {entry.planned.status.value} {_moment(entry.planned.since)}")
    if entry.obstacles:
        click.echo(f"cannot issue because: {', '.join(entry.obstacles)}")
    rows = [
        [event.sequence, _moment(event.at), event.act.value, event.actor, event.reason]
        for event in file.events
    ]
    print_table(["event", "at", "what", "who", "why"], rows)


def _plain(file: StoreFile) -> dict[str, object]:
    entry, store = file.entry, file.entry.store
    planned = entry.planned
    return {
        "store_number": store.store_number,
        "name_zh": store.name_zh,
        "name_en": store.name_en,
        "state": entry.state.value,
        "status": entry.standing.status.value,
        "since": entry.standing.since,
        "planned": None if planned is None else planned.status.value,
        "planned_at": None if planned is None else planned.since,
        "obstacles": list(entry.obstacles),
        "instant": entry.is_instant,
        "version": store.version,
        "history": [
            {
                "sequence": event.sequence,
                "act": event.act.value,
                "at": event.at,
                "actor": event.actor,
                "reason": event.reason,
                "facts": dict(event.facts),
            }
            for event in file.events
        ],
    }


def _moment(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
