"""Item by item: ticked, counted, sealed; the sum before the decision; and refusing for a reason."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from refund.app import create_app
from refund.config import Settings
from refund.core.customs import Decision, Inspection, Place, RefusalReason, Verification
from refund.core.entitlement import Recovery
from refund.core.form import Form, Status
from refund.core.money import Vat
from refund.core.people import Role
from refund.services.returns import BroughtBack, return_goods
from tests import make
from tests.services import steps
from tests.web.customs_desk import confirmed, events, kind_of, post, shown, sign_in_again
from tests.web.page import Page, check_fragment, check_page
from tests.web.people import SignIn
from tests.world import World

ALL = {"lines_0_0_all": "yes", "lines_0_1_all": "yes"}


@pytest.fixture
def app(settings: Settings, world: World) -> Flask:
    """Return the application on a world where money moves."""
    return create_app(settings, world.ports)


@pytest.fixture
def desk(client: FlaskClient, sign_in: SignIn) -> FlaskClient:
    """Return the browser at the customs desk of Wuhan, signed in."""
    return sign_in(client, Role.OFFICER)


@pytest.fixture
def form(world: World) -> Form:
    """Return a form of three bags for 5,000 yuan each and two books for 100, advance paid."""
    lines = (make.line(5000_00, quantity=3), make.line(100_00, Vat.V9, 2))
    draft = make.draft(invoices=(make.invoice(lines=lines),))
    return steps.claimed(world, steps.issued(world, draft))


def at(form: Form, path: str = "") -> str:
    """One of a form's addresses."""
    return f"/customs/forms/{form.form_id}{path}"


def decided(world: World, form: Form) -> Verification:
    """What customs decided last."""
    found = world.ports.storage.read(lambda tx: tx.verification_of(form.form_id))
    assert found is not None
    return found


def test_every_line_is_shown_with_its_quantity_and_nothing_is_ticked_beforehand(
    desk: FlaskClient, form: Form
) -> None:
    page = shown(desk, at(form, "/lines"))
    for text in ("Leather handbag", "of 3 piece", "of 2 piece", "CHAN TAI MAN", "H12345678"):
        assert text in page.text
    boxes = [e for e in page.root.iter("input") if e.get("type") == "checkbox"]
    assert [e.get("name") for e in boxes] == ["lines-0-0-all", "lines-0-1-all"]
    assert not any("checked" in e.attrib for e in boxes)
    assert page.value("lines-0-0-quantity") == ""


@pytest.mark.rule("customs_item_by_item")
def test_all_lines_ticked_are_all_as_listed(desk: FlaskClient, world: World, form: Form) -> None:
    response = post(desk, at(form, "/lines"), **ALL, place="after_check_in")
    assert response.status_code == 303
    result = shown(desk, response.location)
    assert (kind_of(result), result.h1) == ("done", "Confirmed")
    assert "All goods as listed: 5 pieces." in result.text
    found = decided(world, form)
    assert (found.decision, found.place) == (Decision.CONFIRMED, Place.AFTER_CHECK_IN)
    assert found.inspection is Inspection.GOODS


@pytest.mark.rule("customs_fewer")
@pytest.mark.rule("customs_sealed_bags")
def test_fewer_are_confirmed_and_the_page_says_what_is_charged(
    desk: FlaskClient, world: World, form: Form
) -> None:
    typed = {"lines_0_0_quantity": "2", "lines_0_1_all": "yes", "lines_0_1_seal": "WH 17"}
    result = shown(desk, post(desk, at(form, "/lines"), **typed).location)
    assert (kind_of(result), result.h1) == ("done", "Confirmed in part")
    assert "4 of 5 pieces confirmed." in result.text
    assert "Charged back to the card CNY 450.00" in result.text
    found = decided(world, form)
    assert [(one.quantity, one.seal) for one in found.lines] == [(2, ""), (2, "WH 17")]
    again = shown(desk, at(form))
    assert kind_of(again) == "care"
    for text in ("Confirmed in part", "sealed bag WH 17", "Before check-in", "Goods looked at"):
        assert text in again.text


