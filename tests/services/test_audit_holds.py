"""The audit finds holds, requests and waiting that are not as promised, on both engines."""

from __future__ import annotations

from datetime import timedelta

import pytest

from refund.core.case import CaseKind, Fix
from refund.core.form import Form
from refund.services import cases, fixes, secure
from refund.simulation.engine.network import Fault
from tests import make
from tests.services.case_steps import SECOND, a_big_form, declined, fixed, request_of, the_case
from tests.services.hold_steps import claimed_in_2026, returned, the_hold
from tests.services.steps import agreed, claimed, departs, on, settled, verified
from tests.services.tamper import broken, past_guards
from tests.world import World, assert_audit_holds

QUARTER = timedelta(minutes=15)


def half_granted(world: World) -> Form:
    """A form whose hold was granted for a half and then grew."""
    return claimed(world, number=make.HALF)


# I6, I8: events and their entries.

STRANGE = {
    "an increase that was refused": (half_granted, "operation", "state = 'refused'", "increase", 1),
    "an increase of another sum": (half_granted, "operation", "amount_fen = 1", "increase", 0),
    "a return that the operation does not know": (
        *(returned, "operation", "state = 'succeeded'", "advance", 1),
    ),
    "a return of another sum": (returned, "operation", "amount_fen = amount_fen + 1", "advance", 2),
}
"""What is made, what is changed behind its back, and how many rows of I6 that breaks."""


@pytest.mark.parametrize("case", STRANGE)
def test_an_entry_whose_event_was_changed_is_found(broken_world: World, case: str) -> None:
    make_it, table, change, kind, count = STRANGE[case]
    make_it(broken_world)
    past_guards(broken_world, f"UPDATE {table} SET {change} WHERE kind = '{kind}'")
    found = broken(broken_world)
    assert len(found["I6"].rows if "I6" in found else ()) == count
    assert count or "I12" in found, "a hold that grew otherwise than it was posted"


def test_a_payment_above_what_is_due_is_found(broken_world: World) -> None:
    form = returned(broken_world)
    fixed(broken_world, the_case(broken_world, CaseKind.ADVANCE_RETURNED, form.form_id), PAY)
    assert_audit_holds(broken_world.ports)
    past_guards(broken_world, "DELETE FROM posting WHERE entry_key LIKE '%-returned'")
    (row,) = [row for row in broken(broken_world)["I8"].rows if "paid_fen" in row]
    assert (row["form_id"], row["paid_fen"]) == (form.form_id, 2 * make.NET_FEN)


PAY = Fix.PAY_AGAIN


# I12: what was held.


def test_a_hold_of_other_terms_than_its_last_change_is_found(broken_world: World) -> None:
    form = claimed_in_2026(broken_world, make.MASTERCARD)
    broken_world.clock.at = the_hold(broken_world, form).expires_at - timedelta(days=2)
    secure.extend_holds(broken_world.ports)
    assert_audit_holds(broken_world.ports)
    past_guards(broken_world, "UPDATE guarantee SET expires_at = '2026-09-30T00:00:00.000000Z'")
    (row,) = broken(broken_world)["I12"].rows
    assert row["reference"] == f"{form.form_id}-hold-1"


@pytest.mark.rule("never_captured_above_hold")
def test_a_charge_above_what_was_asked_is_found(broken_world: World) -> None:
    form = claimed(broken_world)
    departs(broken_world, on(20), "YIH")
    settled(broken_world, form)
    past_guards(
        broken_world, "UPDATE operation SET charged_fen = amount_fen + 1 WHERE kind = 'capture'"
    )
    assert {row["reference"] for row in broken(broken_world)["I12"].rows} == {
        f"{form.form_id}-capture-1",
        f"{form.form_id}-hold-1",
    }


# I7, I13, I14: decisions of people.


