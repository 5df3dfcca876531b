"""The instant refund of 8 July 2025: from the counter to the exit, and the hold is released."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

import pytest

from tests.actors import Clerk, Purchase, Slip, Traveller
from tests.journeys.cast import CastAt
from tests.journeys.conftest import OpenDevice
from tests.journeys.instance import Instance
from tests.make import VISA
from tests.officials import Officer, Operator

TAPS_MAX = 8
DEPARTURE = datetime.fromisoformat("2025-07-20T15:00:00+08:00")
THE_DAY_AFTER = datetime.fromisoformat("2025-07-21T09:00:00+08:00")


@pytest.mark.rule("outcome_kept", "hold_before_advance", "advance_is_net")
def test_a_traveller_from_hong_kong_has_the_money_at_once_and_the_hold_is_released_at_the_exit(
    street: Instance,
    purchase: Purchase,
    screen: OpenDevice,
    record_property: Callable[[str, object], None],
    cast: CastAt,
) -> None:
    clerk = cast(street).clerk(language="zh_Hans")
    slip = issued(clerk, purchase)
    assert slip.code.startswith(f"{street.url.upper()}/F/")

    traveller = cast(street).traveller("en")
    began = time.monotonic()
    traveller.claims(slip, purchase, VISA)
    traveller.arrives_at("The money has arrived")
    record_property("seconds_from_scan_to_money", round(time.monotonic() - began, 1))
    record_property("taps_from_scan_to_money", traveller.taps)
    traveller.sees(purchase.net)
    assert traveller.taps <= TAPS_MAX
    assert street.network_book().payouts_fen == 100620
    clerk.sees_state("advanced")

    clerk.leaves()
    street.move_to(DEPARTURE)
    verified(Officer(screen("zh_Hans"), street.url), traveller)
    street.move_to(THE_DAY_AFTER)
    released(Operator(screen("en"), street.url), slip.form_number, purchase)
    traveller.page.reload()
    traveller.arrives_at("All done: the hold is released")
    book = street.network_book()
    assert (book.payouts_fen, book.captures_fen, book.held_open_fen) == (100620, 0, 0)
    assert all(finding["holds"] for finding in street.audit())


def issued(clerk: Clerk, purchase: Purchase) -> Slip:
    """Issue the form after a dry run, and hand over the slip."""
    clerk.begins_a_form()
    clerk.fills_in(purchase)
    clerk.checks()
    clerk.sees("Ready to issue")
    clerk.arrives_at("Issue a form")
    clerk.presses_issue()
    return clerk.hands_over_slip()


def verified(officer: Officer, traveller: Traveller) -> None:
    """Verify at departure by the code on the phone."""
    officer.signs_in("officer-1")
    officer.scans(traveller.reads_code())
    officer.arrives_at("Compare and confirm")
    officer.sees_answer("go")
    officer.sees("LI KA MING")
    officer.confirms()
    traveller.page.reload()
    traveller.arrives_at("Customs have confirmed the goods")


def released(operator: Operator, form_number: str, purchase: Purchase) -> None:
    """Record the departure, and release the hold."""
    operator.signs_in("operator-1")
    operator.records_departure(purchase, "2025-07-20T16:10")
    operator.previews("Preview the release", form_number)
    operator.settles("Left through Wuhan as promised")
    operator.sees_state("released")
