"""Each fault card changes what happens as it says, and is judged by what stands in the books."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest

from refund.core.calendar import SHANGHAI
from refund.core.case import CaseKind
from refund.core.customs import Decision, RefusalReason, Verification
from refund.core.errors import Refused
from refund.core.form import Channel, Form, Status
from refund.core.operation import Kind, OperationState
from refund.core.places import PORTS
from refund.simulation.rehearsal.card_dealing import FITS, Wanted
from refund.simulation.rehearsal.card_judges import JUDGES
from refund.simulation.rehearsal.fault_cards import BOTS, SCENARIO, Dealt, Target, fault_cards
from refund.simulation.runs import acts
from refund.simulation.world.plans import CUSTOMS_DOWN, NETWORK_DOWN, FaultPlanned
from refund.simulation.world.scenario import read_scenario
from tests import make
from tests.simulation.rehearsing import LEARNER, TRAINER, Rehearsed, open_rehearsal
from tests.world import assert_audit_holds

HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Rehearsed]:
    with open_rehearsal(tmp_path) as found:
        yield found


def deal(world: Rehearsed, key: str, form: Form | None = None) -> Dealt:
    """Deal a card to a form, or where it belongs."""
    target = fault_cards()[key].targets[-1] if form is None else Target.FORM
    number = "" if form is None else form.form_number
    wanted = Wanted(key, target, number, port="WUH" if target is Target.PORT else "")
    return world.bots.dealer.deal(wanted, TRAINER)


def card(world: Rehearsed, dealt: Dealt) -> Dealt:
    """A card as it stands."""
    found = world.bots.cards.card(dealt.card_id)
    assert found is not None
    return found


def advanced(world: Rehearsed) -> Form:
    """A form whose advance is paid."""
    return world.until(world.issued(), Status.ADVANCED, within=HOUR)


def solved(world: Rehearsed, dealt: Dealt, within: timedelta, step: timedelta = QUARTER) -> Dealt:
    """Let time pass until a card has ended, which is to be well."""
    end = world.now + within
    while card(world, dealt).is_open:
        assert world.now < end, card(world, dealt)
        world.lets_pass(step, min(step, QUARTER))
    found = card(world, dealt)
    assert found.is_solved, found
    assert found.effective_at is not None
    return found


def verification(world: Rehearsed, form: Form) -> Verification:
    """What customs decided."""
    found = world.place.ports.storage.read(lambda tx: tx.verification_of(form.form_id))
    assert found is not None
    return found


def test_every_card_has_words_a_judge_and_rules() -> None:
    assert set(fault_cards()) == set(JUDGES)
    for key, one in fault_cards().items():
        texts = (one.title, one.does, one.scene, one.notice, one.answer)
        assert all(words.zh and words.en for words in texts), key
        assert one.provisions, key
        assert (Target.FORM in one.targets) == (key in FITS), key


def test_a_companions_passport_is_corrected_at_the_counter(world: Rehearsed) -> None:
    form = world.issued()
    found = solved(world, deal(world, "companions_passport", form), HOUR)
    after = world.place.ports.storage.read(lambda tx: tx.form_replacing(form.form_id))
    assert after is not None
    assert found.traveller is not None
    known = world.place.ports.storage.read(lambda tx: tx.traveller_of(after.form_id))
    assert known.document == found.traveller.document
    assert world.until(after, Status.ADVANCED, within=HOUR).status is Status.ADVANCED


def test_a_photographed_code_is_locked_and_issued_anew(world: Rehearsed) -> None:
    form = world.issued()
    solved(world, deal(world, "duplicate_scan", form), HOUR)
    assert world.form(form).tries_left == 0
    assert world.form(form).status is Status.SUPERSEDED


def test_goods_that_come_back_are_taken_back_before_and_after_the_advance(
    world: Rehearsed,
) -> None:
    fresh, paid = world.issued(), advanced(world)
    for form in (world.form(fresh), paid):
        dealt = deal(world, "goods_back", form)
        solved(world, dealt, HOUR)


def test_a_declined_card_gives_way_to_the_next(world: Rehearsed) -> None:
    form = world.issued()
    solved(world, deal(world, "card_declined", form), HOUR)
    asked = world.place.ports.storage.read(lambda tx: tx.operations_of(form.form_id))
    states = [one.state for one in asked if one.kind is Kind.HOLD]
    assert states == [OperationState.REFUSED, OperationState.SUCCEEDED]


def test_of_a_missing_item_the_rest_is_confirmed(world: Rehearsed) -> None:
    form = advanced(world)
    solved(world, deal(world, "item_missing", form), 2 * HOUR)
    assert verification(world, form).decision is Decision.PARTLY
    world.until(form, Status.ADJUSTED, within=5 * HOUR)


def test_a_form_without_any_of_its_goods_is_refused(world: Rehearsed) -> None:
    form = world.until(world.issued(quantity=1), Status.ADVANCED, within=HOUR)
    solved(world, deal(world, "item_missing", form), 2 * HOUR)
    assert verification(world, form).decision is Decision.REFUSED


def test_with_another_persons_passport_customs_refuse(world: Rehearsed) -> None:
    form = advanced(world)
    dealt = deal(world, "wrong_passport", form)
    assert dealt.traveller is not None
    solved(world, dealt, 2 * HOUR)
    assert verification(world, form).reason is RefusalReason.PERSON_DIFFERS


def test_at_a_desk_that_is_cut_off_travellers_wait(world: Rehearsed) -> None:
    form = advanced(world)
    at_customs = deal(world, "item_missing", form)
    dealt = deal(world, "customs_offline")
    world.lets_pass(timedelta(minutes=25))
    assert world.form(form).status is Status.ADVANCED
    assert card(world, at_customs).effective_at is not None
    solved(world, dealt, HOUR)
    solved(world, at_customs, HOUR)


def test_a_late_departure_is_charged_in_time(world: Rehearsed) -> None:
    form = advanced(world)
    dealt = deal(world, "late_arrival", form)
    world.place.clock.pass_by(days=17)
    solved(world, dealt, timedelta(days=4), 3 * HOUR)
    assert world.form(form).status is not Status.RELEASED


def test_a_departure_through_another_port_is_charged(world: Rehearsed) -> None:
    form = advanced(world)
    solved(world, deal(world, "wrong_port", form), timedelta(days=4), HOUR)
    assert world.form(form).status is Status.CAPTURED


def test_where_any_port_does_no_port_is_wrong(tmp_path: Path) -> None:
    at = make.NOON.replace(year=2026)
    with open_rehearsal(tmp_path, at=at) as world:
        form = advanced(world)
        with pytest.raises(Refused, match="card_does_not_fit"):
            deal(world, "wrong_port", form)


def test_a_hold_that_ends_early_is_nobodys_loss_when_the_promise_is_kept(
    world: Rehearsed,
) -> None:
    form = advanced(world)
    dealt = deal(world, "hold_ends_early", form)
    world.lets_pass(HOUR, QUARTER)
    cases = world.place.ports.storage.read(lambda tx: tx.open_cases((CaseKind.UNSECURED,)))
    assert [one.form_id for one in cases] == [form.form_id]
    assert card(world, dealt).effective_at is not None
    solved(world, dealt, timedelta(days=6), 3 * HOUR)


def test_a_declined_charge_becomes_a_case_that_is_closed(world: Rehearsed) -> None:
    form = advanced(world)
    dealt = deal(world, "capture_declined", form)
    world.place.clock.pass_by(days=18)
    solved(world, dealt, timedelta(days=4), 3 * HOUR)
    asked = world.place.ports.storage.read(lambda tx: tx.operations_of(form.form_id))
    states = [one.state for one in asked if one.kind is Kind.CAPTURE]
    assert states == [OperationState.REFUSED, OperationState.SUCCEEDED]


def test_a_payout_that_comes_back_is_paid_once_more(world: Rehearsed) -> None:
    dealt = deal(world, "payout_returned")
    form = advanced(world)
    found = solved(world, dealt, timedelta(days=4), 3 * HOUR)
    case = world.place.ports.storage.read(lambda tx: tx.case(str(found.facts["case_id"])))
    assert case is not None
    assert case.form_id == form.form_id


def test_a_lost_answer_is_looked_up_and_paid_once(world: Rehearsed) -> None:
    dealt = deal(world, "answer_lost")
    form = world.issued()
    found = solved(world, dealt, HOUR, timedelta(minutes=1))
    assert found.form_id == form.form_id
    assert len(world.advances()) == 1


def test_while_the_network_is_down_claims_wait_and_go_on_by_themselves(world: Rehearsed) -> None:
    dealt = deal(world, "network_down")
    form = world.issued()
    solved(world, dealt, 12 * HOUR)
    world.until(form, Status.ADVANCED, Status.ORDINARY, within=4 * HOUR)


@pytest.mark.parametrize("key", ["statement_late", "statement_amount"])
def test_what_is_wrong_with_a_statement_becomes_a_case_that_is_closed(
    world: Rehearsed, key: str
) -> None:
    dealt = deal(world, key)
    advanced(world)
    solved(world, dealt, timedelta(days=5), 3 * HOUR)


def confirms_all(world: Rehearsed, form: Form) -> None:
    acts.show_goods(world.place.ports, make.officer(), form)


def refuses_goods(world: Rehearsed, form: Form) -> None:
    acts.refuse_goods(world.place.ports, make.officer(), form.form_id)


@pytest.mark.parametrize(
    ("key", "does"),
    [
        ("item_missing", confirms_all),
        ("item_missing", refuses_goods),
        ("wrong_passport", confirms_all),
        ("wrong_passport", refuses_goods),
    ],
)
def test_what_an_officer_decides_wrongly_is_a_card_missed(
    world: Rehearsed, key: str, does: Callable[[Rehearsed, Form], None]
) -> None:
    world.take("officer-WUH")
    form = advanced(world)
    dealt = deal(world, key, form)
    does(world, form)
    world.lets_pass(timedelta(minutes=1))
    found = card(world, dealt)
    assert not found.is_open
    assert not found.is_solved
    assert found.ended_by == LEARNER


def test_a_clerk_solves_a_card_that_was_dealt_to_whoever_comes_next(world: Rehearsed) -> None:
    world.take("clerk-1")
    dealt = deal(world, "companions_passport")
    form = world.issued(Channel.ORDINARY)
    world.lets_pass(timedelta(minutes=6))
    found = card(world, dealt)
    assert found.form_id == form.form_id
    assert found.effective_at is not None
    assert found.is_open
    right = found.traveller
    assert right is not None
    ports = world.place.ports
    acts.correct_form(
        ports, make.clerk(), form.form_id, lambda draft: replace(draft, traveller=right), "again"
    )
    world.lets_pass(timedelta(minutes=1))
    assert card(world, dealt).is_solved
    assert card(world, dealt).ended_by == LEARNER


def test_a_card_that_cannot_happen_to_a_form_is_not_dealt(world: Rehearsed) -> None:
    form = advanced(world)
    for key in ("companions_passport", "duplicate_scan", "card_declined"):
        with pytest.raises(Refused, match="card_does_not_fit"):
            deal(world, key, form)
    with pytest.raises(Refused, match="choice_unknown"):
        world.bots.dealer.deal(Wanted("hold_ends_early", Target.NETWORK), TRAINER)
    assert not world.bots.cards.newest()


def test_the_bots_end_what_nobody_took_and_the_books_hold(world: Rehearsed) -> None:
    form = advanced(world)
    found = solved(world, deal(world, "item_missing", form), 2 * HOUR)
    assert found.ended_by == BOTS
    assert_audit_holds(world.place.past_seams)


def test_what_the_population_brings_along_is_a_card_of_the_scenario(tmp_path: Path) -> None:
    at = datetime.combine(read_scenario("ordinary-week").begins, time(10), SHANGHAI)
    with open_rehearsal(tmp_path, scenario="ordinary-week", at=at) as world:
        world.lets_pass(timedelta(hours=10), QUARTER)
        found = world.bots.cards.newest()
        assert found
        assert {one.dealt_by for one in found} == {SCENARIO}
        known = {(one.form_id, one.key) for one in found}
        assert len(known) == len(found), "each once"


def test_an_outage_of_the_scenario_is_dealt_once_as_its_card(tmp_path: Path) -> None:
    with open_rehearsal(tmp_path) as world:
        planned = [
            FaultPlanned(world.now, world.now + HOUR, NETWORK_DOWN),
            FaultPlanned(world.now, world.now + HOUR, CUSTOMS_DOWN),
        ]
        for _ in range(2):
            world.bots.dealer.deal_outages(planned)
        found = {(one.key, one.port) for one in world.bots.cards.open_cards()}
        ports = {("customs_offline", port) for port in PORTS}
        assert found == {("network_down", ""), *ports}
        assert world.bots.is_cut_off("WUH")
        world.lets_pass(HOUR)
        assert not world.bots.is_cut_off("WUH")
