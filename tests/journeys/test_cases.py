"""A case from its opening to its end: a release that two persons decide, and its history."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from datetime import datetime

import pytest
from playwright.sync_api import expect

from refund.app import wire
from refund.config import read_settings
from refund.core.people import Actor, Role, Staff
from refund.services.enrol import enrol_staff
from tests.actors import Purchase
from tests.journeys.cast import Cast, CastAt
from tests.journeys.conftest import OpenDevice
from tests.journeys.instance import Instance, password_hash
from tests.journeys.walks import See
from tests.officials import Operator

CAPTURE_DECLINED = "4000000000000150"
THE_DAY_AFTER = datetime.fromisoformat("2025-07-26T09:00:00+08:00")
COLLEAGUE = Actor("operator-2", Role.OPERATOR, "李娜 Li Na")


def with_a_colleague(house: Instance) -> None:
    """Let a second operator work at the agency."""
    wired = wire(read_settings(house.environment))
    with closing(wired.database):
        enrol_staff(wired.ports, [Staff(COLLEAGUE, COLLEAGUE.staff_id, password_hash())], "test")


def a_refused_charge(house: Instance, people: Cast, purchase: Purchase) -> Operator:
    """An operator who has tried to charge a card for a broken promise, and was refused."""
    clerk, traveller = people.clerk(), people.traveller()
    slip = clerk.issues(purchase)
    traveller.claims(slip, purchase, CAPTURE_DECLINED)
    traveller.arrives_at("The money has arrived")
    for person in (clerk, traveller):
        person.leaves()
    house.move_to(THE_DAY_AFTER)
    operator = people.operator()
    operator.opens_the_exit_desk()
    operator.previews("Preview the charge", slip.form_number)
    operator.field("Reason").fill("Never left")
    operator.confirms()
    operator.arrives_at("Result")
    expect(operator.page.locator('[data-outcome="refused_by_network"]')).to_be_visible()
    return operator


def asks_for_the_release(operator: Operator, reason: str, see: See) -> None:
    """Go from what waits to the case, and ask for what needs a second person."""
    operator.goes_to("", "What waits")
    failed = operator.page.locator('[data-queue="charges_failed"]')
    expect(failed.locator("[data-waiting]")).to_have_text("1")
    see("operator-waits", operator)
    failed.get_by_role("link").click()
    operator.arrives_at("Cases")
    see("cases", operator)
    operator.link("Look at it first").click()
    operator.arrives_at("A charge was refused")
    operator.sees("the bank declined the charge")
    operator.page.get_by_text(operator.say("Something else")).click()
    see("case", operator)
    operator.link("Release the hold").click()
    operator.arrives_at("Release the hold")
    see("case-fix", operator)
    operator.field("Reason").fill(reason)
    operator.button("Ask for approval").click()
    operator.arrives_at("A charge was refused")
    operator.sees("Another operator must approve it before anything is done.")


@pytest.mark.rule("two_persons")
def test_a_hold_that_could_not_be_charged_is_released_by_two_persons(
    own_house: Instance, cast: CastAt, screen: OpenDevice, purchase: Purchase, see: See
) -> None:
    with_a_colleague(own_house)
    operator = a_refused_charge(own_house, cast(own_house), purchase)
    asks_for_the_release(operator, "The card was stolen", see)
    expect(operator.button("Approve and carry out")).to_have_count(0)
    operator.signs_out()

    colleague = Operator(screen("zh_Hans"), own_house.url)
    colleague.signs_in(COLLEAGUE.staff_id)
    asked = colleague.page.locator('[data-queue="approvals"]')
    expect(asked.locator("[data-waiting]")).to_have_text("1")
    asked.get_by_role("link").click()
    colleague.link("Look and decide").click()
    expect(colleague.page).to_have_url(re.compile("/operator/cases/[0-9a-f]+$"))
    colleague.sees("The card was stolen")
    see("case-to-approve", colleague)
    colleague.button("Approve and carry out").click()
    colleague.sees("The case is closed; its history says who did what and why.")
    expect(colleague.page.locator('[data-case-state="closed"]')).to_be_visible()
    colleague.sees_state("written_off")
    for name in ("苏敏 Su Min", "李娜 Li Na"):
        expect(colleague.page.get_by_text(name).first).to_be_visible()
    see("case-closed", colleague)
    colleague.goes_to("cases/closed", "Closed cases")
    see("cases-closed", colleague)
    own_house.audit()


def approves_by_hand(operator: Operator) -> None:
    """Send the approval that the page does not offer: it is refused."""
    decline = operator.page.locator('form[action$="/decline"]')
    decline.evaluate("form => { form.action = form.action.replace('/decline', '/approve') }")
    operator.watch.allow(403)
    operator.field("Why you take it back").fill("I approve it myself")
    operator.button("Take it back").click()
    operator.sees("Whoever asked for a fix cannot approve it.")


@pytest.mark.rule("two_persons")
def test_a_release_without_customs_word_needs_two_persons_however_small(
    own_house: Instance,
    cast: CastAt,
    screen: OpenDevice,
    purchases: Callable[..., Purchase],
    see: See,
) -> None:
    with_a_colleague(own_house)
    small = purchases(price="1494.00", net="134.46", net_fen=134_46)
    operator = a_refused_charge(own_house, cast(own_house), small)
    operator.opens_a_case("charge_refused", "A charge was refused")
    operator.fixes("Release the hold", "The traveller wrote to us")
    operator.sees("Another operator must approve it before anything is done.")
    page = operator.page.url.partition("?")[0]
    approves_by_hand(operator)

    colleague = Operator(screen(), own_house.url)
    colleague.signs_in(COLLEAGUE.staff_id)
    colleague.page.goto(page)
    colleague.watch.allow(422)
    colleague.field("Why you decline it").fill(" ")
    colleague.button("Decline").click()
    colleague.arrives_at("A charge was refused")
    colleague.field("Why you decline it").fill("Ask the bank first")
    colleague.button("Decline").click()
    colleague.sees("It was not approved")
    colleague.sees("Ask the bank first")
    see("case-declined", colleague)

    operator.page.goto(page)
    operator.sees("Ask the bank first")
    operator.fixes("Release the hold", "The bank has closed the account")
    operator.sees("Another operator must approve it before anything is done.")
    colleague.page.goto(page)
    colleague.button("Approve and carry out").click()
    colleague.sees("The case is closed; its history says who did what and why.")
    colleague.sees_state("written_off")
    assert own_house.network_book().held_open_fen == 0
    own_house.audit()
