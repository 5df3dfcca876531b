"""A lost form found by the document, forms one after the other, and whether goods are looked at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from refund.app import create_app
from refund.config import Settings
from refund.core.customs import Inspection
from refund.core.form import Form
from refund.core.people import Role, Staff
from refund.core.sampling import DrawReason
from refund.services.enrol import enrol_staff
from refund.services.verify import view
from tests import make
from tests.services import steps
from tests.web.counter import PASSPORT, PERMIT
from tests.web.customs_desk import confirmed, events, kind_of, post, scanned, shown
from tests.web.page import check_page
from tests.web.people import EVERYONE, OFFICER, SignIn
from tests.world import World, open_world

DAY = date(2026, 7, 8)


@pytest.fixture
def world(tmp_path: Path, sqlite_url: str, password_hash: str) -> Iterator[World]:
    """Return a service of July 2026, when customs look at a share of the forms."""
    with open_world(tmp_path, sqlite_url, datetime(2026, 7, 8, 6, 0, tzinfo=UTC)) as opened:
        enrol_staff(opened.ports, [Staff(one, one.staff_id, password_hash) for one in EVERYONE], "")
        yield opened


@pytest.fixture
def app(settings: Settings, world: World) -> Flask:
    """Return the application on that world."""
    return create_app(settings, world.ports)


@pytest.fixture
def desk(client: FlaskClient, sign_in: SignIn) -> FlaskClient:
    """Return the browser at the customs desk of Wuhan, signed in."""
    return sign_in(client, Role.OFFICER)


def bought(world: World, number: int, fen: int = 3000_00, document: str = "H12345678") -> Form:
    """A form of that day over so much."""
    invoice = f"25422{number:015d}"
    draft = make.draft(
        invoice,
        traveller=make.traveller(document, last_entry=date(2026, 7, 1)),
        invoices=(make.invoice(invoice, day=DAY, lines=(make.line(fen),)),),
    )
    return steps.issued(world, draft, f"key-{number}")


def fallen(world: World, why: DrawReason) -> Form:
    """A form of a traveller of its own for which the lot falls so."""
    for number in range(100, 300):
        form = bought(world, number, document=f"H{10000000 + number}")
        draw = view(world.ports, OFFICER, form.form_id).draw
        if draw is not None and draw.why is why:
            return form
    raise AssertionError(why)


def inspection(world: World, form: Form) -> Inspection:
    """How customs found what they decided."""
    found = world.ports.storage.read(lambda tx: tx.verification_of(form.form_id))
    assert found is not None
    return found.inspection


@pytest.mark.rule("lost_form")
def test_a_lost_form_is_found_by_kind_and_number(desk: FlaskClient, world: World) -> None:
    form = bought(world, 1)
    typed = {"document_kind": "hk_macao_permit", "document_number": " h12345678 "}
    response = post(desk, "/customs/document", **typed)
    assert response.status_code == 303
    assert response.location == f"/customs/forms/{form.form_id}/traveller"
    page = shown(desk, response.location)
    assert "1 form can be decided" in page.text
    assert f"/customs/forms/{form.form_id}" in page.links()
    assert "identity_shown" in events(world, form)


@pytest.mark.rule("lost_form")
def test_a_lost_form_is_found_by_the_zone_that_a_scanner_reads(
    desk: FlaskClient, world: World
) -> None:
    form = bought(world, 1, document="H12345678")
    zone = PERMIT
    response = post(desk, "/customs/document", mrz=zone.lower())
    assert response.status_code == 303
    assert response.location == f"/customs/forms/{form.form_id}/traveller"
    nobody = post(desk, "/customs/document", mrz=PASSPORT)
    assert nobody.status_code == 404
    assert "No form has this document" in check_page(nobody).text


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({}, "document_number"),
        ({"document_kind": "driving licence", "document_number": "1"}, "document_kind"),
        ({"document_kind": "taiwan_permit", "document_number": "12"}, "document_number"),
        ({"mrz": "P<JPN"}, "mrz"),
        ({"mrz": PASSPORT.replace("TK12345671", "TK12345672")}, "mrz"),
    ],
)
def test_a_document_that_cannot_be_read_is_said_beside_its_field(
    desk: FlaskClient, typed: dict[str, str], field: str
) -> None:
    response = post(desk, "/customs/document", **typed)
    assert response.status_code == 422
    assert check_page(response).error(field)


def test_a_document_scanned_at_the_field_for_codes_leads_to_its_own_page(desk: FlaskClient) -> None:
    response = scanned(desk, PASSPORT.splitlines()[0])
    assert (response.status_code, response.location) == (303, "/customs/document")


@pytest.mark.rule("lost_form")
def test_the_forms_of_a_traveller_are_verified_one_after_the_other(
    desk: FlaskClient, world: World
) -> None:
    forms = [bought(world, number) for number in (1, 2, 3)]
    path = f"/customs/forms/{forms[0].form_id}"
    todo = {form.form_id for form in forms}
    assert f"{path}/traveller" in shown(desk, path).links()
    while todo:
        form_id = path.split("/")[3]
        form = next(one for one in forms if one.form_id == form_id)
        todo.remove(form_id)
        page = shown(desk, confirmed(desk, form).location)
        following = [link for link in page.links() if link.split("/")[-1] in todo]
        assert len(following) == (1 if todo else 0)
        path = following[0] if following else ""


@pytest.mark.rule("customs_sampling")
def test_a_form_that_is_not_drawn_says_so_and_is_confirmed_on_its_papers(
    desk: FlaskClient, world: World
) -> None:
    form = fallen(world, DrawReason.NOT_DRAWN)
    page = shown(desk, f"/customs/forms/{form.form_id}")
    assert "Not drawn: the papers will do" in page.text
    post(desk, f"/customs/forms/{form.form_id}/confirm", inspection="papers")
    assert inspection(world, form) is Inspection.PAPERS
    result = shown(desk, f"/customs/forms/{form.form_id}/confirmed")
    assert "On its papers" in result.text


@pytest.mark.rule("customs_sampling")
def test_the_officer_can_look_at_the_goods_of_a_form_that_was_not_drawn(
    desk: FlaskClient, world: World
) -> None:
    form = fallen(world, DrawReason.NOT_DRAWN)
    buttons = [
        button.get("value")
        for button in shown(desk, f"/customs/forms/{form.form_id}").root.iter("button")
        if button.get("name") == "inspection"
    ]
    assert buttons == ["papers", "goods"]
    post(desk, f"/customs/forms/{form.form_id}/confirm", inspection="goods")
    assert inspection(world, form) is Inspection.GOODS


@pytest.mark.rule("customs_sampling")
@pytest.mark.rule("inspect_from_fen")
def test_a_form_that_must_be_inspected_says_why_and_papers_do_not_do(
    desk: FlaskClient, world: World
) -> None:
    large = bought(world, 1, 10_000_00)
    drawn = fallen(world, DrawReason.DRAWN)
    for form, words in ((large, "reach the amount"), (drawn, "Drawn by lot")):
        path = f"/customs/forms/{form.form_id}"
        page = shown(desk, path)
        assert "Look at the goods" in page.text
        assert words in page.text
        assert post(desk, f"{path}/confirm", inspection="papers").location == path
        assert kind_of(shown(desk, path)) == "go"
        assert kind_of(shown(desk, confirmed(desk, form).location)) == "done"
        assert inspection(world, form) is Inspection.GOODS


def test_several_forms_just_below_the_amount_are_listed(desk: FlaskClient, world: World) -> None:
    forms = [bought(world, number, 6000_00) for number in (1, 2)]
    page = shown(desk, f"/customs/forms/{forms[0].form_id}")
    assert "Several forms just below" in page.text
    assert "together they are 12,000.00 CNY" in page.text
    assert f"/customs/forms/{forms[1].form_id}" in page.links()
    every = shown(desk, f"/customs/forms/{forms[0].form_id}/traveller")
    assert every.text.count("Several forms just below") == 2


def test_an_unknown_form_has_no_traveller_and_no_lines(desk: FlaskClient) -> None:
    for path in ("traveller", "lines", "refuse"):
        response = desk.get(f"/customs/forms/00000000000000ff/{path}")
        assert response.status_code == 404
        check_page(response)
    for path in ("lines", "lines/sum", "refuse"):
        gone = post(desk, f"/customs/forms/00000000000000ff/{path}", reason="goods_differ")
        assert gone.status_code == 404, path
