"""Decisions taken without the network: in time though late, once, and never past a doubt."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from refund.core.customs import Decision, Place, RefusalReason, Verification
from refund.core.entitlement import ConfirmedLine, Recovery
from refund.core.errors import Refused
from refund.core.exit_pass import PassForm, make_pass, pass_url
from refund.core.form import Form, Status
from refund.core.offline import Act, OfflineDecision, Outcome, Received, Resolved, row_keys
from refund.core.people import Actor
from refund.core.signing import code_url
from refund.services import issue, offline, offline_review, verify
from refund.services.desk_figures import desk_figures
from refund.services.returns import BroughtBack, return_goods
from tests import make
from tests.services import steps
from tests.services.test_races import at_once
from tests.world import PUBLIC_URL, World

DEVICE = "0123456789abcdef"
OTHER = make.officer("YIH")


def begun(world: World, officer: Actor | None = None) -> offline.Kit:
    """A shift that has just begun."""
    return offline.begin_shift(world.ports, officer or world.officer, DEVICE)


def decided(world: World, form: Form, number: int = 1, **changes: Any) -> OfflineDecision:
    """All confirmed as listed, now, by what the device had taken along."""
    invoices = world.ports.storage.read(lambda tx: tx.invoices_of(form.form_id))
    seen = tuple(
        ((at, position), line.quantity)
        for at, invoice in enumerate(invoices)
        for position, line in enumerate(invoice.lines)
    )
    now = world.clock.now()
    good = OfflineDecision(f"{number:032x}", number, form.form_id, Act.CONFIRM, now, now, seen=seen)
    return replace(good, **changes)


def sent(
    world: World, kit: offline.Kit, form: Form, decision: OfflineDecision, code: str = ""
) -> Received:
    """What became of one decision."""
    one = offline.Sent(decision, code or code_url(PUBLIC_URL, form.code))
    now, shift = world.clock.now(), kit.shift
    (received,) = offline.take_in(world.ports, world.officer, shift.shift_id, now, [one])
    return received


def verification(world: World, form: Form) -> Verification:
    """What customs decided last."""
    found = world.ports.storage.read(lambda tx: tx.verification_of(form.form_id))
    assert found is not None
    return found


def test_a_decision_stamped_in_time_counts_though_it_comes_after_the_last_day(
    world: World,
) -> None:
    form = steps.claimed(world)
    world.clock.at = steps.on(6, 20, month=10)
    assert world.clock.at.date() == form.export_by
    kit = begun(world)
    decision = decided(world, form)
    world.clock.pass_by(hours=20)
    with pytest.raises(Refused, match="past_deadline"):
        verify.verify_form(world.ports, world.officer, form.form_id)
    received = sent(world, kit, form, decision)
    assert (received.outcome, received.why) == (Outcome.APPLIED, "")
    assert steps.status(world, form) is Status.VERIFIED
    found = verification(world, form)
    assert (found.verified_at, found.officer_id) == (decision.decided_at, "officer-WUH")


def test_the_same_decision_twice_is_answered_alike_and_counts_once(world: World) -> None:
    form = steps.claimed(world)
    kit, decision = begun(world), decided(world, form)
    first = sent(world, kit, form, decision)
    world.clock.pass_by(minutes=3)
    assert sent(world, kit, form, decision) == first
    history = world.ports.storage.read(lambda tx: tx.verifications_of(form.form_id))
    assert len(history) == 1
    with pytest.raises(Refused, match="submission_differs"):
        sent(world, kit, form, replace(decision, act=Act.REFUSE, reason=RefusalReason.GOODS_DIFFER))


def test_one_decision_sent_by_two_tabs_at_once_counts_once(world: World) -> None:
    form = steps.claimed(world)
    kit, decision = begun(world), decided(world, form)
    found = at_once(4, lambda _: sent(world, kit, form, decision).outcome.value)
    assert found == ["applied"] * 4
    history = world.ports.storage.read(lambda tx: tx.verifications_of(form.form_id))
    assert len(history) == 1


def test_fewer_goods_and_a_refusal_count_as_they_do_online(world: World) -> None:
    lines = (make.line(5000_00, quantity=3),)
    first = steps.issued(world, make.draft(invoices=(make.invoice(lines=lines),)))
    second = steps.issued(world, make.draft("25422000000000000002"), "key-2")
    kit = begun(world)
    fewer = decided(world, first, act=Act.LINES, lines=(ConfirmedLine((0, 0), 2),))
    assert sent(world, kit, first, fewer).outcome is Outcome.APPLIED
    assert verification(world, first).decision is Decision.PARTLY
    no = decided(world, second, 2, act=Act.REFUSE, place=Place.AFTER_CHECK_IN)
    no = replace(no, reason=RefusalReason.OTHER_BREACH, note="worn")
    assert sent(world, kit, second, no).outcome is Outcome.APPLIED
    assert verification(world, second).note == "worn"
    assert steps.status(world, second) is Status.DENIED


def test_a_form_that_was_voided_meanwhile_goes_to_review_and_never_to_release(
    world: World,
) -> None:
    form = steps.issued(world)
    kit, decision = begun(world), decided(world, form)
    issue.void_form(world.ports, world.clerk, form.form_id, "returned")
    received = sent(world, kit, form, decision)
    assert (received.outcome, received.why) == (Outcome.REVIEW, "form_void")
    (waiting,) = offline_review.waiting_reviews(world.ports, world.officer)
    assert waiting.can_apply is False
    with pytest.raises(Refused, match="not_in_this_state"):
        offline_review.resolve(
            world.ports, world.operator, decision.decision_id, Resolved.APPLIED, "it was right"
        )
    assert steps.status(world, form) is Status.VOID
    assert world.booked("release") == []


def test_a_form_decided_otherwise_waits_and_one_decided_alike_does_not(world: World) -> None:
    forms = [steps.issued(world, make.draft(f"2542200000000000000{n}"), f"key-{n}") for n in (1, 2)]
    kit = begun(world)
    kept = [decided(world, form, n + 1) for n, form in enumerate(forms)]
    verify.verify_form(world.ports, world.officer, forms[0].form_id)
    reason = RefusalReason.GOODS_DIFFER
    verify.refuse_form(world.ports, world.officer, forms[1].form_id, reason, "")
    found = [sent(world, kit, form, one) for form, one in zip(forms, kept, strict=True)]
    assert [one.outcome for one in found] == [Outcome.AGREED, Outcome.REVIEW]
    assert found[1].why == "already_verified"
    assert steps.status(world, forms[1]) is Status.DENIED


def test_a_claw_back_under_way_is_not_undone_by_a_late_decision(world: World) -> None:
    form = steps.claimed(world)
    world.clock.at = steps.on(20)
    kit, decision = begun(world), decided(world, form)
    steps.departs(world, world.clock.at + timedelta(hours=2))
    steps.settled(world, form)
    assert steps.status(world, form) is Status.CAPTURED
    received = sent(world, kit, form, decision)
    assert (received.outcome, received.why) == (Outcome.REVIEW, "claw_back")
    ended = offline_review.resolve(
        world.ports, world.operator, decision.decision_id, Resolved.APPLIED, "stamped in time"
    )
    assert ended.resolved is Resolved.APPLIED
    assert steps.status(world, form) is Status.ORDINARY_VERIFIED
    assert verification(world, form).verified_at == decision.decided_at
    with pytest.raises(Refused, match="review_resolved"):
        offline_review.resolve(
            world.ports, world.operator, decision.decision_id, Resolved.SET_ASIDE, "again"
        )


def test_goods_that_went_back_meanwhile_and_another_port_wait_for_a_person(world: World) -> None:
    lines = (make.line(5000_00, quantity=3),)
    form = steps.claimed(
        world, steps.issued(world, make.draft(invoices=(make.invoice(lines=lines),)))
    )
    kit, decision = begun(world), decided(world, form)
    back = BroughtBack({(0, 0): 1}, Recovery.STORE, "too big", "r1")
    return_goods(world.ports, world.clerk, form.form_id, back)
    assert sent(world, kit, form, decision).why == "goods_changed"
    paper = decided(world, form, 2, seen=None)
    assert sent(world, kit, form, paper).why == "goods_changed"


@pytest.mark.parametrize(
    ("moved", "why"),
    [
        ({"minutes": 3}, "moment_future"),
        ({"hours": -3}, "moment_before_issue"),
        ({"minutes": -30}, "moment_outside_shift"),
    ],
)
def test_a_stamp_that_cannot_be_is_not_believed(
    small_world: World, moved: dict[str, int], why: str
) -> None:
    form = steps.issued(small_world)
    small_world.clock.pass_by(hours=2)
    kit = begun(small_world)
    at = small_world.clock.now() + timedelta(**moved)
    received = sent(small_world, kit, form, decided(small_world, form, decided_at=at))
    assert (received.outcome, received.why) == (Outcome.REVIEW, why)


def test_what_comes_too_late_or_after_the_shift_waits_for_a_person(small_world: World) -> None:
    form = steps.issued(small_world)
    kit, decision = begun(small_world), decided(small_world, form)
    small_world.clock.pass_by(hours=13)
    after = decided(small_world, form, 2)
    assert sent(small_world, kit, form, after).why == "moment_outside_shift"
    small_world.clock.pass_by(hours=24)
    assert sent(small_world, kit, form, decision).why == "moment_too_old"
    assert steps.status(small_world, form) is Status.ISSUED


def test_a_device_whose_clock_moved_is_not_believed(small_world: World) -> None:
    form = steps.issued(small_world)
    kit, decision = begun(small_world), decided(small_world, form)
    one = offline.Sent(decision, code_url(PUBLIC_URL, form.code))
    for minutes in (6, -6):
        sent_at = small_world.clock.now() + timedelta(minutes=minutes)
        ports, shift_id = small_world.ports, kit.shift.shift_id
        (found,) = offline.take_in(ports, small_world.officer, shift_id, sent_at, [one])
        assert found.why == "clock_moved"


def test_a_code_that_is_no_proof_of_the_form_moves_nothing(small_world: World) -> None:
    form = steps.issued(small_world)
    other = steps.issued(small_world, make.draft("25422000000000000002"), "key-2")
    kit = begun(small_world)
    forged = form.code[:-1] + ("A" if form.code[-1] != "A" else "B")
    for number, (code, why) in enumerate(
        ((other.code, "code_foreign"), (forged, "signature_invalid"), ("nonsense!", "code_foreign"))
    ):
        received = sent(small_world, kit, form, decided(small_world, form, number + 1), code)
        assert (received.outcome, received.why) == (Outcome.REVIEW, why)
    assert steps.status(small_world, form) is Status.ISSUED


def test_a_form_on_an_exit_pass_is_proved_by_the_pass(small_world: World) -> None:
    form = steps.issued(small_world)
    key = small_world.keys.signing_key()
    shown = PassForm(form.form_id, form.amounts.net_fen)
    code = pass_url(PUBLIC_URL, make_pass([shown], make.DAY, key))
    received = sent(small_world, begun(small_world), form, decided(small_world, form), code)
    assert received.outcome is Outcome.APPLIED


def test_what_is_taken_along_opens_with_the_form_alone(small_world: World) -> None:
    form = steps.claimed(small_world)
    kit = begun(small_world)
    name, key = row_keys(kit.shift.shift_id, form.form_id)
    row = json.loads(AESGCM(key).decrypt(bytes(12), kit.rows[name], name.encode()))
    assert (row["name"], row["document_end"]) == ("CHAN TAI MAN", "5678")
    assert [line["remaining"] for line in row["lines"]] == [1]
    assert b"CHAN" not in kit.rows[name]
    other, wrong = row_keys(kit.shift.shift_id, "f" * 16)
    assert other not in kit.rows
    with pytest.raises(InvalidTag):
        AESGCM(wrong).decrypt(bytes(12), kit.rows[name], name.encode())


def test_a_shift_takes_along_what_may_come_to_its_port_and_nothing_decided(world: World) -> None:
    steps.verified(world)
    steps.claimed(world, steps.issued(world, make.draft("25422000000000000002"), "key-2"))
    assert begun(world).shift.taken == 1
    world.clock.at = steps.on(26)
    assert begun(world).shift.taken == 0


def test_only_the_officer_of_a_shift_sends_its_decisions(small_world: World) -> None:
    form = steps.issued(small_world)
    kit = begun(small_world)
    one = offline.Sent(decided(small_world, form), form.code)
    now, shift_id = small_world.clock.now(), kit.shift.shift_id
    with pytest.raises(Refused, match="shift_unknown"):
        offline.take_in(small_world.ports, OTHER, shift_id, now, [one])
    with pytest.raises(Refused, match="shift_unknown"):
        offline.end_shift(small_world.ports, OTHER, shift_id)
    first = offline.end_shift(small_world.ports, small_world.officer, shift_id)
    small_world.clock.pass_by(minutes=5)
    assert offline.end_shift(small_world.ports, small_world.officer, shift_id) == first


def test_another_port_sees_no_review_and_ends_none(small_world: World) -> None:
    form = steps.issued(small_world)
    kit, decision = begun(small_world), decided(small_world, form)
    issue.void_form(small_world.ports, small_world.clerk, form.form_id, "returned")
    sent(small_world, kit, form, decision)
    assert offline_review.waiting_reviews(small_world.ports, OTHER) == []
    with pytest.raises(Refused, match="review_unknown"):
        offline_review.review(small_world.ports, OTHER, decision.decision_id)
    assert offline_review.count_waiting(small_world.ports, small_world.operator) == 1
    with pytest.raises(Refused, match="reason_missing"):
        offline_review.resolve(
            small_world.ports, small_world.officer, decision.decision_id, Resolved.SET_ASIDE, " "
        )


def test_what_was_decided_offline_is_noted_and_cannot_be_changed(broken_world: World) -> None:
    form = steps.issued(broken_world)
    kit, decision = begun(broken_world), decided(broken_world, form)
    sent(broken_world, kit, form, decision)
    events = broken_world.ports.storage.read(lambda tx: tx.events_of(form.form_id))
    kinds = {event.kind for event in events}
    assert {"offline_decision", "identity_shown"} <= kinds


def test_the_figures_count_the_own_port_and_measure_from_the_scan(world: World) -> None:
    assert desk_figures(world.ports, world.officer).hours == ()
    form = steps.issued(world)
    kit = begun(world)
    scanned = world.clock.now()
    world.clock.pass_by(seconds=30)
    sent(world, kit, form, decided(world, form, scanned_at=scanned))
    second = steps.issued(world, make.draft("25422000000000000002"), "key-2")
    verify.view(world.ports, world.officer, second.form_id)
    world.clock.pass_by(hours=1)
    verify.verify_form(world.ports, world.officer, second.form_id)
    found = desk_figures(world.ports, world.officer)
    assert [(one.hour, one.confirmed) for one in found.hours] == [(12, 1), (13, 1)]
    assert (found.median_seconds, found.measured, found.offline) == (30, 1, 1)
    assert found.offline_percent == 50
    assert desk_figures(world.ports, OTHER).count("all") == 0
