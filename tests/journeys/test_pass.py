"""The exit pass on a real phone: one code at the desk, without a connection, on a second phone."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.actors import Purchase, Traveller
from tests.journeys.cast import Cast, CastAt
from tests.journeys.instance import Instance

PASS = "/traveller/pass"
WORKED_FOR = "() => navigator.serviceWorker.controller"
KEPT = "async () => Boolean(await caches.match('/traveller/pass'))"


def opens_the_pass(traveller: Traveller) -> None:
    """Open the pass, and wait until the phone keeps it."""
    traveller.page.goto(f"{traveller.home}{PASS}")
    traveller.arrives_at("Exit pass")
    traveller.page.wait_for_function(WORKED_FOR)
    traveller.page.wait_for_function(KEPT)


def two_forms(people: Cast, purchases: Callable[..., Purchase]) -> tuple[Traveller, list[str]]:
    """A traveller with a form of each of two stores, one of them paid."""
    first = purchases()
    second = purchases(permit=first.permit)
    slip, traveller = people.advanced(people.clerk(), first)
    other = people.clerk("clerk-2").issues(second)
    traveller.scans(other.code)
    traveller.arrives_at("Your tax refund")
    return traveller, [slip.form_number, other.form_number]


def test_one_code_shows_all_forms_at_the_desk(
    house: Instance, cast: CastAt, purchases: Callable[..., Purchase]
) -> None:
    people = cast(house)
    traveller, numbers = two_forms(people, purchases)
    opens_the_pass(traveller)
    traveller.sees("Yes, if you keep the promise.")
    code = traveller.reads_code()
    assert "/P/" in code
    officer = people.officer()
    officer.scans(code)
    officer.arrives_at("Exit pass with 2 forms")
    for number in numbers:
        officer.sees(number)
    officer.page.get_by_role("link", name=numbers[0]).click()
    officer.arrives_at("Compare and confirm")
    officer.confirms()
    traveller.page.reload()
    traveller.sees("Yes, when you leave now.")
    assert traveller.reads_code() != code


def test_the_pass_opens_without_a_connection_and_what_was_sent_is_sent_again(
    house: Instance, cast: CastAt, purchase: Purchase
) -> None:
    people = cast(house)
    _, traveller = people.advanced(people.clerk(), purchase)
    opens_the_pass(traveller)
    code = traveller.reads_code()
    expect(traveller.page.locator(".kept")).to_be_hidden()
    traveller.watch.allow_lost_connections()
    traveller.page.context.set_offline(True)
    traveller.page.reload()
    traveller.sees("No connection: this is how it stood at that moment")
    assert traveller.reads_code() == code
    traveller.page.goto(f"{traveller.home}/traveller/")
    traveller.arrives_at("No connection")
    traveller.page.context.set_offline(False)
    traveller.arrives_at("My refund forms")

    traveller.page.goto(f"{traveller.home}/traveller/share")
    traveller.page.context.set_offline(True)
    # The phone has not noticed yet that it is offline.
    traveller.page.evaluate("dispatchEvent(new Event('online'))")
    traveller.button("Make a code for another phone").tap()
    traveller.arrives_at("No connection")
    traveller.page.context.set_offline(False)
    traveller.button("Try again").tap()
    traveller.arrives_at("Open it on another phone")
    traveller.sees("Scan this with the other phone's camera.")

    traveller.page.goto(f"{traveller.home}{PASS}")
    traveller.page.get_by_text(traveller.say("Remove from this phone")).tap()
    traveller.button("Remove all forms from this phone").tap()
    traveller.arrives_at("This phone has forgotten your forms")
    traveller.page.wait_for_function("async () => !(await caches.match('/traveller/pass'))")


def test_a_connection_that_is_lost_on_the_way_to_the_money_loses_nothing(
    house: Instance, cast: CastAt, purchase: Purchase
) -> None:
    people = cast(house)
    slip = people.clerk().issues(purchase)
    traveller = people.traveller()
    traveller.scans(slip.code)
    traveller.gives_claim_code(slip.claim_code)
    traveller.arrives_at("Your details")
    traveller.page.wait_for_function(WORKED_FOR)
    traveller.watch.allow_lost_connections()
    traveller.page.context.set_offline(True)
    # The phone has not noticed yet that it is offline.
    traveller.page.evaluate("dispatchEvent(new Event('online'))")
    traveller.gives_details(purchase, method="Alipay")
    traveller.arrives_at("No connection")
    traveller.page.context.set_offline(False)
    traveller.button("Try again").tap()
    traveller.arrives_at("Agreement on the advance")
    traveller.sees("Alipay")
    assert traveller.page.evaluate("sessionStorage.length + localStorage.length") == 0


def test_a_second_phone_has_the_forms_until_the_first_takes_them_back(
    house: Instance, cast: CastAt, purchase: Purchase
) -> None:
    people = cast(house)
    slip, traveller = people.advanced(people.clerk(), purchase)
    traveller.page.goto(f"{traveller.home}/traveller/share")
    traveller.button("Make a code for another phone").tap()
    traveller.sees("Scan this with the other phone's camera.")
    other = people.traveller("zh_Hans")
    other.page.goto(traveller.reads_code())
    other.arrives_at("Open the forms here?")
    other.button("Open them on this phone").tap()
    other.arrives_at("Exit pass")
    other.sees(slip.form_number)
    traveller.sees("Opened on another phone")
    traveller.button("Close it on that phone").tap()
    expect(traveller.button("Make a code for another phone")).to_be_visible()
    other.page.reload()
    other.sees("No form on this phone yet")


def test_a_change_of_language_keeps_what_was_typed(
    house: Instance, cast: CastAt, purchase: Purchase
) -> None:
    people = cast(house)
    slip = people.clerk().issues(purchase)
    traveller = people.traveller()
    traveller.scans(slip.code)
    traveller.gives_claim_code(slip.claim_code)
    traveller.arrives_at("Your details")
    traveller.watch.allow(422)
    tail = traveller.page.locator("[name=document_tail]")
    tail.fill("!")
    traveller.field("Alipay").check()
    traveller.button("Continue").tap()
    expect(tail).to_have_attribute("aria-invalid", "true")
    tail.fill("AB12")
    traveller.page.locator(".languages summary").tap()
    traveller.page.locator(".languages a[lang=zh-Hans]").tap()
    expect(traveller.page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(tail).to_have_value("AB12")
    expect(traveller.page.locator("[name=method][value=alipay]")).to_be_checked()
    assert traveller.page.evaluate("sessionStorage.length + localStorage.length") == 0


def test_a_phone_with_a_wrong_clock_counts_down_from_the_services_moment(
    house: Instance, cast: CastAt, purchase: Purchase
) -> None:
    people = cast(house)
    _, traveller = people.advanced(people.clerk(), purchase)
    traveller.page.clock.set_fixed_time("2031-01-01T00:00:00Z")
    traveller.page.goto(f"{traveller.home}{PASS}")
    traveller.sees("17 days")
    traveller.sees("As of 8 Jul 2025", within="[data-as-of]")
