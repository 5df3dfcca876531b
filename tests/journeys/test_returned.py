"""An advance that the bank sends back after two days: told, paid once more, right to the fen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from playwright.sync_api import expect

from refund.core.case import CaseKind
from tests.actors import Purchase
from tests.journeys.cast import CastAt
from tests.journeys.instance import Instance
from tests.journeys.walks import See
from tests.make import NET_FEN, PAYOUT_RETURNED
from tests.officials import Operator

TWO_DAYS_LATER = datetime.fromisoformat("2025-07-10T16:00:00+08:00")
SMALL = {"price": "1494.00", "net": "134.46", "net_fen": NET_FEN}
"""What one person may decide alone."""


@pytest.mark.rule("returned_not_owed")
def test_an_advance_that_came_back_is_told_and_paid_once_more(
    street: Instance, cast: CastAt, purchases: Callable[..., Purchase], see: See
) -> None:
    people, bought = cast(street), purchases(**SMALL)
    clerk, traveller = people.clerk(), people.traveller()
    slip = clerk.issues(bought)
    clerk.leaves()
    traveller.claims(slip, bought, PAYOUT_RETURNED)
    traveller.arrives_at("The money has arrived")

    street.move_to(TWO_DAYS_LATER)
    street.waits_for_cases(CaseKind.ADVANCE_RETURNED)
    traveller.page.reload()
    traveller.arrives_at("The money came back to us")
    traveller.sees("You do not owe what you did not get.")
    see("traveller-came-back", traveller)
    operator = people.operator()
    operator.opens_a_case("advance_returned", "An advance came back from the bank")
    operator.sees(slip.form_number)
    operator.sees("so the traveller does not have the money")
    see("case-advance-returned", operator)
    operator.fixes("Pay it once more", "The card's bank takes payments again")
    operator.sees("The case is closed; its history says who did what and why.")
    expect(operator.page.locator('[data-case-state="closed"]')).to_be_visible()

    traveller.page.reload()
    traveller.arrives_at("The money has arrived")
    traveller.sees("Sent back by your bank")
    traveller.sees("Paid to you again")
    see("traveller-paid-again", traveller)
    shows_both_payments(operator, slip.page.rpartition("/")[2])
    book = street.network_book()
    assert (book.payouts_fen, book.returned_fen) == (2 * NET_FEN, NET_FEN)
    assert book.held_open_fen == NET_FEN
    street.audit()


def shows_both_payments(operator: Operator, form_id: str) -> None:
    """The form's page has the whole thread and its entries."""
    operator.page.goto(f"{operator.home}/operator/forms/{form_id}")
    happened = operator.page.locator("#line").inner_text()
    steps = ("The advance was paid", "The payment came back from the bank", "paid once more")
    places = [happened.find(step) for step in steps]
    assert places == sorted(places)
    assert -1 not in places
