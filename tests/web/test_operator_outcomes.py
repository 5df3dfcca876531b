"""The exit's desk on every outcome: what is charged, what is released, and a form in one thread."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from refund.app import create_app
from refund.config import Settings
from refund.core.customs import LinesShown, Place, RefusalReason
from refund.core.entitlement import ConfirmedLine, Recovery
from refund.core.form import Event, Form, Status
from refund.core.ids import group_form_number
from refund.core.people import Role
from refund.core.settlement import Month
from refund.services import amend, verify
from refund.services.settle import close_month
from tests import make
from tests.services import steps, till_steps
from tests.services.engine_steps import (
    bags,
    brought_back,
    confirmed,
    ended,
    refused_at_customs,
)
from tests.web.agency import (
    outcomes,
    post,
    queue_text,
    settle,
    shown,
    ticket,
    tickets,
)
from tests.web.page import Page, check_page
from tests.web.people import SignIn, browser
from tests.world import World


@pytest.fixture
def app(settings: Settings, world: World) -> Flask:
    """Return the application on a world where money moves."""
    return create_app(settings, world.ports)


@pytest.fixture
def desk(client: FlaskClient, sign_in: SignIn) -> FlaskClient:
    """Return the operator's browser, signed in."""
    return sign_in(client, Role.OPERATOR)


@pytest.fixture
def fewer(world: World) -> Form:
    """Return a form of three bags, of which customs saw two, its traveller gone in time."""
    form = confirmed(world, steps.claimed(world, bags(world)), 2)
    steps.departs(world, steps.on(9))
    return form


def life_of(desk: FlaskClient, form: Form) -> Page:
    """The form's page."""
    return shown(desk, f"/operator/forms/{form.form_id}")


@pytest.mark.rule("outcome_fewer_goods")
def test_fewer_goods_are_previewed_with_both_parts_and_settled_with_both(
    desk: FlaskClient, world: World, fewer: Form
) -> None:
    chosen = tickets(shown(desk, "/operator/exit"), "adjust")
    assert chosen == [ticket(fewer, "adjust", "fewer_goods")]
    preview = check_page(post(desk, "/operator/exit/preview", proposal=chosen))
    for text in ("Charge the difference, release the rest", "CNY 450.00", "CNY 900.00"):
        assert text in preview.text
    page = check_page(settle(desk, "two of three", *tickets(preview)))
    assert outcomes(page) == {"done": 1}
    assert "Charged to the cards CNY 450.00" in page.text
    assert "Given back of the holds CNY 900.00" in page.text
    assert steps.status(world, fewer) is Status.ADJUSTED


@pytest.mark.rule("outcome_policy_not_met")
def test_a_mixed_preview_adds_up_what_is_charged_and_what_is_released(
    desk: FlaskClient, world: World, fewer: Form
) -> None:
    lost = refused_at_customs(world, steps.claimed(world, bags(world, "other")))
    chosen = [
        ticket(fewer, "adjust", "fewer_goods"),
        ticket(lost, "forfeit", "refused_by_customs"),
    ]
    assert tickets(shown(desk, "/operator/exit"), "forfeit") == chosen[1:]
    preview = check_page(post(desk, "/operator/exit/preview", proposal=chosen))
    assert "Given back of the holds CNY 900.00 Charged to the cards CNY 1,800.00" in preview.text
    assert outcomes(check_page(settle(desk, "as seen", *chosen))) == {"done": 2}
    assert steps.status(world, lost) is Status.FORFEITED


@pytest.mark.rule("customs_item_by_item")
@pytest.mark.rule("customs_sealed_bags")
def test_a_forms_life_says_line_by_line_what_customs_confirmed_and_where(
    desk: FlaskClient, world: World
) -> None:
    form = steps.claimed(world, bags(world))
    sealed = LinesShown((ConfirmedLine((0, 0), 2, "WH-0417"),), Place.BEFORE_CHECK_IN)
    verify.verify_lines(world.ports, world.officer, form.form_id, sealed)
    page = life_of(desk, form)
    for text in ("Confirmed in part", "Before check-in", "Goods looked at", "bag WH-0417"):
        assert text in page.text
    assert "For the goods that count" in page.text
    assert "900.00" in page.text


@pytest.mark.rule("customs_other_breach")
def test_a_forms_life_says_why_customs_refused_and_what_follows(
    desk: FlaskClient, world: World
) -> None:
    form = steps.claimed(world, bags(world))
    verify.refuse_form(
        world.ports, world.officer, form.form_id, RefusalReason.OTHER_BREACH, "worn for a week"
    )
    page = life_of(desk, form)
    for text in ("Another breach of the rules", "worn for a week", "Customs refused the form"):
        assert text in page.text
    assert "Charge the advance back, no refund. Customs refused the form." in page.text
    assert "Charged to the card CNY 1,350.00" in page.text


