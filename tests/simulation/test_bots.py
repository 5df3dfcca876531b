"""Bots play what nobody has taken: from the counter to the release, and never a person's part."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from refund.core.form import Channel, Form, Status
from refund.services.rehearsing import TRAVELLER_DESK
from refund.simulation.engine.digest import ledger_digest
from refund.simulation.rehearsal.card_dealing import Wanted
from refund.simulation.rehearsal.fault_cards import Target
from refund.simulation.runs import acts
from tests import make
from tests.simulation.rehearsing import Rehearsed, new_bots, open_rehearsal
from tests.world import assert_audit_holds

DAYS = timedelta(days=6)
HOUR = timedelta(hours=1)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Rehearsed]:
    with open_rehearsal(tmp_path) as found:
        yield found


def test_bots_carry_a_form_from_the_counter_to_the_release(world: Rehearsed) -> None:
    form = world.issued()
    world.until(form, Status.ADVANCED, within=HOUR)
    world.until(form, Status.RELEASED, within=DAYS)


@pytest.mark.postgres
def test_bots_leave_the_same_books_on_both_engines(tmp_path: Path, postgres_url: str) -> None:
    digests = set()
    for name, url in (("sqlite", ""), ("postgresql", postgres_url)):
        (tmp_path / name).mkdir()
        with open_rehearsal(tmp_path / name, url=url) as world:
            form = world.issued()
            world.bots.dealer.deal(Wanted("item_missing", Target.FORM, form.form_number), "trainer")
            world.until(form, Status.ADJUSTED, within=DAYS)
            digests.add(ledger_digest(world.place.ports))
    assert len(digests) == 1


def test_an_ordinary_form_is_paid_at_the_counter_behind_customs(world: Rehearsed) -> None:
    form = world.issued(Channel.ORDINARY)
    world.until(form, Status.REFUNDED, within=DAYS)


def test_bots_issue_what_the_population_buys_and_leave_sound_books(tmp_path: Path) -> None:
    with open_rehearsal(tmp_path, scenario="opening-week") as world:
        world.lets_pass(timedelta(hours=12), timedelta(minutes=5))
        forms = world.forms()
        assert len(forms) > 5
        assert {form.store_number for form in forms} > {1}
        assert any(form.status is Status.ADVANCED for form in forms)
        assert_audit_holds(world.place.past_seams)


def test_at_a_desk_that_a_person_took_the_bots_stop_and_go_on_afterwards(world: Rehearsed) -> None:
    world.take("officer-WUH")
    form = world.issued()
    world.until(form, Status.ADVANCED, within=HOUR)
    errand = world.bots.errand(form)
    assert errand.customs_at is not None
    world.lets_pass(errand.customs_at - world.now + 2 * HOUR, timedelta(minutes=15))
    assert world.form(form).status is Status.ADVANCED
    world.book.give_back("officer-WUH")
    world.until(form, Status.VERIFIED, Status.RELEASED, within=HOUR)


def test_a_phone_that_a_person_plays_is_left_alone(world: Rehearsed) -> None:
    world.take(TRAVELLER_DESK)
    form = world.issued()
    world.lets_pass(HOUR, timedelta(minutes=5))
    assert world.form(form).status is Status.ISSUED


def test_a_counter_that_a_person_took_issues_nothing_by_itself(tmp_path: Path) -> None:
    with open_rehearsal(tmp_path, scenario="opening-week") as world:
        for store in range(1, 15):
            world.take(f"clerk-{store}")
        world.lets_pass(timedelta(hours=8), timedelta(minutes=10))
        assert not world.forms()
        assert world.bots.crowd.visits(world.now)


def test_an_office_that_a_person_took_releases_nothing_by_itself(world: Rehearsed) -> None:
    world.take("operator-1")
    form = world.issued()
    world.until(form, Status.VERIFIED, within=DAYS)
    world.lets_pass(6 * HOUR, timedelta(minutes=15))
    assert world.form(form).status is Status.VERIFIED
    world.book.give_back("operator-1")
    world.until(form, Status.RELEASED, within=2 * HOUR)


def test_a_form_of_a_drill_is_nobodys_but_the_learners(world: Rehearsed) -> None:
    form = world.issued()
    world.bots.cards.keep_from_bots(form.form_id)
    world.lets_pass(HOUR, timedelta(minutes=5))
    assert world.form(form).status is Status.ISSUED


def test_bots_that_start_anew_do_nothing_twice(tmp_path: Path) -> None:
    with open_rehearsal(tmp_path, scenario="opening-week") as world:
        for _ in range(6):
            world.lets_pass(HOUR, timedelta(minutes=10))
            world.bots = new_bots(world.place, world.book, "opening-week", 1)
        advances = world.advances()
        paid = sum(one.amount_fen for one in advances)
        assert paid == world.place.book.book_totals()["payouts_fen"] > 0


def test_the_same_seed_plays_the_same_day(tmp_path: Path) -> None:
    digests = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        with open_rehearsal(tmp_path / name, scenario="opening-week") as world:
            world.lets_pass(5 * HOUR, timedelta(minutes=10))
            digests.add(ledger_digest(world.place.ports))
    assert len(digests) == 1


def test_who_never_comes_back_after_a_leap_of_the_clock_has_broken_the_promise(
    world: Rehearsed,
) -> None:
    form = world.issued()
    world.until(form, Status.ADVANCED, within=HOUR)
    world.place.clock.pass_by(days=20)
    world.place.beat()
    world.bots.work_through()
    assert world.form(form).status is Status.CAPTURED


def test_a_departure_that_was_passed_over_is_made_up_while_the_promise_holds(
    world: Rehearsed,
) -> None:
    form = world.issued()
    world.until(form, Status.ADVANCED, within=HOUR)
    world.place.clock.pass_by(days=10)
    world.until(form, Status.RELEASED, within=3 * HOUR)


def test_the_officer_who_plays_is_of_the_port(world: Rehearsed) -> None:
    roster = world.bots.roster()
    assert roster.officer("YIH") == make.officer("YIH")
    world.take("officer-YIH")
    assert world.bots.roster().officer("YIH") is None
    assert world.bots.roster().player("customs", port="YIH") == "learner-1"


def test_a_traveller_whom_a_person_plays_goes_to_the_port_when_told(world: Rehearsed) -> None:
    form = world.issued()
    claim_as_a_person(world, form)
    world.lets_pass(3 * HOUR, timedelta(minutes=15))
    assert world.form(form).status is Status.ADVANCED
    world.bots.send_to_port(form.form_id)
    world.until(form, Status.RELEASED, within=5 * HOUR)


def test_a_promise_that_a_person_made_is_broken_when_nobody_goes(world: Rehearsed) -> None:
    form = world.issued()
    claim_as_a_person(world, form)
    for _ in range(20):
        world.place.clock.pass_by(days=1)
        world.place.beat()
        world.bots.work_through()
    assert world.form(form).status is Status.CAPTURED


def claim_as_a_person(world: Rehearsed, form: Form) -> None:
    """Claim a form on a phone that is no bot's."""
    ports = world.place.ports
    code = acts.claim_code(ports, make.clerk(), form.form_id)
    traveller = ports.storage.read(lambda tx: tx.traveller_of(form.form_id))
    wish = acts.Wish(traveller.latin_name, traveller.document.number[-4:])
    acts.scan(ports, "mine", form, code)
    acts.sign(ports, "mine", form.form_id, wish)
    acts.claim_advance(ports, "mine", form.form_id, wish, acts.gives_card_in(world.place.book))
