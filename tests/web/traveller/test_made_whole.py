"""A hold that is being made larger: the phone waits, whatever is tapped, and then has the money."""

from __future__ import annotations

from datetime import timedelta

import pytest

from refund.core.form import Form, Status
from refund.ports import Ports
from refund.services.later import work_once
from refund.simulation.engine.network import BookNetwork, Fault
from tests import make
from tests.web.people import HandClock
from tests.web.phone import Phone, status


@pytest.mark.parametrize("tapped", ["", "/ordinary", "/again"])
def test_the_phone_waits_until_the_hold_is_as_large_as_the_advance(
    phone: Phone,
    ports: Ports,
    network: BookNetwork,
    clock: HandClock,
    form: Form,
    tapped: str,
) -> None:
    network.faults.extend([Fault.NONE, Fault.LOST])
    page = phone.claim(make.HALF)
    assert status(ports, form) is Status.HELD
    assert "Your money is on its way" in page.text
    assert "could not be paid" not in page.text
    version = ports.storage.read(lambda tx: tx.form(form.form_id)).version  # type: ignore[union-attr]
    assert phone.client.get(f"{phone.at}/live?v={version}").status_code == 204
    if tapped:
        assert phone.post(tapped).status_code == 303
    assert "Your money is on its way" in phone.page().text
    clock.at += timedelta(minutes=1)
    work_once(ports)
    assert "The money has arrived" in phone.page().text
