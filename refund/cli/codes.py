"""`refund check-code`: one code verified offline, with nothing but the published public keys."""

import json
import os
from pathlib import Path

import click

from refund.cli.opened import opened_keys, settings
from refund.cli.output import json_option, print_json
from refund.cli.refusals import FAILED, Told, told
from refund.config import Settings
from refund.core.calendar import day_of
from refund.core.errors import Refused
from refund.core.money import format_yuan
from refund.core.signing import KeyRing, read_code, ring_from, verify
from refund.gateways.clock import read_clock

KEYS_BYTES_MAX = 1024 * 1024
REHEARSAL = "REHEARSAL: this form belongs to a rehearsal, and no money is due on it."


@click.command("check-code")
@click.argument("code", metavar="STRING")
@click.option(
    "--keys",
    "keys_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Public keys as `refund keys publish` writes them; else the instance's.",
)
@json_option
def check_code(code: str, keys_file: Path | None, *, as_json: bool) -> None:
    """Verify a code offline, and say what it holds.

    STRING is the bare code, or the address that was scanned; where REFUND_PUBLIC_URL is set, an
    address must be there.

    A good signature says that the form was issued so; what became of it the service knows.
    """
    found = settings()
    ring = _instance_ring(found) if keys_file is None else _published(keys_file)
    today = day_of(read_clock(found.clock).now())
    ours = found.public_url if os.environ.get("REFUND_PUBLIC_URL") else ""
    try:
        payload = verify(read_code(code, ours, is_rehearsal=ring.is_rehearsal), ring, today)
    except Refused as refused:
        told(refused).show()
        raise SystemExit(FAILED) from None
    if as_json:
        print_json(
            {
                "kid": payload.kid,
                "store_number": payload.store_number,
                "form_id": payload.form_id,
                "issue_day": payload.issue_day,
                "net_fen": payload.net_fen,
                "is_rehearsal": ring.is_rehearsal,
            }
        )
        return
    if ring.is_rehearsal:
        click.echo(REHEARSAL)
    click.echo(
        f"The signature is good.\nkey     {payload.kid}\nstore   {payload.store_number}\n"
        f"form    {payload.form_id}\nissued  {payload.issue_day}\n"
        f"net     {format_yuan(payload.net_fen)} CNY"
    )


def _instance_ring(found: Settings) -> KeyRing:
    with opened_keys(found) as keys:
        return keys.ring()


def _published(path: Path) -> KeyRing:
    with path.open("rb") as file:
        content = file.read(KEYS_BYTES_MAX)
    try:
        return ring_from(json.loads(content))
    except ValueError as error:
        raise Told(f"{path} holds no public keys: {error}") from None