def test_the_sum_is_calculated_before_anything_is_decided_without_a_script_too(
    desk: FlaskClient, world: World, form: Form
) -> None:
    typed = {"lines_0_0_quantity": "2", "lines_0_1_all": "yes"}
    live = check_fragment(post(desk, at(form, "/lines/sum"), **typed))
    whole = check_page(post(desk, at(form, "/lines"), calculate="yes", **typed))
    for page in (live, whole):
        assert "4 pieces shown" in page.text
        assert "The traveller keeps CNY 912.00" in page.text
        assert "Charged back to the card CNY 450.00" in page.text
    assert whole.value("lines-0-0-quantity") == "2"
    assert steps.status(world, form) is Status.ADVANCED


def test_a_line_that_is_still_open_is_said_and_counts_as_none(
    desk: FlaskClient, form: Form
) -> None:
    live = check_fragment(post(desk, at(form, "/lines/sum"), lines_0_0_quantity="3"))
    assert "1 line is still open" in live.text
    whole = check_page(post(desk, at(form, "/lines"), calculate="yes", lines_0_0_quantity="3"))
    assert whole.status == 200
    assert whole.error("lines-0-1-quantity") == ""


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({}, "lines-0-0-quantity", "Nothing was said of this line"),
        ({**ALL, "lines_0_0_quantity": "4"}, "lines-0-0-quantity", "from 0 to 3"),
        ({**ALL, "lines_0_0_quantity": "-1"}, "lines-0-0-quantity", "read"),
        ({**ALL, "lines_0_0_quantity": "two"}, "lines-0-0-quantity", "read"),
        ({**ALL, "lines_0_0_quantity": "٣"}, "lines-0-0-quantity", "read"),
        ({**ALL, "lines_0_0_quantity": "0", "lines_0_0_seal": "X"}, "lines-0-0-seal", "sealed bag"),
        ({**ALL, "lines_0_0_seal": "X" * 41}, "lines-0-0-seal", "40"),
        ({**ALL, "lines_0_0_seal": "a\x00b"}, "lines-0-0-seal", "read"),
    ],
)
def test_what_cannot_be_right_is_said_beside_its_line_and_nothing_is_decided(
    desk: FlaskClient, world: World, form: Form, typed: dict[str, str], field: str, words: str
) -> None:
    response = post(desk, at(form, "/lines"), **typed)
    assert response.status_code == 422
    assert words in check_page(response).error(field)
    assert steps.status(world, form) is Status.ADVANCED


def test_none_at_all_is_told_to_be_refused(desk: FlaskClient, world: World, form: Form) -> None:
    typed = {"lines_0_0_quantity": "0", "lines_0_1_quantity": "0"}
    response = post(desk, at(form, "/lines"), **typed)
    assert response.status_code == 422
    page = check_page(response)
    assert "refuse it and say why" in page.text
    assert at(form, "/refuse") in page.links()
    assert steps.status(world, form) is Status.ADVANCED


def test_a_second_press_and_a_colleagues_decision_end_on_what_was_decided(
    desk: FlaskClient, world: World, form: Form
) -> None:
    first = post(desk, at(form, "/lines"), **ALL)
    second = post(desk, at(form, "/lines"), lines_0_0_quantity="1", lines_0_1_all="yes")
    assert first.location == second.location
    assert shown(desk, second.location).h1 == "Confirmed"
    assert events(world, form).count("verify") == 1
    for path in ("/lines", "/refuse"):
        assert desk.get(at(form, path)).location == at(form)


@pytest.mark.rule("return_in_part")
def test_goods_that_went_back_to_the_store_are_said_and_cannot_be_confirmed(
    desk: FlaskClient, world: World, form: Form
) -> None:
    brought = BroughtBack({(0, 0): 1, (0, 1): 2}, Recovery.CAPTURE, "too small", "return-1")
    return_goods(world.ports, world.clerk, form.form_id, brought)
    page = shown(desk, at(form))
    for text in ("Some goods went back to the store", "of 3; 1 went back", "10,000.00"):
        assert text in page.text
    assert "Confirm all that is left" in page.text
    lines = shown(desk, at(form, "/lines"))
    assert "All of it went back to the store." in lines.text
    refused = check_page(post(desk, at(form, "/lines"), lines_0_0_quantity="3"))
    assert "from 0 to 2" in refused.error("lines-0-0-quantity")
    result = shown(desk, confirmed(desk, form).location)
    assert result.h1 == "Confirmed in part"
    assert [one.quantity for one in decided(world, form).lines] == [2, 0]


