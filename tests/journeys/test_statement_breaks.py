"""A statement with planted breaks: each is found, shown side by side, explained or fixed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from playwright.sync_api import expect

from refund.core.case import CaseKind
from tests.actors import Clerk, Purchase, Slip
from tests.journeys.cast import Cast, CastAt
from tests.journeys.conftest import OpenDevice
from tests.journeys.instance import Instance
from tests.journeys.lab import Lab
from tests.journeys.walks import See
from tests.make import NET_FEN, PAYOUT_REFUSED, VISA
from tests.officials import Operator

Purchases = Callable[..., Purchase]

NEXT_MORNING = datetime.fromisoformat("2025-07-09T09:00:00+08:00")
SMALL = {"price": "1494.00", "net": "134.46", "net_fen": NET_FEN}

PLANTED = ("statement_line_missing", "statement_line_twice", "statement_line_amount")
"""Of the nine lines of this day they hit the first, the third and the second advance."""

WRONG_STATEMENT = {
    "missing_there": "In our books, not on the statement",
    "twice_there": "Twice on the statement",
    "amount_differs": "The amount differs",
}


@pytest.mark.rule("two_persons")
def test_planted_breaks_of_a_statement_are_found_explained_and_fixed(
    own_house: Instance, cast: CastAt, purchases: Purchases, screen: OpenDevice, see: See
) -> None:
    people = cast(own_house)
    lab = Lab(screen(), own_house)
    for fault in (*PLANTED, "release_and_capture"):
        lab.switches_on(fault, times="1")
    a_day_of_nine_lines(own_house, people, purchases)
    assert own_house.command("audit").returncode == 1, "the bank charged a hold that was released"

    own_house.move_to(NEXT_MORNING)
    for kind in WRONG_STATEMENT:
        own_house.waits_for_cases(CaseKind(kind))
    operator = people.operator()
    operator.goes_to("match?first=2025-07-08&last=2025-07-08", "Books, network and border")
    for kind in (*WRONG_STATEMENT, "captured_after_release"):
        expect(operator.page.locator(f'[data-break="{kind}"]')).to_have_count(1)
    see("match", operator)
    for kind, heading in WRONG_STATEMENT.items():
        explains(operator, kind, heading, see)
    follows_the_book(operator, see)
    nothing_is_left(operator, see)
    own_house.audit()


def a_day_of_nine_lines(house: Instance, people: Cast, purchases: Purchases) -> None:
    """Three travellers are paid, one is not, and one leaves the same day."""
    clerk = people.clerk()
    claims(people, clerk, purchases(**SMALL), VISA, "The money has arrived")
    claims(people, clerk, purchases(**SMALL), PAYOUT_REFUSED, "The money could not be paid")
    claims(people, clerk, purchases(**SMALL), VISA, "The money has arrived")
    leaving = purchases(**SMALL)
    slip = claims(people, clerk, leaving, VISA, "The money has arrived")
    clerk.leaves()
    people.officer().verifies(slip.code)
    operator = people.operator()
    operator.imports_departures((leaving, "WUH", house.now().isoformat()))
    operator.previews("Preview the release", slip.form_number)
    operator.settles("Left through Wuhan as promised")
    operator.leaves()


def claims(people: Cast, clerk: Clerk, bought: Purchase, card: str, heading: str) -> Slip:
    """Issue a form, and let its traveller go as far as the card goes."""
    slip, traveller = clerk.issues(bought), people.traveller()
    traveller.claims(slip, bought, card)
    traveller.arrives_at(heading)
    traveller.leaves()
    return slip


def explains(operator: Operator, kind: str, heading: str, see: See) -> None:
    """The network's own book agrees with ours: the statement is wrong, and nothing is posted."""
    operator.opens_a_case(kind, heading)
    expect(operator.page.locator("[data-side]").first).to_be_visible()
    operator.sees("Asked just now, the network's own book has it as we do: its statement is wrong")
    see(f"case-{kind}", operator)
    operator.fixes("Close with an explanation", "A wrong line of theirs; they were told")
    operator.sees("The case is closed; its history says who did what and why.")


def follows_the_book(operator: Operator, see: See) -> None:
    """What the bank charged after all is posted; who bears it is cleared up later."""
    operator.opens_a_case("captured_after_release", "Charged after the release")
    see("case-captured-after-release", operator)
    operator.link_alone("Follow the network's book").click()
    operator.arrives_at("Follow the network's book")
    operator.sees("134.46")
    see("case-fix-posts", operator)
    operator.page.go_back()
    operator.fixes("Follow the network's book", "The bank charged what we had released")
    operator.sees("The case is closed; its history says who did what and why.")


def nothing_is_left(operator: Operator, see: See) -> None:
    """Matched again, everything stays explained, and no case is open."""
    operator.goes_to("match?first=2025-07-08&last=2025-07-08", "Books, network and border")
    operator.button("Match again").click()
    operator.sees("The period was matched again")
    expect(operator.page.locator("[data-break] .badge--care")).to_have_count(0)
    expect(operator.page.locator("[data-break] .badge--done")).to_have_count(4)
    see("match-explained", operator)
    operator.goes_to("statements", "Statements of the card network")
    see("statements", operator)
    operator.goes_to("audit", "Audit")
    operator.button("Check now").click()
    operator.sees("Every promise holds")
    see("audit", operator)
    operator.goes_to("cases", "Cases")
    operator.sees("Nothing is wrong.")
