"""The operator's table of rules: what counts, a row for a day to come, a form under others."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from refund.app import create_app
from refund.config import Settings
from refund.core.people import Role
from refund.core.rulebook import PROVISION_BY_KEY
from tests.services import steps
from tests.web.agency import post, shown
from tests.web.page import Page, check_page
from tests.web.people import SignIn, browser
from tests.world import World

TYPED = {
    "parameter": "promise_days",
    "value": "21",
    "valid_from": "2025-08-01",
    "source": "a text of the agency",
    "grade": "D",
    "amount": "1494.00",
    "vat": "13",
}


@pytest.fixture
def app(settings: Settings, world: World) -> Flask:
    """Return the application on a world where money moves."""
    return create_app(settings, world.ports)


@pytest.fixture
def desk(client: FlaskClient, sign_in: SignIn) -> FlaskClient:
    """Return the operator's browser, signed in."""
    return sign_in(client, Role.OPERATOR)


def row(page: Page, parameter: str) -> list[str]:
    """The first row of a parameter, cell by cell."""
    found = next(e for e in page.root.iter("tr") if e.get("data-rule") == parameter)
    return [" ".join("".join(cell.itertext()).split()) for cell in found]


def consequence(page: Page, name: str) -> list[str]:
    """A row of a comparison, cell by cell; the mark of a difference aside."""
    found = next(e for e in page.root.iter("tr") if e.get("data-consequence") == name)
    return [" ".join("".join(cell.itertext()).split()) for cell in found]


def differing(page: Page) -> set[str]:
    """The names of all that a comparison marks."""
    rows = (e for e in page.root.iter("tr") if e.get("data-differs"))
    return {e.get("data-consequence") or "" for e in rows}


def test_the_table_says_what_is_in_force_what_lies_ahead_and_what_is_over(
    desk: FlaskClient,
) -> None:
    page = shown(desk, "/operator/rules")
    assert row(page, "promise_days")[1:6] == [
        "17 days",
        "1 Jul 2025",
        "30 Jun 2026",
        "SAT 9/2025, Hubei's practice",
        "B press or a bank",
    ]
    assert row(page, "refund_rate_13_bp")[1] == "11 %"
    assert row(page, "cash_fen_max")[1] == "CNY 20,000.00"
    for text in ("In force on 8 Jul 2025", "Lies ahead", "28 days", "Over", "CNY 500.00"):
        assert text in page.text


def test_the_table_reads_chinese(app: Flask, sign_in: SignIn) -> None:
    desk = sign_in(browser(app, "zh_Hans"), Role.OPERATOR)
    page = shown(desk, "/operator/rules")
    assert row(page, "promise_days")[:2] == [PROVISION_BY_KEY["promise_days"].title_zh, "17 天"]
    assert "官方文本" in page.text
    assert check_page(desk.get("/operator/rules/promise_days/add")).h1 == "为将来的日子新增值"


@pytest.mark.rule("rules_added_ahead")
def test_a_row_is_previewed_confirmed_and_stands_in_the_table(
    desk: FlaskClient, world: World
) -> None:
    page = check_page(desk.get("/operator/rules/promise_days/add"))
    assert page.value("amount") == "1494.00"
    preview = check_page(post(desk, "/operator/rules/preview", **TYPED))
    assert consequence(preview, "depart_by")[1:] == ["18 Aug 2025", "22 Aug 2025"]
    assert differing(preview) == {"depart_by", "capture_by"}
    assert world.ports.storage.read(lambda tx: tx.rules()) == []
    assert post(desk, "/operator/rules", **TYPED).location == "/operator/rules?said=added"
    page = shown(desk, "/operator/rules?said=added")
    assert "The rule was added" in page.text
    assert "21 days" in page.text
    assert row(page, "promise_days")[3] == "31 Jul 2025"
    (added,) = world.ports.storage.read(lambda tx: tx.rules())
    assert (added.rule.parameter, added.rule.value, added.added_by) == (
        "promise_days",
        21,
        "operator-1",
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"value": ""}, "value"),
        ({"value": "many"}, "value"),
        ({"value": "9999"}, "value"),
        ({"valid_from": "2025-07-08"}, "valid_from"),
        ({"valid_from": "2020-01-01"}, "valid_from"),
        ({"valid_from": "soon"}, "valid_from"),
        ({"source": "  "}, "source"),
        ({"source": "x" * 201}, "source"),
        ({"grade": ""}, "grade"),
        ({"amount": "x"}, "amount"),
    ],
)
@pytest.mark.parametrize("path", ["/operator/rules/preview", "/operator/rules"])
def test_what_cannot_be_added_stays_in_its_field_and_is_not_added(
    desk: FlaskClient, world: World, path: str, changes: dict[str, str], field: str
) -> None:
    response = post(desk, path, **(TYPED | changes))
    assert response.status_code == 422
    page = check_page(response)
    assert page.error(field)
    assert page.value(field) == (TYPED | changes)[field]
    assert world.ports.storage.read(lambda tx: tx.rules()) == []