def test_a_promise_that_is_over_shows_that_the_advance_is_charged_whole(
    desk: FlaskClient, world: World, form: Form
) -> None:
    world.clock.pass_by(days=20)
    page = shown(sign_in_again(desk), at(form, "/lines"))
    assert "the advance is charged back whole" in page.text
    live = check_fragment(post(desk, at(form, "/lines/sum"), **ALL))
    assert "Charged back to the card CNY 1,362.00" in live.text


def reasons(page: Page) -> list[str]:
    """The reasons that a page offers."""
    found = [e for e in page.root.iter("input") if e.get("name") == "reason"]
    return [e.get("value") or "" for e in found]


@pytest.mark.rule("customs_goods_differ")
@pytest.mark.rule("customs_person_differs")
@pytest.mark.rule("customs_other_breach")
@pytest.mark.parametrize(
    ("reason", "note"),
    [("goods_differ", ""), ("person_differs", ""), ("other_breach", "worn <shoes>")],
)
def test_a_form_is_refused_by_a_reason_and_a_second_step_that_tells_the_consequences(
    desk: FlaskClient, world: World, form: Form, reason: str, note: str
) -> None:
    page = shown(desk, at(form, "/refuse"))
    assert reasons(page) == ["goods_differ", "person_differs", "other_breach"]
    assert "charged back to the card in full: CNY 1,362.00" in page.text
    typed = {"reason": reason, "note": note, "place": "after_check_in"}
    asked = check_page(post(desk, at(form, "/refuse"), **typed))
    assert (kind_of(asked), asked.h1) == ("stop", "Refuse for good?")
    assert "This form gives no refund any more" in asked.text
    assert note in asked.text
    assert steps.status(world, form) is Status.ADVANCED
    done = post(desk, at(form, "/refuse"), **typed, for_good="yes")
    assert done.location == at(form, "/confirmed")
    result = shown(desk, done.location)
    assert (kind_of(result), result.h1) == ("done", "Refused")
    found = decided(world, form)
    assert (found.reason, found.note) == (RefusalReason(reason), note)
    assert steps.status(world, form) is Status.CUSTOMS_REFUSED
    again = post(desk, at(form, "/refuse"), **typed, for_good="yes")
    assert again.location == at(form, "/confirmed")
    assert "Refused by customs" in shown(desk, at(form)).text


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({}, "reason"),
        ({"reason": "no reason"}, "reason"),
        ({"reason": "other_breach"}, "note"),
        ({"reason": "other_breach", "note": " \t "}, "note"),
        ({"reason": "goods_differ", "note": "x" * 201}, "note"),
    ],
)
def test_a_refusal_that_says_too_little_or_too_much_is_asked_again(
    desk: FlaskClient, world: World, form: Form, typed: dict[str, str], field: str
) -> None:
    for last in ({}, {"for_good": "yes"}):
        response = post(desk, at(form, "/refuse"), **typed, **last)
        assert response.status_code == 422
        assert check_page(response).error(field)
    assert steps.status(world, form) is Status.ADVANCED


def test_a_form_without_an_advance_is_refused_without_a_word_of_money(
    desk: FlaskClient, world: World
) -> None:
    form = steps.issued(world)
    assert "No money has been paid on this form." in shown(desk, at(form, "/refuse")).text
    done = post(desk, at(form, "/refuse"), reason="goods_differ", for_good="yes")
    assert "Charged back" not in shown(desk, done.location).text
    assert steps.status(world, form) is Status.DENIED


@pytest.mark.rule("customs_before_check_in")
@pytest.mark.rule("customs_after_check_in")
def test_the_desk_says_once_where_it_stands_and_each_decision_says_it(
    desk: FlaskClient, world: World
) -> None:
    for number, place in enumerate(("after_check_in", "before_check_in"), 1):
        assert post(desk, "/customs/desk", place=place).status_code == 303
        form = steps.issued(world, make.draft(f"2542200000000000000{number}"), f"key-{number}")
        for path in ("/customs/", at(form), at(form, "/lines"), at(form, "/refuse")):
            assert shown(desk, path).value("place") == place
        confirmed(desk, form)
        assert decided(world, form).place.value == place
    form = steps.issued(world, make.draft("25422000000000000009"), "key-9")
    post(desk, at(form, "/confirm"), place="after_check_in")
    assert shown(desk, "/customs/").value("place") == "after_check_in"
    post(desk, "/customs/desk", place="on the moon")
    assert shown(desk, "/customs/").value("place") == "after_check_in"
