"""Customs: what an officer sees and decides, once, and what stays closed to them."""

from __future__ import annotations

from typing import Any

import pytest

from refund.core.customs import Decision, Inspection, LinesShown, Place, RefusalReason
from refund.core.entitlement import ConfirmedLine, Recovery
from refund.core.errors import Refused
from refund.core.form import Channel, Status
from refund.core.ids import group_form_number, make_form_number
from refund.core.money import Vat
from refund.core.signing import code_url
from refund.services import claim, issue, returns, verify
from refund.services.returns import BroughtBack
from refund.services.worth import worth_of
from refund.simulation.engine.network import Fault
from tests import make
from tests.services.steps import (
    PHONE,
    agreed,
    claimed,
    departs,
    issued,
    on,
    settled,
    status,
    unlocked,
    verified,
)
from tests.services.test_races import at_once
from tests.world import PUBLIC_URL, World


def test_a_form_is_found_by_its_code_its_address_and_its_number(world: World) -> None:
    form = claimed(world)
    for text in (
        form.code,
        code_url(PUBLIC_URL, form.code),
        form.form_number,
        group_form_number(form.form_number),
    ):
        seen = verify.look_up(world.ports, world.officer, text)
        assert seen.form == form
        assert seen.refusal is None
    assert seen.traveller == make.traveller()
    assert [line.amount_fen for line in seen.invoices[0].lines] == [make.PRICE_FEN]


def test_what_is_no_form_is_refused_by_name(small_world: World) -> None:
    form = issued(small_world)
    last = form.form_number[-1]
    wrong = form.form_number[:-1] + str((int(last) + 1) % 10)
    for text, code in (
        ("", "field_missing"),
        (wrong, "form_number_unreadable"),
        (make_form_number(make.DAY, 2, 77), "form_unknown"),
        (form.code[:-1], "code_torn"),
    ):
        with pytest.raises(Refused, match=code):
            verify.look_up(small_world.ports, small_world.officer, text)


def test_every_reading_of_an_identity_leaves_its_trace(small_world: World) -> None:
    form = issued(small_world)
    verify.look_up(small_world.ports, small_world.officer, form.form_number)
    events = small_world.ports.storage.read(lambda tx: tx.events_of(form.form_id))
    shown = [(e.actor, e.kind) for e in events if e.kind == "identity_shown"]
    assert shown == [("officer:officer-WUH", "identity_shown")]


@pytest.mark.rule("nothing_after_verification")
def test_a_confirmed_form_is_verified_once(world: World) -> None:
    form = verified(world)
    assert form.status is Status.VERIFIED
    with pytest.raises(Refused, match="already_verified"):
        verify.verify_form(world.ports, world.officer, form.form_id)
    seen = verify.view(world.ports, world.officer, form.form_id)
    assert seen.verification is not None
    assert (seen.verification.port, seen.verification.officer_id) == ("WUH", "officer-WUH")
    assert seen.refusal is not None
    assert verify.verified_today(world.ports, world.officer) == 1
    assert verify.verified_today(world.ports, make.officer("YIH")) == 0
    world.clock.pass_by(days=1)
    assert verify.verified_today(world.ports, world.officer) == 0


def test_goods_of_an_ordinary_refund_are_verified_without_an_advance(world: World) -> None:
    forms = [issued(world)]
    forms.append(agreed(world, issued(world, make.draft("25422000000000000002"), "key-2")))
    forms.append(unlocked(world, issued(world, make.draft("25422000000000000003"), "key-3")))
    claim.choose_ordinary(world.ports, PHONE, forms[2].form_id)
    for form in forms:
        done = verify.verify_form(world.ports, world.officer, form.form_id)
        assert done.status is Status.ORDINARY_VERIFIED
        with pytest.raises(Refused, match="not_in_this_state"):
            claim.choose_ordinary(world.ports, PHONE, unlocked(world, form).form_id)
    assert world.booked("hold") == []


