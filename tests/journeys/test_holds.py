"""Holds against time: refused as too short, extended, charged in time, alerted before an end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.actors import Purchase, Slip, Traveller
from tests.journeys.cast import Cast, CastAt
from tests.journeys.conftest import OpenDevice
from tests.journeys.instance import Instance
from tests.journeys.lab import Lab
from tests.journeys.walks import See
from tests.make import DISCOVER, JCB, VISA
from tests.officials import Operator

Purchases = Callable[..., Purchase]


def summer(text: str) -> datetime:
    """A moment of the summer of 2026, when a promise has 28 days."""
    return datetime.fromisoformat(f"2026-{text}+08:00")


SALE = summer("07-08T14:00:00")
"""Holds of Discover end on 13 July, of JCB on the 15th, of Visa on 7 August at two o'clock."""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def summer_street(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Instance]:
    """Serve an instance on each engine, in the summer of the longer promise."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    instance = Instance(tmp_path / "summer", url, SALE)
    try:
        instance.start()
        yield instance
    finally:
        instance.stop()


@pytest.mark.rule("hold_cover", "charge_in_time", "promise_days")
def test_a_hold_is_refused_as_too_short_extended_while_days_pass_or_charged_in_time(
    summer_street: Instance, cast: CastAt, purchases: Purchases, screen: OpenDevice, see: See
) -> None:
    house, people = summer_street, cast(summer_street)
    lab = Lab(screen(), house)
    never_seen, kept = (purchases(last_entry="2026-07-05") for _ in range(2))
    clerk = people.clerk()
    gone, phone = refused_as_too_short(people, clerk.issues(never_seen), never_seen, see)
    slip = clerk.issues(kept)
    clerk.leaves()
    traveller = people.traveller()
    traveller.claims(slip, kept, JCB)
    traveller.arrives_at("The money has arrived")
    traveller.sees("15 Jul 2026, 14:")

    lasts_longer(house, people, slip, traveller)
    not_extended_and_alerted(house, people, lab, slip, see)
    leaves_as_promised(house, people, slip, kept)
    traveller.page.reload()
    traveller.arrives_at("All done: the hold is released")

    house.move_to(summer("08-06T16:00:00"))
    house.waits_for_status(gone.form_number, "captured")
    phone.page.reload()
    phone.arrives_at("The advance was charged to your card")
    phone.sees("By the last day of the promise no departure was seen.")
    see("traveller-charged", phone)
    operator = people.operator()
    shows_form(operator, gone)
    history = operator.page.locator("#line").inner_text()
    assert "The charge was ordered" in history
    assert "The service itself" in history
    see("operator-form-charged-in-time", operator)
    book = house.network_book()
    assert (book.captures_fen, book.held_open_fen) == (never_seen.net_fen, 0)
    house.audit()


def refused_as_too_short(
    people: Cast, slip: Slip, purchase: Purchase, see: See
) -> tuple[Slip, Traveller]:
    """A card that holds for five days is refused with its day; the next one brings the money."""
    traveller = people.traveller()
    traveller.claims(slip, purchase, DISCOVER)
    traveller.arrives_at("Another card is needed")
    traveller.sees("13 Jul 2026")
    traveller.sees("too early to secure the advance until you have left")
    traveller.sees("nothing was charged")
    see("traveller-card-too-short", traveller)
    traveller.button("Give a card").tap()
    traveller.gives_card(VISA)
    traveller.arrives_at("Get the money")
    traveller.asks_for_the_money(purchase)
    traveller.arrives_at("The money has arrived")
    traveller.sees("Hold given up, another card is needed")
    return slip, traveller


def lasts_longer(house: Instance, people: Cast, slip: Slip, traveller: Traveller) -> None:
    """The service has the hold of seven days extended; phone and operator see its new end."""
    house.move_to(summer("07-13T10:00:00"))
    operator = people.operator()
    shows_form(operator, slip)
    expect(operator.page.locator("#line")).to_contain_text("The hold lasts longer")
    operator.sees("20 Jul 2026", within="#line")
    operator.leaves()
    traveller.page.reload()
    traveller.arrives_at("The money has arrived")
    traveller.sees("The hold lasts longer")
    expect(traveller.page.get_by_text(re.compile("20 Jul 2026, 1")).first).to_be_visible()


def not_extended_and_alerted(house: Instance, people: Cast, lab: Lab, slip: Slip, see: See) -> None:
    """An extension that fails is a case two days before the hold's end; a person mends it."""
    lab.switches_on("other_parameters", kind="extend")
    house.move_to(summer("07-18T16:00:00"))
    operator = people.operator()
    operator.opens_a_case("hold_ends_early", "A hold ends too early")
    operator.sees(slip.form_number)
    see("case-hold-ends-early", operator)
    lab.heals()
    makes_it_last(operator, "The network answers again")
    shows_form(operator, slip)
    operator.sees("25 Jul 2026", within="#line")


def makes_it_last(operator: Operator, reason: str) -> None:
    """Have the hold extended; where the worker asked once more just before, decide anew.

    The worker goes on asking by itself, so what the page showed can have changed by the click.
    """
    operator.watch.allow(409)
    case = operator.page.url
    operator.fixes("Make the hold longer", reason)
    closed = operator.page.get_by_text("The case is closed; its history says who did what and why.")
    changed = operator.page.get_by_text("The case is not as the page showed it")
    expect(closed.or_(changed).first).to_be_visible()
    if changed.is_visible():
        operator.page.goto(case)
        operator.fixes("Make the hold longer", reason)
    operator.sees("The case is closed; its history says who did what and why.")


def leaves_as_promised(house: Instance, people: Cast, slip: Slip, purchase: Purchase) -> None:
    """Customs verify, the traveller leaves, and the operator releases the hold."""
    people.officer().verifies(slip.code)
    operator = people.operator()
    operator.imports_departures((purchase, "WUH", house.now().isoformat()))
    operator.previews("Preview the release", slip.form_number)
    operator.settles("Left through Wuhan as promised")


def shows_form(operator: Operator, slip: Slip) -> None:
    """Open a form's page."""
    operator.goes_to(f"forms/{slip.page.rpartition('/')[2]}", slip.form_number)
