"""Two instances on one machine: each keeps to itself, and nothing personal is left lying about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.actors import Purchase
from tests.journeys.cast import CastAt
from tests.journeys.instance import Instance
from tests.make import VISA


@pytest.fixture
def other_house(tmp_path: Path) -> Iterator[Instance]:
    """Serve a second instance beside the first."""
    instance = Instance(tmp_path / "other")
    try:
        instance.start()
        yield instance
    finally:
        instance.stop()


def test_two_instances_run_side_by_side_and_know_nothing_of_each_other(
    own_house: Instance, other_house: Instance, purchase: Purchase, cast: CastAt
) -> None:
    clerk = cast(own_house).clerk()
    slip = clerk.issues(purchase)
    other_clerk = cast(other_house).clerk()
    other_slip = other_clerk.issues(purchase)
    assert other_slip.form_number == slip.form_number
    assert other_slip.claim_code != slip.claim_code

    traveller = cast(own_house).traveller()
    traveller.claims(slip, purchase, VISA)
    traveller.arrives_at("The money has arrived")
    assert own_house.network_book().payouts_fen == purchase.net_fen
    assert other_house.network_book().operations == 0
    other_clerk.page.reload()
    other_clerk.sees_state("issued")

    officer = cast(other_house).officer()
    officer.watch.allow(404, 422)
    officer.scans(slip.code)
    officer.sees_answer("stop")
    officer.scans(slip.code.replace(own_house.url.upper(), other_house.url.upper()))
    officer.arrives_at("Unknown key")
    officer.sees_answer("stop")
    clerk.leaves()
    traveller.leaves()
    nothing_personal_is_left(own_house, purchase, slip.claim_code, slip.code)


def nothing_personal_is_left(
    house: Instance, purchase: Purchase, claim_code: str, code: str
) -> None:
    """Stop the house, and search all that it wrote: no identity anywhere, no code in logs."""
    log = house.log.read_bytes()
    files = {path: path.read_bytes() for path in house.folder.rglob("*") if path.is_file()}
    house.stop()
    files |= {path: path.read_bytes() for path in house.folder.rglob("*") if path.is_file()}
    assert {"refund.db", "refund.db-wal", "sandbox.db"} <= {path.name for path in files}
    for word in ("LI KA MING", "KA MING", purchase.permit, purchase.permit[1:], VISA):
        assert [path.name for path in files if word.encode() in files[path]] == [], word
    for word in (code, code.rpartition("/")[2], claim_code):
        assert word.encode() not in log
