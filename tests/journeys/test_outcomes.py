"""The outcomes of an advance: lost, broken, for fewer goods, for goods that were brought back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from tests.actors import Purchase, Traveller
from tests.journeys.cast import CastAt
from tests.journeys.instance import Instance

LAST_EVENING = datetime.fromisoformat("2025-07-25T21:00:00+08:00")
THE_DAY_AFTER = datetime.fromisoformat("2025-07-26T09:00:00+08:00")
LAST_SECOND, NEXT_SECOND = "2025-07-25T23:59:59+08:00", "2025-07-26T00:00:00+08:00"
BEFORE_MIDNIGHT = "2025-07-25T23:10:00+08:00"
THREE_BAGS = {"price": "5000.00", "quantity": 3, "net": "1,350.00", "net_fen": 1350_00}
ONE_BAG_FEN = 450_00

Purchases = Callable[..., Purchase]


@pytest.mark.rule("outcome_policy_not_met", "customs_goods_differ", "review_stay")
@pytest.mark.rule("outcome_fewer_goods", "customs_fewer", "return_in_part")
def test_what_is_lost_is_charged_whole_and_of_fewer_goods_the_difference_alone(
    street: Instance, cast: CastAt, purchases: Purchases
) -> None:
    people = cast(street)
    clerk = people.clerk()
    other, overstayed = purchases(), purchases(last_entry="2025-01-20")
    fewer, part = purchases(**THREE_BAGS), purchases(**THREE_BAGS)
    bought = (other, overstayed, fewer, part)
    slips, phones = zip(*(people.advanced(clerk, one) for one in bought), strict=True)
    clerk.takes_back(slips[3], 1, "One bag too many")
    clerk.charges_the_card("By the card, at the departure")
    clerk.sees("Goods that came back")
    told(phones[3], "The money has arrived", "You brought goods back to the store")
    clerk.leaves()

    street.move_to(LAST_EVENING)
    officer = people.officer()
    officer.scans(slips[0].code)
    officer.refuses("The goods are not those of the form")
    told(phones[0], "Customs did not confirm the goods", "This form gives no refund")
    officer.verifies(slips[1].code)
    officer.scans(slips[2].code)
    officer.counts(2)
    officer.sees("450.00", within="#sum")
    officer.confirms_what_was_shown()
    told(phones[2], "Customs have confirmed a part of the goods", "450.00")
    officer.scans(slips[3].code)
    officer.button("Confirm all that is left").click()
    officer.sees_answer("done")

    street.move_to(THE_DAY_AFTER)
    operator = people.operator()
    operator.imports_departures(*((one, "WUH", BEFORE_MIDNIGHT) for one in bought[1:]))
    operator.previews("Preview the charge", slips[0].form_number, slips[1].form_number)
    operator.sees("Customs refused the form.")
    operator.sees("Left after the longest stay that allows a refund.")
    operator.settles("Conditions not met")
    operator.sees_state("forfeited")
    operator.opens_the_exit_desk()
    operator.previews("Preview the charge", slips[2].form_number, slips[3].form_number)
    operator.settles("Fewer goods left")
    operator.sees_state("adjusted")

    told(phones[0], "There is no refund for this form", "The goods that were shown are not those")
    stay = "You left after the longest stay that allows a refund, counted from your last entry."
    told(phones[1], "There is no refund for this form", stay)
    told(phones[2], "All done: only the difference was charged", "450.00")
    told(phones[3], "All done: only the difference was charged", "900.00")
    book = street.network_book()
    assert book.payouts_fen == sum(one.net_fen for one in bought)
    assert book.captures_fen == 2 * other.net_fen + 2 * ONE_BAG_FEN
    assert book.held_open_fen == 0
    street.audit()


@pytest.mark.rule("outcome_promise_broken", "wrong_port", "late_second", "outcome_kept")
def test_the_last_second_keeps_the_promise_and_the_next_one_or_another_port_breaks_it(
    street: Instance, cast: CastAt, purchases: Purchases
) -> None:
    people = cast(street)
    clerk = people.clerk()
    bought = (purchases(), purchases(), purchases())
    slips, phones = zip(*(people.advanced(clerk, one) for one in bought), strict=True)
    clerk.leaves()

    street.move_to(LAST_EVENING)
    officer = people.officer()
    for slip in slips[:2]:
        officer.verifies(slip.code)
    people.officer("officer-2").verifies(slips[2].code)

    street.move_to(THE_DAY_AFTER)
    operator = people.operator()
    operator.imports_departures(
        (bought[0], "WUH", LAST_SECOND),
        (bought[1], "WUH", NEXT_SECOND),
        (bought[2], "YIH", LAST_SECOND),
    )
    operator.previews("Preview the release", slips[0].form_number)
    operator.settles("The last second of the last day")
    operator.sees_state("released")
    operator.opens_the_exit_desk()
    operator.previews("Preview the charge", slips[1].form_number, slips[2].form_number)
    operator.settles("Late, and elsewhere")
    operator.sees_state("captured")

    told(phones[0], "All done: the hold is released", bought[0].net)
    charged = "The advance was charged to your card"
    told(phones[1], charged, "You left after the last day of the promise.")
    elsewhere = "You left through another port than the one in the promise."
    told(phones[2], charged, elsewhere)
    book = street.network_book()
    assert book.captures_fen == bought[1].net_fen + bought[2].net_fen
    assert book.held_open_fen == 0
    street.audit()


@pytest.mark.rule("outcome_goods_brought_back", "return_after_advance", "return_by_store_or_card")
def test_goods_brought_back_bring_the_advance_back_in_the_store_or_by_the_card(
    street: Instance, cast: CastAt, purchases: Purchases
) -> None:
    people = cast(street)
    clerk = people.clerk()
    bought = (purchases(), purchases())
    slips, phones = zip(*(people.advanced(clerk, one) for one in bought), strict=True)
    clerk.takes_back(slips[0], 1, "Wrong colour")
    clerk.takes_the_cash(bought[0].net)
    clerk.sees_state("returned")
    told(phones[0], "This form has ended in the store", "Paid back in the store")
    clerk.takes_back(slips[1], 1, "Did not fit")
    clerk.charges_the_card("By the card, now")
    clerk.sees_state("returned")
    told(phones[1], "This form has ended in the store", "Charged to your card")

    officer = people.officer()
    officer.watch.allow(410)
    officer.scans(slips[0].code)
    officer.sees_answer("stop")
    officer.sees("Goods brought back")
    book = street.network_book()
    assert book.payouts_fen == 2 * bought[0].net_fen
    assert (book.captures_fen, book.held_open_fen) == (bought[1].net_fen, 0)
    street.audit()


def told(traveller: Traveller, heading: str, words: str) -> None:
    """Look at the phone once more: it says where the form stands, and why."""
    traveller.page.reload()
    traveller.arrives_at(heading)
    traveller.page.get_by_text(traveller.say(words)).first.wait_for()
