"""The audit finds each broken promise about advances and holds, on both engines."""

from __future__ import annotations

import pytest

from refund.core.form import Form, Status
from refund.services import claim
from tests import make
from tests.services.steps import PHONE, agreed, card, claimed, departs, on, settled, verified
from tests.services.tamper import behind_the_back, broken, past_guards, unguarded, without_check
from tests.world import World, assert_audit_holds

PENDING = "state = 'pending', network_id = '', refusal = '', answered_at = NULL"


@pytest.mark.rule("advanced_once")
def test_two_advances_of_one_form_are_found(broken_world: World) -> None:
    form = claimed(broken_world)
    columns = (
        "form_id, store_number, kind, amount_fen, created_at, lease_until, hold_reference,"
        " card_token, payout_token, payout_label, method, purpose, reason, actor, network_id,"
        " refusal, answered_at, part_fen, joint_reference, joint_fen"
    )
    behind_the_back(
        broken_world,
        "DROP INDEX operation_one_live_advance",
        f"INSERT INTO operation (reference, idempotency_key, attempt, state, {columns})"
        f" SELECT 'second', 'second', 2, 'succeeded', {columns} FROM operation"
        " WHERE kind = 'advance'",
    )
    rows = broken(broken_world)["I8"].rows
    assert {"form_id": form.form_id, "advances": 2} in rows
    assert {"reference": "second", "form_id": form.form_id} in rows


@pytest.mark.rule("advanced_once")
def test_an_advance_that_the_network_booked_twice_is_found(broken_world: World) -> None:
    form = agreed(broken_world)
    entry = card(broken_world, form, make.PAYOUT_REFUSED)
    held = claim.claim_advance(broken_world.ports, PHONE, form.form_id, entry)
    assert held.status is Status.HELD
    good = broken_world.book.file.rows("SELECT token FROM card")[0][0]
    with broken_world.book.file.write() as db:
        db.execute("UPDATE card SET behaviour = 'approved'")
    claim.advance_again(broken_world.ports, PHONE, form.form_id)
    assert_audit_holds(broken_world.ports)
    broken_world.book.advance(f"{form.form_id}-advance-3", good, "card", make.NET_FEN)
    past_guards(
        broken_world,
        f"UPDATE operation SET reference = '{form.form_id}-advance-3'"
        f" WHERE reference = '{form.form_id}-advance-1'",
    )
    found = broken(broken_world)
    assert set(found) == {"I5", "I8", "I16"}, "nor does the key follow from the reference"
    assert found["I8"].rows == ({"form_id": form.form_id, "advances_at_network": 2},)
    broken_world.network.unplugged = True
    unasked = broken(broken_world)["I8"]
    assert (unasked.holds, unasked.why) == (None, "the network did not answer")


@pytest.mark.rule("hold_before_advance")
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE guarantee SET amount_fen = amount_fen - 1",
        "UPDATE guarantee SET held_at = '2026-01-01T00:00:00.000000Z'",
        "UPDATE operation SET state = 'refused' WHERE kind = 'hold'",
    ],
)
def test_an_advance_that_no_earlier_hold_covers_is_found(broken_world: World, change: str) -> None:
    form = claimed(broken_world)
    without_check(broken_world, "guarantee", change)
    (row,) = broken(broken_world)["I9"].rows
    assert (row["form_id"], row["amount_fen"]) == (form.form_id, make.NET_FEN)


def test_two_live_holds_of_one_form_are_found(broken_world: World) -> None:
    form = claimed(broken_world)
    columns = (
        "form_id, amount_fen, brand, last4, authorisation_code, held_at, expires_at, state,"
        " card_token, payout_token, payout_label, captured_fen, released_fen, hold_reference"
    )
    behind_the_back(
        broken_world,
        "DROP INDEX guarantee_one_live",
        f"INSERT INTO guarantee (reference, {columns}) SELECT 'second', {columns} FROM guarantee",
    )
    found = broken(broken_world)
    assert found["I10"].rows == ({"form_id": form.form_id, "live": 2},)
    assert set(found) == {"I10", "I12"}


def released(world: World) -> Form:
    """A form whose promise was kept."""
    form = verified(world)
    departs(world, on(20))
    assert settled(world, form).form.status is Status.RELEASED
    return form


def captured(world: World) -> Form:
    """A form whose promise was broken."""
    form = claimed(world)
    departs(world, on(20), "YIH")
    assert settled(world, form).form.status is Status.CAPTURED
    return form


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE guarantee SET state = 'captured'",
        "UPDATE guarantee SET state = 'held', captured_fen = 0, released_fen = 0",
        "UPDATE guarantee SET state = 'ended'",
        f"UPDATE operation SET {PENDING} WHERE kind = 'release'",
        "UPDATE operation SET hold_reference = 'another' WHERE kind = 'release'",
    ],
)
def test_a_hold_that_ended_otherwise_than_it_was_asked_is_found(
    broken_world: World, change: str
) -> None:
    form = released(broken_world)
    past_guards(broken_world, change)
    rows = broken(broken_world)["I11"].rows
    assert [row["form_id"] for row in rows] == [form.form_id]