def test_a_form_in_the_network_s_hands_waits_for_its_answer(small_world: World) -> None:
    small_world.network.faults.append(Fault.LOST)
    form = claimed(small_world)
    assert form.status is Status.HOLDING
    with pytest.raises(Refused, match="not_in_this_state"):
        verify.verify_form(small_world.ports, small_world.officer, form.form_id)


def test_a_void_form_and_an_unknown_one_are_not_verified(small_world: World) -> None:
    form = issued(small_world)
    issue.void_form(small_world.ports, small_world.clerk, form.form_id, "returned")
    for form_id, code in ((form.form_id, "form_void"), ("ffffffffffffffff", "form_unknown")):
        with pytest.raises(Refused, match=code):
            verify.verify_form(small_world.ports, small_world.officer, form_id)


@pytest.mark.rule("export_days")
def test_goods_are_verified_until_the_ninetieth_day_and_no_later(small_world: World) -> None:
    form, other = claimed(small_world), issued(small_world, make.draft("2542200000000002"), "k2")
    small_world.clock.at = on(6, 23, month=10)
    assert verified(small_world, form).status is Status.VERIFIED
    small_world.clock.at = on(7, 0, month=10)
    with pytest.raises(Refused, match="past_deadline"):
        verify.verify_form(small_world.ports, small_world.officer, other.form_id)


def test_a_settled_form_is_not_verified_again(small_world: World) -> None:
    form = verified(small_world)
    departs(small_world, on(20))
    assert settled(small_world, form).form.status is Status.RELEASED
    with pytest.raises(Refused, match="already_verified"):
        verify.verify_form(small_world.ports, small_world.officer, form.form_id)


def lines(*quantities: int, seal: str = "", **how: Any) -> LinesShown:
    """What was shown of the lines of one invoice; a seal is on the first."""
    shown = tuple(
        ConfirmedLine((0, at), quantity, seal if at == 0 else "")
        for at, quantity in enumerate(quantities)
    )
    return LinesShown(shown, **how)


def several(number: str = "25422000000000000001") -> issue.Draft:
    """A purchase of three pieces for 5,000 yuan each and two for 100 at the other rate."""
    bought = (make.line(5000_00, quantity=3), make.line(100_00, Vat.V9, 2))
    return make.draft(number, invoices=(make.invoice(number, lines=bought),))


@pytest.mark.rule("customs_item_by_item")
@pytest.mark.rule("customs_fewer")
@pytest.mark.rule("outcome_fewer_goods")
def test_fewer_goods_are_confirmed_as_shown_and_the_difference_is_charged(world: World) -> None:
    lines_of_three = (make.line(5000_00, quantity=3),)
    draft = make.draft(invoices=(make.invoice(lines=lines_of_three),))
    form = claimed(world, issued(world, draft))
    worth = worth_of(world.ports, form.form_id, [ConfirmedLine((0, 0), 2)])
    assert (worth.entitlement.due.net_fen, worth.charged_fen) == (900_00, 450_00)
    after = verify.verify_lines(world.ports, world.officer, form.form_id, lines(2))
    assert after.status is Status.VERIFIED_PARTLY
    decided = verify.decided_form(world.ports, world.officer, form.form_id)
    assert decided is not None
    assert (decided.pieces, decided.listed_pieces, decided.worth.charged_fen) == (2, 3, 450_00)
    departs(world, on(20))
    assert settled(world, form).form.status is Status.ADJUSTED
    assert world.booked("capture") == ["captured"]