def given_up(world: World) -> Form:
    """A form of more than a thousand yuan, given up by two operators, its hold released."""
    form = declined(world, a_big_form(world, make.CHARGE_DECLINED))
    case = the_case(world, CaseKind.CHARGE_REFUSED, form.form_id)
    fixed(world, case, Fix.RELEASE)
    fixes.approve(world.ports, SECOND, case.case_id, request_of(world, case))
    return form


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE approval SET is_approved = 0",
        "UPDATE approval SET decided_by = asked_by",
        "UPDATE approval SET fix = 'capture'",
        "DELETE FROM approval",
    ],
)
def test_a_hold_given_up_by_one_person_is_found(broken_world: World, change: str) -> None:
    form = given_up(broken_world)
    assert_audit_holds(broken_world.ports)
    if not broken_world.url.startswith("sqlite"):
        past_guards(
            broken_world,
            "DO $$ DECLARE known record; BEGIN FOR known IN SELECT conname FROM pg_constraint"
            " WHERE conrelid = 'approval'::regclass AND contype = 'c' LOOP EXECUTE"
            " 'ALTER TABLE approval DROP CONSTRAINT ' || known.conname; END LOOP; END $$",
        )
    past_guards(broken_world, change)
    (row,) = broken(broken_world)["I13"].rows
    assert (row["form_id"], row["wrong"]) == (form.form_id, "decided by one person")
    assert "I14" in broken(broken_world), "the operation was begun by that case too"


def test_a_hold_that_was_freed_while_money_was_owed_is_found(broken_world: World) -> None:
    form = verified(broken_world)
    departs(broken_world, on(20))
    settled(broken_world, form)
    past_guards(broken_world, "UPDATE entry SET kind = 'freed' WHERE kind = 'release'")
    (row,) = broken(broken_world)["I13"].rows
    assert (row["form_id"], row["owed_fen"]) == (form.form_id, make.NET_FEN)


@pytest.mark.parametrize("change", ["reason = ''", "actor = ''"])
def test_a_difference_without_a_reason_or_a_name_is_found(broken_world: World, change: str) -> None:
    a_difference(broken_world, 77)
    assert_audit_holds(broken_world.ports)
    past_guards(broken_world, f"UPDATE entry SET {change} WHERE kind = 'difference'")
    (row,) = broken(broken_world)["I7"].rows
    assert row["kind"] == "difference"


def test_a_difference_above_the_limit_that_one_person_decided_is_found(
    broken_world: World,
) -> None:
    a_difference(broken_world, 1_000_01)
    assert_audit_holds(broken_world.ports)
    past_guards(broken_world, "UPDATE approval SET is_approved = 0, decided_by = 'worker'")
    (row,) = broken(broken_world)["I7"].rows
    assert row["wrong"] == "decided by one person"


def a_difference(world: World, amount_fen: int) -> None:
    """A payment in the network's book alone, and the entry by which our account follows it."""
    form = claimed(world)
    token = world.book.file.rows("SELECT token FROM card")[0][0]
    world.book.advance("not-ours", token, "card", amount_fen)
    assert set(broken(world)) == {"I5"}
    world.ports.storage.write(
        lambda tx: cases.open_case(
            tx,
            world.ports,
            CaseKind.MISSING_HERE,
            "2025-07-08/1",
            form_id=form.form_id,
            amount_fen=amount_fen,
            facts={"ours_fen": 0, "theirs_fen": -amount_fen},
        )
    )
    case = the_case(world, CaseKind.MISSING_HERE, "2025-07-08/1")
    fixed(world, case, Fix.POST_THEIRS)
    if amount_fen > 1_000_00:
        fixes.approve(world.ports, SECOND, case.case_id, request_of(world, case))


def test_an_entry_of_a_case_that_asked_for_none_is_found(broken_world: World) -> None:
    a_difference(broken_world, 77)
    past_guards(broken_world, "UPDATE case_record SET fix = 'explain'")
    (row,) = broken(broken_world)["I6"].rows
    assert row["kind"] == "difference"


# I15: what secures an advance.


@pytest.mark.rule("hold_cover")
def test_an_advance_whose_hold_is_over_and_that_is_no_case_is_found(broken_world: World) -> None:
    form = claimed_in_2026(broken_world)
    held = the_hold(broken_world, form)
    broken_world.clock.at = held.expires_at - timedelta(seconds=1)
    assert "I15" not in broken(broken_world, watched=True)
    broken_world.clock.at = held.expires_at
    (row,) = broken(broken_world, watched=True)["I15"].rows
    assert row == {
        "form_id": form.form_id,
        "status": "advanced",
        "outstanding_fen": make.NET_FEN,
    }
    secure.alert(broken_world.ports)
    assert "I15" not in broken(broken_world, watched=True)


