"""The exit's desk while customs work: it renews itself, and all that can be is released at once."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.actors import Purchase
from tests.journeys.cast import CastAt
from tests.journeys.instance import Instance
from tests.journeys.walks import See

Purchases = Callable[..., Purchase]


def test_the_desk_shows_by_itself_what_customs_verify_and_releases_all_of_it(
    own_house: Instance, cast: CastAt, purchases: Purchases, see: See
) -> None:
    people = cast(own_house)
    clerk = people.clerk()
    bought = [purchases() for _ in range(2)]
    slips, phones = zip(*(people.advanced(clerk, one) for one in bought), strict=True)
    clerk.leaves()
    desk = people.operator()
    desk.opens_the_exit_desk()
    desk.sees("Nothing decided yet today")
    see("exit-live-empty", desk)

    officer = people.officer()
    officer.verifies(slips[0].code)
    live = desk.page.locator("#live")
    expect(live.get_by_role("link", name=slips[0].form_number)).to_be_visible()
    officer.verifies(slips[1].code)
    newest = live.locator("tbody tr").first
    expect(newest.get_by_role("link", name=slips[1].form_number)).to_be_visible()
    see("exit-live", desk)

    left_at = own_house.now().isoformat()
    other = people.operator()
    other.imports_departures(*((one, "WUH", left_at) for one in bought))
    other.leaves()
    desk.page.reload()
    desk.link("Release all that can be").click()
    desk.arrives_at("Preview: nothing has been done yet")
    desk.sees("2,012.40")
    see("exit-release-all", desk)
    desk.settles("Left through Wuhan as promised")
    for slip in slips:
        desk.sees(slip.form_number, within="table")
    see("exit-released", desk)
    desk.goes_to("exit/release", "Preview: nothing has been done yet")
    desk.sees("Nothing can be released now")
    for phone in phones:
        phone.page.reload()
        phone.arrives_at("All done: the hold is released")
    assert own_house.network_book().held_open_fen == 0
    own_house.audit()