@pytest.mark.rule("customs_item_by_item")
@pytest.mark.rule("customs_sealed_bags")
@pytest.mark.rule("customs_before_check_in")
@pytest.mark.rule("customs_after_check_in")
def test_the_decision_says_each_line_its_seal_its_place_and_how_it_was_found(world: World) -> None:
    for place, number in ((Place.BEFORE_CHECK_IN, "1"), (Place.AFTER_CHECK_IN, "2")):
        form = issued(world, several(f"2542200000000000000{number}"), f"key-{number}")
        shown = lines(3, 2, seal="WH-17", place=place, inspection=Inspection.GOODS)
        after = verify.verify_lines(world.ports, world.officer, form.form_id, shown)
        assert after.status is Status.ORDINARY_VERIFIED
        found = verify.view(world.ports, world.officer, form.form_id).verification
        assert found is not None
        assert (found.decision, found.sequence, found.place) == (Decision.CONFIRMED, 1, place)
        assert found.inspection is Inspection.GOODS
        assert [(x.line, x.quantity, x.seal) for x in found.lines] == [
            ((0, 0), 3, "WH-17"),
            ((0, 1), 2, ""),
        ]


@pytest.mark.rule("customs_fewer")
def test_no_goods_at_all_are_no_confirmation_and_more_than_listed_neither(
    small_world: World,
) -> None:
    form = claimed(small_world, issued(small_world, several()))
    for shown, code in (
        (lines(0, 0), "nothing_shown"),
        (lines(4, 2), "quantity_above_listed"),
        (lines(-1, 2), "quantity_above_listed"),
        (lines(3), "line_undecided"),
        (lines(0, 2, seal="WH-17"), "seal_without_goods"),
    ):
        with pytest.raises(Refused, match=code):
            verify.verify_lines(small_world.ports, small_world.officer, form.form_id, shown)
    assert status(small_world, form) is Status.ADVANCED


@pytest.mark.rule("pays_confirmed_quantity")
@pytest.mark.rule("return_in_part")
def test_after_goods_went_back_to_the_store_all_that_remains_is_a_part(world: World) -> None:
    form = claimed(world, issued(world, several()))
    brought = BroughtBack({(0, 0): 1}, Recovery.CAPTURE, "too small", "return-1")
    returns.return_goods(world.ports, world.clerk, form.form_id, brought)
    seen = verify.view(world.ports, world.officer, form.form_id)
    assert seen.remaining == {(0, 0): 2, (0, 1): 2}
    assert seen.remarks == ("goods_returned",)
    due = seen.worth.entitlement.due.net_fen
    assert verify.verify_form(world.ports, world.officer, form.form_id).status is (
        Status.VERIFIED_PARTLY
    )
    verification = verify.view(world.ports, world.officer, form.form_id).verification
    assert verification is not None
    assert verification.decision is Decision.PARTLY
    assert [line.quantity for line in verification.lines] == [2, 2]
    departs(world, on(20))
    assert settled(world, form).form.status is Status.ADJUSTED
    assert world.paid_fen() == form.amounts.net_fen
    captured = [row for row in world.book.operations_after(0) if row["kind"] == "capture"]
    assert [row["amount_fen"] for row in captured] == [form.amounts.net_fen - due]


@pytest.mark.rule("customs_goods_differ")
@pytest.mark.rule("customs_person_differs")
@pytest.mark.rule("customs_other_breach")
@pytest.mark.rule("outcome_policy_not_met")
@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (RefusalReason.GOODS_DIFFER, ""),
        (RefusalReason.PERSON_DIFFERS, "another face"),
        (RefusalReason.OTHER_BREACH, "worn shoes"),
    ],
)
def test_a_refused_form_gives_no_refund_and_its_advance_is_charged_back_whole(
    small_world: World, reason: RefusalReason, text: str
) -> None:
    world = small_world
    form = claimed(world)
    plain = issued(world, make.draft("25422000000000000002", channel=Channel.ORDINARY), "key-2")
    for one, after in ((form, Status.CUSTOMS_REFUSED), (plain, Status.DENIED)):
        refused = verify.refuse_form(world.ports, world.officer, one.form_id, reason, text)
        assert refused.status is after
        decided = verify.decided_form(world.ports, world.officer, one.form_id)
        assert decided is not None
        assert decided.worth.entitlement.due.net_fen == 0
        assert (decided.verification.reason, decided.verification.note) == (reason, text)
        with pytest.raises(Refused, match="already_verified"):
            verify.verify_form(world.ports, world.officer, one.form_id)
    settled_form = settled(world, form).form
    assert settled_form.status is Status.FORFEITED
    assert world.booked("capture") == ["captured"]


