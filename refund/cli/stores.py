"""`refund stores` and `refund goods`: the registers that forms refer to."""

from pathlib import Path

import click

from refund.cli.opened import opened, settings
from refund.cli.output import json_option, print_json, print_table
from refund.cli.store_acts import ACTOR, STORE_ACTS
from refund.core.store import LIMIT_BYTES, is_instant_at, obstacles, read_stores, standing_at
from refund.services.enrol import goods_master, import_stores, store_register


@click.group()
def stores() -> None:
    """The register of refund stores."""


@stores.command("list")
@json_option
def list_stores(*, as_json: bool) -> None:
    """List the stores, with what keeps one from issuing forms today."""
    with opened(settings()) as wired:
        now = wired.ports.clock.now()
        register = store_register(wired.ports)
    rows = [
        {
            "store_number": store.store_number,
            "name_zh": store.name_zh,
            "name_en": store.name_en,
            "taxpayer_number": store.taxpayer_number,
            "status": standing_at(store, now).status.value,
            "obstacles": list(obstacles(store, now)),
            "instant": is_instant_at(store, now),
            "illustrative": store.illustrative,
            "source": store.source,
        }
        for store in register
    ]
    if as_json:
        print_json(rows)
        return
    print_table(
        ["number", "name", "", "status", "cannot issue because", "instant", "illustrative"],
        [
            (
                store.store_number,
                store.name_zh,
                store.name_en,
                standing_at(store, now).status.value,
                ", ".join(obstacles(store, now)),
                "yes" if is_instant_at(store, now) else "no",
                "yes" if store.illustrative else "no",
            )
            for store in register
        ],
    )


@stores.command("import")
@click.argument(
    "file", metavar="FILE.csv", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@json_option
def import_register(file: Path, *, as_json: bool) -> None:
    """Add or change the stores of a CSV file, all of them or none.

    Every bad cell is named by line and column.  Columns: see refund/data/stores.csv.  A file
    never resumes a store, and never undoes what people decided on the register; what of it does
    not count for that reason is named.
    """
    with file.open("rb") as content:
        register = read_stores(content.read(LIMIT_BYTES + 1))
    with opened(settings(), make=True) as wired:
        done = import_stores(wired.ports, register, ACTOR)
    unchanged = len(register) - done.new - done.changed
    if as_json:
        counts = {"new": done.new, "changed": done.changed, "unchanged": unchanged}
        print_json({**counts, "kept": {number: list(words) for number, words in done.kept.items()}})
        return
    click.echo(f"{done.new} new, {done.changed} changed, {unchanged} as they were")
    for number, words in done.kept.items():
        kept = ", ".join(words)
        click.echo(f"store {number}: {kept} stays as people decided, whatever the file says")


for command in STORE_ACTS:
    stores.add_command(command)


@click.group()
def goods() -> None:
    """The master of goods."""


@goods.command("list")
@json_option
def list_goods(*, as_json: bool) -> None:
    """List the goods with their VAT, and why a form cannot carry some of them."""
    with opened(settings()) as wired:
        master = goods_master(wired.ports)
    rows = [
        {
            "goods_code": kind.goods_code,
            "name_zh": kind.name_zh,
            "name_en": kind.name_en,
            "unit_zh": kind.unit_zh,
            "unit_en": kind.unit_en,
            "vat": kind.vat.written,
            "out_of_scope": kind.out_of_scope_reason,
        }
        for kind in master
    ]
    if as_json:
        print_json(rows)
        return
    columns = ["code", "name", "", "unit", "", "VAT", "out of scope"]
    print_table(columns, [list(row.values()) for row in rows])