@pytest.mark.rule("outcome_kept")
def test_a_promise_kept_whose_hold_is_over_is_settled_without_the_network(
    desk: FlaskClient, world: World
) -> None:
    form = confirmed(world, steps.claimed(world, bags(world)), 3)
    world.clock.at = steps.on(20, month=8)
    assert ended(world, form, Event.REQUEST_CAPTURE).status is Status.UNCOLLECTED
    assert "nothing can be charged back" in life_of(desk, form).text
    steps.departs(world, steps.on(20))
    note = "The hold has ended by itself: nothing is asked of the card network."
    assert note in queue_text(shown(desk, "/operator/exit"), "release")
    assert note in life_of(desk, form).text
    chosen = ticket(form)
    assert note in check_page(post(desk, "/operator/exit/preview", proposal=[chosen])).text
    assert outcomes(check_page(settle(desk, "as seen", chosen))) == {"done": 1}
    assert "Hold released" in life_of(desk, form).text


@pytest.mark.rule("ordinary_after_capture")
def test_a_forms_life_leads_to_the_counter_while_the_ordinary_refund_is_open(
    desk: FlaskClient, world: World
) -> None:
    form = steps.claimed(world)
    counter = f"/operator/counter/WUH/forms/{form.form_id}"
    assert counter not in life_of(desk, form).links()
    steps.departs(world, steps.on(30))
    assert steps.settled(world, form).form.status is Status.CAPTURED
    assert counter in life_of(desk, form).links()
    steps.verified(world, form)
    page = life_of(desk, form)
    assert "a counter reviews the form and pays" in page.text
    assert counter in page.links()
    assert desk.get(counter).status_code == 200


@pytest.mark.rule("return_in_part")
def test_a_forms_life_says_what_went_back_to_the_store_and_how_its_money_did(
    desk: FlaskClient, world: World
) -> None:
    form = brought_back(world, steps.claimed(world, bags(world)), 1, Recovery.STORE)
    page = life_of(desk, form)
    for text in ("Brought back to the store", "paid back in the store", "CNY 450.00", "a flaw"):
        assert text in page.text
    assert "Some of the goods went back to the store" in page.text


@pytest.mark.rule("ordinary_after_capture")
def test_advance_charge_verification_and_refund_are_one_thread_with_their_money(
    desk: FlaskClient, world: World
) -> None:
    form = steps.claimed(world)
    world.clock.at = steps.on(28)
    settle(desk, "never seen", ticket(form, "capture", "never_seen"))
    world.clock.at = steps.on(20, month=8)
    steps.verified(world, form)
    till_steps.till(world)
    till_steps.shown(world, form)
    receipt = till_steps.paid_in_cash(world, form)
    page = life_of(desk, form)
    thread = [
        "CNY 134.46 on hold",
        "CNY 134.46 paid to the traveller",
        "CNY 134.46 charged to the card",
        "The ordinary refund was paid in cash",
    ]
    found = [page.text.index(text) for text in thread]
    assert found == sorted(found)
    assert receipt.receipt_number in page.text
    assert "Settled with the treasury" not in page.text
    assert page.statuses() == ["refunded"]
    world.clock.at = steps.on(2, month=9)
    close_month(world.ports, world.operator.label, Month(2025, 8))
    assert "Settled with the treasury Month 2025-08 Line 1 Claimed CNY 164.34" in (
        life_of(desk, form).text
    )


@pytest.mark.rule("replaced_form_is_named")
def test_a_replaced_form_and_the_one_in_its_place_lead_to_each_other(
    desk: FlaskClient, world: World
) -> None:
    old = steps.issued(world)
    draft = make.draft(traveller=make.traveller("H87654321"))
    made = amend.replace_form(world.ports, world.clerk, old.form_id, draft, "new", "wrong permit")
    assert made.form is not None
    before, after = life_of(desk, old), life_of(desk, made.form)
    assert "Another form took its place" in before.text
    assert group_form_number(made.form.form_number) in before.text
    assert "It takes the place of another form" in after.text
    assert group_form_number(old.form_number) in after.text


@pytest.mark.rule("capture_working_days")
def test_the_first_page_says_how_many_charges_are_overdue_and_by_how_much(
    desk: FlaskClient, world: World
) -> None:
    steps.claimed(world)
    world.clock.at = steps.on(30)
    assert "overdue" not in shown(desk, "/operator/exit").text
    world.clock.at = steps.on(31)
    assert "1 overdue, by 1 working day" in shown(desk, "/operator/exit").text
    world.clock.at = steps.on(5, month=8)
    assert "1 overdue, by up to 4 working days" in shown(desk, "/operator/exit").text
    assert "4 working days overdue." in queue_text(shown(desk, "/operator/exit"), "capture")


def test_where_records_disagree_the_desk_says_what_a_person_has_to_do(
    desk: FlaskClient, world: World
) -> None:
    form = steps.claimed(world)
    steps.departs(world, steps.on(9))
    need = "Ask customs of that port whether they saw the goods."
    assert need in queue_text(shown(desk, "/operator/exit"), "break")
    assert need in life_of(desk, form).text


@pytest.mark.parametrize("language", ["en", "zh_Hans"])
def test_every_state_of_a_form_has_a_page_in_each_language(
    app: Flask, sign_in: SignIn, world: World, fewer: Form, language: str
) -> None:
    desk = sign_in(browser(app, language), Role.OPERATOR)
    lost = refused_at_customs(world, steps.claimed(world, bags(world, "lost")))
    back = brought_back(world, steps.claimed(world, bags(world, "back")), 3, Recovery.CAPTURE)
    for form in (fewer, lost, back, steps.issued(world)):
        assert life_of(desk, form).h1 == group_form_number(form.form_number)