def test_a_refusal_without_a_reason_or_another_breach_without_a_word_decides_nothing(
    small_world: World,
) -> None:
    form = claimed(small_world)
    for reason, code in (
        (RefusalReason.NONE, "field_missing"),
        (RefusalReason.OTHER_BREACH, "reason_missing"),
    ):
        with pytest.raises(Refused, match=code):
            verify.refuse_form(small_world.ports, small_world.officer, form.form_id, reason, " ")
    assert status(small_world, form) is Status.ADVANCED


@pytest.mark.rule("ordinary_after_capture")
def test_a_form_that_was_charged_back_is_verified_at_a_later_departure_on_the_same_thread(
    world: World,
) -> None:
    form = claimed(world)
    world.clock.at = on(28)
    assert settled(world, form).form.status is Status.CAPTURED
    seen = verify.view(world.ports, world.officer, form.form_id)
    assert seen.refusal is None
    assert seen.remarks == ("charged_back",)
    assert seen.worth.advance_fen == 0
    after = verify.verify_form(world.ports, world.officer, form.form_id)
    assert after.status is Status.ORDINARY_VERIFIED
    kept = world.ports.storage.read(lambda tx: tx.verifications_of(form.form_id))
    assert [one.sequence for one in kept] == [1]


@pytest.mark.rule("ordinary_after_capture")
def test_a_second_verification_stands_beside_the_first(world: World) -> None:
    form = verified(world)
    departs(world, on(27))
    assert settled(world, form).form.status is Status.CAPTURED
    world.clock.at = on(28)
    again = verify.verify_form(world.ports, world.officer, form.form_id)
    assert again.status is Status.ORDINARY_VERIFIED
    kept = world.ports.storage.read(lambda tx: tx.verifications_of(form.form_id))
    assert [one.sequence for one in kept] == [1, 2]
    with pytest.raises(Refused, match="already_verified"):
        verify.verify_form(world.ports, world.officer, form.form_id)


def test_a_charged_form_that_customs_refuse_is_lost_for_good(small_world: World) -> None:
    form = claimed(small_world)
    small_world.clock.at = on(28)
    settled(small_world, form)
    lost = verify.refuse_form(
        small_world.ports, small_world.officer, form.form_id, RefusalReason.GOODS_DIFFER, ""
    )
    assert lost.status is Status.FORFEITED


@pytest.mark.rule("nothing_after_verification")
def test_of_officers_who_decide_at_once_one_wins_and_the_others_are_told(world: World) -> None:
    form = claimed(world, issued(world, several()))
    world.ports.storage.write(lambda tx: tx.sampling_seed("WUH", make.DAY, "a seed"))

    def decide(number: int) -> str:
        who = make.officer("YIH") if number % 2 else world.officer
        match number % 3:
            case 0:
                after = verify.verify_form(world.ports, who, form.form_id)
            case 1:
                after = verify.verify_lines(world.ports, who, form.form_id, lines(2, 1))
            case _:
                reason = RefusalReason.GOODS_DIFFER
                after = verify.refuse_form(world.ports, who, form.form_id, reason, "")
        return after.status.value

    said = at_once(6, decide)
    assert said.count("already_verified") == 5
    kept = world.ports.storage.read(lambda tx: tx.verifications_of(form.form_id))
    assert len(kept) == 1
    winner = {
        Decision.CONFIRMED: Status.VERIFIED,
        Decision.PARTLY: Status.VERIFIED_PARTLY,
        Decision.REFUSED: Status.CUSTOMS_REFUSED,
    }[kept[0].decision]
    assert status(world, form) is winner
    assert winner.value in said