def test_a_hold_that_ended_twice_is_found(broken_world: World) -> None:
    form = released(broken_world)
    past_guards(
        broken_world,
        "UPDATE operation SET kind = 'capture', state = 'succeeded', hold_reference ="
        f" '{form.form_id}-hold-1' WHERE kind = 'advance'",
    )
    assert {"form_id": form.form_id, "hold_reference": f"{form.form_id}-hold-1", "ends": 2} in (
        broken(broken_world)["I11"].rows
    )


@pytest.mark.rule("never_captured_above_hold")
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE guarantee SET captured_fen = captured_fen + 1",
        "UPDATE guarantee SET captured_fen = captured_fen - 1, released_fen = 1",
        "UPDATE guarantee SET captured_fen = amount_fen + 1, released_fen = -1",
        "UPDATE operation SET charged_fen = charged_fen - 1 WHERE kind = 'capture'",
    ],
)
def test_a_hold_whose_parts_do_not_add_up_is_found(broken_world: World, change: str) -> None:
    form = captured(broken_world)
    without_check(broken_world, "guarantee", change)
    rows = broken(broken_world)["I12"].rows
    assert {row["reference"] for row in rows} == {f"{form.form_id}-hold-1"}


def test_a_hold_that_the_ledger_knows_otherwise_is_found(broken_world: World) -> None:
    form = captured(broken_world)
    key = f"{form.form_id}-capture-1"
    unguarded(
        broken_world,
        "posting",
        "DELETE FROM posting WHERE account IN ('guarantee_held', 'guarantee_given')"
        f" AND entry_key = '{key}'",
    )
    (row,) = broken(broken_world)["I12"].rows
    assert (row["form_id"], row["posted_fen"]) == (form.form_id, make.NET_FEN)
    left = {row["account"]: row["left_fen"] for row in broken(broken_world)["I19"].rows}
    assert left == {"guarantee_held": make.NET_FEN, "guarantee_given": -make.NET_FEN}


@pytest.mark.rule("outcome_kept")
@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM verification",
        "UPDATE verification SET decision = 'refused'",
        "UPDATE verification SET verified_at = '2025-07-21T00:00:00.000000Z'",
    ],
)
def test_a_release_without_a_verification_is_found(broken_world: World, change: str) -> None:
    form = released(broken_world)
    clear = "DELETE FROM confirmed_line"
    unguarded(broken_world, "confirmed_line", clear)
    unguarded(broken_world, "verification", change)
    (row,) = broken(broken_world)["I13"].rows
    assert (row["kind"], row["form_id"]) == ("release", form.form_id)


@pytest.mark.parametrize("kind", ["returned", "withdrawal"])
def test_a_hold_given_back_without_goods_brought_back_is_found(
    broken_world: World, kind: str
) -> None:
    form = released(broken_world)
    unguarded(broken_world, "entry", f"UPDATE entry SET kind = '{kind}' WHERE kind = 'release'")
    (row,) = broken(broken_world)["I13"].rows
    assert (row["kind"], row["form_id"]) == (kind, form.form_id)


@pytest.mark.rule("outcome_promise_broken")
@pytest.mark.parametrize(
    ("purpose", "change"),
    [
        ("request_capture", "DELETE FROM exit_record"),
        ("request_capture", "UPDATE exit_record SET exited_at = '2025-07-08T03:59:59.000000Z'"),
        ("request_forfeit", "DELETE FROM exit_record"),
        ("request_adjust", "DELETE FROM exit_record"),
        ("request_return", "DELETE FROM exit_record"),
        ("request_release", "DELETE FROM throttle"),
        ("", "DELETE FROM throttle"),
    ],
)
def test_a_charge_without_its_reason_is_found(
    broken_world: World, purpose: str, change: str
) -> None:
    form = captured(broken_world)
    unguarded(broken_world, "exit_record", change)
    behind_the_back(
        broken_world, f"UPDATE operation SET purpose = '{purpose}' WHERE kind = 'capture'"
    )
    (row,) = broken(broken_world)["I14"].rows
    assert (row["form_id"], row["purpose"]) == (form.form_id, purpose)


@pytest.mark.rule("no_show")
def test_a_charge_after_the_promise_s_last_day_needs_no_exit(broken_world: World) -> None:
    form = claimed(broken_world)
    broken_world.clock.at = on(26, 0)
    assert settled(broken_world, form).form.status is Status.CAPTURED
    assert not broken(broken_world)
    past_guards(
        broken_world,
        "UPDATE operation SET created_at = '2025-07-25T15:59:59.999999Z' WHERE kind = 'capture'",
    )
    assert set(broken(broken_world)) == {"I14"}


@pytest.mark.parametrize("after", ["void", "captured", "refunded", "adjusted", "denied"])
def test_a_form_that_ended_with_money_out_is_found(broken_world: World, after: str) -> None:
    form = claimed(broken_world)
    behind_the_back(broken_world, f"UPDATE form SET status = '{after}'")
    found = broken(broken_world)
    assert set(found) == {"I17", "I19"}
    assert {row["account"]: row["left_fen"] for row in found["I19"].rows} == {
        "advance": make.NET_FEN,
        "guarantee_held": make.NET_FEN,
        "guarantee_given": -make.NET_FEN,
    }
    assert {row["form_id"] for row in found["I19"].rows} == {form.form_id}
