"""Every main page, light and dark, is free of what axe calls serious or critical."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from tests.actors import Clerk, Purchase, Traveller
from tests.journeys.cast import CastAt
from tests.journeys.conftest import OpenDevice
from tests.journeys.instance import Instance
from tests.journeys.walks import (
    See,
    walk_past_a_return,
    walk_past_customs,
    walk_past_the_books,
    walk_past_the_counter,
    walk_past_the_exit,
    walk_past_the_items,
    walk_past_the_month,
    walk_past_the_offline_desk,
    walk_past_the_point,
    walk_past_the_refund_counter,
    walk_past_the_registers,
    walk_to_the_money,
)

DEPARTURE = datetime.fromisoformat("2025-07-20T13:00:00+08:00")
AUGUST = datetime.fromisoformat("2025-08-04T09:00:00+08:00")
EXIT_DESK = datetime.fromisoformat("2025-07-20T16:00:00+08:00")


def test_the_counter_and_the_phone_can_be_used_by_everyone(
    house: Instance, purchase: Purchase, screen: OpenDevice, phone: OpenDevice, see: See
) -> None:
    clerk = Clerk(screen("zh_Hans"), house.url)
    slip = walk_past_the_counter(see, clerk, purchase)
    walk_to_the_money(see, Traveller(phone(), house.url), slip, purchase)
    walk_past_a_return(see, clerk, slip)


def test_the_refund_point_can_be_used_by_everyone(
    house: Instance,
    cast: CastAt,
    purchases: Callable[..., Purchase],
    see: See,
) -> None:
    people = cast(house)
    first = purchases()
    people.clerk().issues(first)
    people.clerk("clerk-2").issues(purchases(permit=first.permit))
    walk_past_the_point(see, people.operator(), first, "2,012.40")


def test_customs_the_exit_and_the_agency_can_be_used_by_everyone(
    own_house: Instance,
    cast: CastAt,
    purchases: Callable[..., Purchase],
    see: See,
) -> None:
    people = cast(own_house)
    bought, also = purchases(), purchases()
    clerk = people.clerk()
    slip, traveller = people.advanced(clerk, bought)
    other = clerk.issues(also)
    clerk.leaves()
    own_house.move_to(DEPARTURE)
    officer = people.officer(language="zh_Hans")
    walk_past_the_items(see, officer, slip, bought)
    officer.signs_out()
    walk_past_customs(see, officer, slip, other)
    walk_past_the_offline_desk(see, officer, slip)
    own_house.move_to(EXIT_DESK)
    operator = people.operator()
    walk_past_the_refund_counter(see, operator, other, also)
    walk_past_the_registers(see, operator, slip)
    walk_past_the_books(see, operator, "2025-07-08")
    operator.signs_out()
    walk_past_the_exit(see, operator, slip, bought, "2025-07-20T15:30")
    traveller.page.reload()
    traveller.arrives_at("All done: the hold is released")
    see("traveller-released", traveller)
    own_house.move_to(AUGUST)
    walk_past_the_month(see, people.operator(), "2025-07")
