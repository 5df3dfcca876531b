"""`refund keys`: the keys that sign the codes of forms."""

import json
from pathlib import Path

import click

from refund.cli.opened import opened, opened_keys, settings
from refund.cli.output import json_option, print_json, print_table
from refund.core.calendar import day_of, last_day
from refund.gateways.clock import read_clock
from refund.services.rules import rules_for


@click.group()
def keys() -> None:
    """The keys that sign the codes of forms."""


@keys.command("list")
@json_option
def list_keys(*, as_json: bool) -> None:
    """List every key that ever signed, with the days for which it counts."""
    with opened_keys(settings()) as found:
        ring = found.ring()
    rows = [
        {
            "kid": key.kid,
            "state": "signs" if key.issue_until is None else "retired",
            "issues_from": key.valid_from,
            "issues_until": key.issue_until,
            "verifies_until": key.verify_until,
        }
        for key in ring.keys
    ]
    if as_json:
        print_json(rows)
        return
    names = ["kid", "state", "issues_from", "issues_until", "verifies_until"]
    print_table(names, [list(row.values()) for row in rows])


@keys.command()
@json_option
def rotate(*, as_json: bool) -> None:
    """Make a new signing key, and retire the one before.

    The old one verifies until its last form can have left.

    A running service signs with the new key from its next form on.
    """
    found = settings()
    now = read_clock(found.clock).now()
    today = day_of(now)
    with opened(found) as wired:
        rules = wired.ports.storage.read(lambda tx: rules_for(tx, today))
    until = last_day(today, rules.export_days)
    with opened_keys(found) as folder:
        before = [key.kid for key in folder.ring().keys if key.issue_until is None]
        kid = folder.rotate(now, until)
    if as_json:
        print_json({"kid": kid, "retired": before, "verifies_until": until})
        return
    click.echo(f"{kid} signs from now on")
    for old in before:
        click.echo(f"{old} is retired; its codes are accepted until {until}")


@keys.command()
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="A file; else standard output."
)
def publish(out: Path | None) -> None:
    """Write the public keys as JSON.

    With them anyone verifies codes without us: `refund check-code --keys FILE`.
    """
    with opened_keys(settings()) as found:
        document = found.publish()
    if out is None:
        print_json(document)
    else:
        out.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        click.echo(f"{out}: {len(found.ring().keys)} keys")