@pytest.mark.rule("hold_cover")
@pytest.mark.parametrize(
    ("change", "is_found"),
    [
        ("needed_until = '2027-01-01T00:00:00.000000Z'", True),
        ("needed_until = '2027-01-01T00:00:00.000000Z', extendable = 1", False),
        ("needed_until = NULL", False),
        ("state = 'ended', released_fen = amount_fen", True),
    ],
)
def test_a_hold_that_ends_before_it_is_needed_no_more_is_found(
    broken_world: World, change: str, *, is_found: bool
) -> None:
    form = claimed_in_2026(broken_world)
    past_guards(broken_world, f"UPDATE guarantee SET {change}")
    found = broken(broken_world, watched=True)
    assert ("I15" in found) is is_found
    if is_found:
        assert [row["form_id"] for row in found["I15"].rows] == [form.form_id]


def test_an_advance_whose_hold_is_being_ended_waits_for_the_answer(broken_world: World) -> None:
    form = claimed(broken_world)
    departs(broken_world, on(20), "YIH")
    broken_world.network.faults.append(Fault.UNSENT)
    settled(broken_world, form)
    broken_world.clock.at = the_hold(broken_world, form).expires_at + QUARTER
    assert "I15" not in broken(broken_world, watched=True)


# I16: keys and fingerprints.


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ("idempotency_key = 'another' WHERE kind = 'advance'", "key"),
        ("fingerprint = '' WHERE kind = 'advance'", "fingerprint"),
        ("amount_fen = amount_fen + 1 WHERE kind = 'advance'", "fingerprint"),
        ("card_token = 'another' WHERE kind = 'advance'", "fingerprint"),
        ("hold_reference = 'another' WHERE kind = 'advance'", "fingerprint"),
        (
            "sent_at = '2025-07-08T03:59:59.999999Z' WHERE kind = 'advance'",
            "sent before it was stored",
        ),
    ],
)
def test_a_request_that_is_not_what_was_stored_is_found(
    broken_world: World, change: str, wrong: str
) -> None:
    form = claimed(broken_world)
    past_guards(broken_world, f"UPDATE operation SET {change}")
    assert broken(broken_world)["I16"].rows == (
        {"reference": f"{form.form_id}-advance-1", "wrong": wrong},
    )


def test_a_request_from_before_fingerprints_were_kept_needs_none(broken_world: World) -> None:
    claimed(broken_world)
    past_guards(
        broken_world,
        "UPDATE operation SET fingerprint = ''",
        "UPDATE migration SET applied_at = applied_at + 86400000000 WHERE number = 6",
    )
    assert "I16" not in broken(broken_world)


# I18: what waits.


@pytest.mark.rule("pending_max")
def test_what_waits_too_long_without_a_case_is_found(broken_world: World) -> None:
    form = agreed(broken_world)
    broken_world.network.faults.append(Fault.UNSENT)
    claimed(broken_world, form)
    broken_world.network.unplugged = True
    broken_world.clock.pass_by(minutes=15)
    assert "I18" not in broken(broken_world, watched=True)
    broken_world.clock.pass_by(minutes=3)
    (row,) = broken(broken_world, watched=True)["I18"].rows
    assert (row["reference"], row["kind"]) == (f"{form.form_id}-hold-1", "hold")
    secure.watch_pending(broken_world.ports)
    assert "I18" not in broken(broken_world, watched=True)


# I19: what is left at the end.


def test_what_is_owed_to_a_traveller_at_the_end_needs_its_case(broken_world: World) -> None:
    form = returned(broken_world)
    verified(broken_world, form)
    departs(broken_world, on(20))
    settled(broken_world, form)
    assert_audit_holds(broken_world.ports)
    past_guards(broken_world, "UPDATE case_record SET kind = 'unsecured'")
    (row,) = broken(broken_world)["I19"].rows
    assert (row["form_id"], row["account"], row["left_fen"]) == (
        form.form_id,
        "advance",
        -make.NET_FEN,
    )