def test_a_parameter_that_there_is_not_has_no_page(desk: FlaskClient) -> None:
    assert desk.get("/operator/rules/nothing/add").status_code == 422
    assert post(desk, "/operator/rules", **(TYPED | {"parameter": "x"})).status_code == 422


def test_words_are_chosen_where_a_rule_has_words(desk: FlaskClient, world: World) -> None:
    typed = TYPED | {"parameter": "fee_rounding", "value": "up", "amount": "619.90"}
    preview = check_page(post(desk, "/operator/rules/preview", **typed))
    assert consequence(preview, "fee_fen")[1:] == ["CNY 12.39", "CNY 12.40"]
    assert post(desk, "/operator/rules", **typed).status_code == 303
    page = shown(desk, "/operator/rules/fee_rounding/add")
    values = [e for e in page.root.iter("tr") if e.get("data-rule") == "fee_rounding"]
    assert ["".join(list(e)[1].itertext()).strip() for e in values] == ["down", "up"]


def test_a_rule_that_replaces_another_of_the_same_day_says_so(desk: FlaskClient) -> None:
    post(desk, "/operator/rules", **TYPED)
    preview = check_page(post(desk, "/operator/rules/preview", **(TYPED | {"value": "30"})))
    assert "Another row of the same day is replaced" in preview.text
    post(desk, "/operator/rules", **(TYPED | {"value": "30"}))
    page = shown(desk, "/operator/rules")
    assert "30 days" in page.text
    assert "replaced" in page.text


def test_adding_needs_the_token_and_the_role(desk: FlaskClient, app: Flask, world: World) -> None:
    assert desk.post("/operator/rules", data=TYPED).status_code == 400
    assert browser(app).post("/operator/rules", data=TYPED).status_code in {400, 401}
    assert world.ports.storage.read(lambda tx: tx.rules()) == []


@pytest.mark.rule("rules_of_issue_day")
def test_a_form_is_shown_under_the_rules_of_another_day(desk: FlaskClient, world: World) -> None:
    form = steps.issued(world)
    path = f"/operator/forms/{form.form_id}"
    assert f"{path}/other-rules" in shown(desk, path).links()
    assert differing(shown(desk, f"{path}/other-rules")) == set()
    page = shown(desk, f"{path}/other-rules?day=2026-07-01&set-min_purchase_fen=1500")
    assert consequence(page, "depart_by")[1:] == ["25 Jul 2025", "5 Aug 2025"]
    assert {"depart_by", "capture_by", "port_any", "refusals", "inspect_share_bp"} == differing(
        page
    )
    for text in ("17 days → 28 days", "CNY 200.00 → CNY 1,500.00"):
        assert text in page.text
    assert "CHAN TAI MAN" not in page.text


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("day=never", "day"),
        ("day=2019-03-31", "day"),
        ("set-promise_days=-1", "set-promise_days"),
        ("set-fee_bp=99", "set-fee_bp"),
    ],
)
def test_other_rules_that_cannot_be_read_stay_in_their_field(
    desk: FlaskClient, world: World, query: str, field: str
) -> None:
    form = steps.issued(world)
    response = desk.get(f"/operator/forms/{form.form_id}/other-rules?{query}")
    assert response.status_code == 422
    assert check_page(response).error(field)


def test_a_form_that_there_is_not_has_no_other_rules(desk: FlaskClient) -> None:
    assert desk.get("/operator/forms/0000000000000000/other-rules").status_code == 404
