"""What a traveller types: read as meant, or refused beside its field with all that was typed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from refund.core.form import Status
from refund.ports import Ports
from refund.simulation.engine.network import BookNetwork
from tests import make
from tests.web.page import check_page
from tests.web.people import HandClock
from tests.web.phone import Phone, issued, status


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", "１２３４５６", " "])
def test_what_is_no_claim_code_costs_no_try(phone: Phone, typed: str) -> None:
    phone.scan()
    answer = phone.post("/claim-code", claim_code=typed)
    assert answer.status_code == 422
    assert check_page(answer).error("claim_code")
    assert "Tries left" not in phone.page().text


def test_wrong_details_are_said_beside_their_fields_and_stay(phone: Phone) -> None:
    phone.unlock()
    wrong = phone.details("", document_tail="??", departs_on="2025-02-30", contact="nobody")
    assert wrong.status_code == 422
    page = check_page(wrong)
    for name in ("document_tail", "method", "departs_on", "contact"):
        assert page.error(name), name
    assert page.value("contact") == "nobody"
    assert page.value("departs_on") == "2025-02-30"


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("document_tail", "9999"),
        ("departs_on", "2025-07-26"),
        ("departs_on", "2025-07-07"),
        ("departs_on", "2025-07-08T10:00"),
        ("contact", "x" * 200),
        ("method", "cash"),
    ],
)
def test_each_wrong_detail_is_refused_beside_its_field(phone: Phone, name: str, typed: str) -> None:
    phone.unlock()
    page = check_page(phone.details(**{name: typed}))
    assert page.status == 422 or (page.status == 409 and name == "departs_on")
    assert page.error(name)


def test_a_promise_that_names_its_port_takes_no_other(phone: Phone, ports: Ports) -> None:
    phone.unlock()
    assert phone.details(port="YIH").status_code == 303
    known = ports.storage.read(lambda tx: tx.details_of(phone.form.form_id))
    assert known is not None
    assert known.port == "WUH"


def test_under_the_rules_of_2026_the_traveller_chooses_the_port(
    phone: Phone, app: Flask, ports: Ports, network: BookNetwork, clock: HandClock
) -> None:
    clock.move(days=360)
    recent = make.traveller(last_entry=make.DAY + timedelta(days=355))
    later = Phone(app, ports, network, issued(ports, 5, traveller=recent))
    later.unlock()
    assert check_page(later.details()).error("port")
    assert later.details(port="YIH").status_code == 303
    assert "any port with a refund counter" in later.page().text


@pytest.mark.parametrize("typed", [{}, {"signature": "[[[1,1]]]"}, {"signature": "[]"}])
def test_without_a_signature_there_is_no_agreement(
    phone: Phone, typed: dict[str, str], ports: Ports
) -> None:
    phone.unlock()
    phone.details()
    answer = phone.post("/agreement", **typed)
    assert answer.status_code == 422
    assert check_page(answer).error("signature")
    assert status(ports, phone.form) is Status.ISSUED
