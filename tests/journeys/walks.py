"""Walks past every main page in turn; whoever walks along looks at each by its name."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.actors import Clerk, Person, Purchase, Slip, Traveller
from tests.make import DECLINED, VISA
from tests.officials import Officer, Operator

See = Callable[[str, Person], None]
"""What is done at each page: it is given the page's name and who stands before it."""

ALTERED = "A" * 136


def walk_past_the_counter(see: See, clerk: Clerk, purchase: Purchase) -> Slip:
    """Sign in, issue a form after a mistake, and print it."""
    clerk.page.goto(f"{clerk.home}/")
    clerk.arrives_at("The tax refund, at once")
    see("front", clerk)
    clerk.page.goto(f"{clerk.home}/store/")
    see("clerk-sign-in", clerk)
    clerk.signs_in("clerk-1")
    see("clerk-today-empty", clerk)
    clerk.watch.allow(422)
    clerk.begins_a_form()
    see("clerk-issue-empty", clerk)
    clerk.fills_in(purchase)
    clerk.field("Machine-readable zone").fill(purchase.zone.replace("LI<<", "LI<?"))
    clerk.field("Last entry into the mainland").fill("2025-02-30")
    clerk.checks()
    expect(clerk.page.get_by_role("alert")).to_be_focused()
    see("clerk-issue-refused", clerk)
    clerk.fills_in(purchase)
    clerk.checks()
    clerk.sees("Ready to issue")
    see("clerk-issue-ready", clerk)
    clerk.presses_issue()
    see("clerk-form", clerk)
    slip = clerk.hands_over_slip()
    see("clerk-form-claim-code", clerk)
    clerk.page.goto(f"{slip.page}/void")
    see("clerk-void", clerk)
    clerk.begins_to_correct(slip)
    see("clerk-correct", clerk)
    clerk.goes_to("find", "Find a form")
    clerk.page.locator('[name="document"]').fill(purchase.zone)
    clerk.button("Find").click()
    clerk.sees(slip.form_number)
    see("clerk-find", clerk)
    clerk.page.goto(f"{clerk.home}/store/goods?q=b")
    see("clerk-goods", clerk)
    clerk.page.goto(f"{clerk.home}/store/")
    clerk.arrives_at(clerk.desk)
    see("clerk-today", clerk)
    clerk.page.goto(slip.page)
    return slip


def walk_to_the_money(see: See, traveller: Traveller, slip: Slip, purchase: Purchase) -> None:
    """Scan, claim with a card that is declined and one that is not, and look at the pass."""
    traveller.page.goto(f"{traveller.home}/traveller/")
    see("traveller-no-form-yet", traveller)
    traveller.watch.allow(404, 422)
    traveller.page.goto(slip.code[:-1])
    see("traveller-code-torn", traveller)
    traveller.scans(slip.code)
    see("traveller-scanned", traveller)
    traveller.gives_claim_code(f"{(int(slip.claim_code) + 1) % 1_000_000:06}")
    traveller.sees("4", within='[role="alert"], .error')
    see("traveller-claim-code-wrong", traveller)
    traveller.page.reload()
    traveller.scans(slip.code)
    traveller.gives_claim_code(slip.claim_code)
    traveller.arrives_at("Your details")
    see("traveller-details", traveller)
    traveller.gives_details(purchase)
    traveller.arrives_at("Agreement on the advance")
    see("traveller-agreement", traveller)
    traveller.signs()
    traveller.sees("Sandbox Card Network")
    see("network-card", traveller)
    traveller.gives_card(DECLINED)
    traveller.arrives_at("Get the money")
    see("traveller-confirm", traveller)
    traveller.asks_for_the_money(purchase)
    traveller.arrives_at("The card was declined")
    see("traveller-declined", traveller)
    form = traveller.page.url.partition("?")[0]
    traveller.page.goto(f"{form}/ordinary")
    see("traveller-ordinary", traveller)
    traveller.page.goto(form)
    traveller.button("Give a card").tap()
    traveller.gives_card(VISA)
    traveller.arrives_at("Get the money")
    traveller.asks_for_the_money(purchase)
    traveller.arrives_at("The money has arrived")
    see("traveller-money", traveller)
    traveller.page.goto(f"{traveller.home}/traveller/")
    see("traveller-forms", traveller)
    for page in ("pass", "others", "share", "offline"):
        traveller.page.goto(f"{traveller.home}/traveller/{page}")
        see(f"traveller-{page}", traveller)
    traveller.page.goto(f"{traveller.home}/traveller/share")
    traveller.button("Make a code for another phone").tap()
    traveller.sees("Scan this with the other phone's camera.")
    see("traveller-share-code", traveller)
    traveller.page.goto(form)


def walk_past_a_return(see: See, clerk: Clerk, slip: Slip) -> None:
    """Look at what bringing the goods of a form back would mean once its money is paid."""
    clerk.takes_back(slip, 1, "Wrong colour")
    clerk.field("In cash, in the store, now").check()
    see("clerk-return", clerk)
    clerk.page.goto(slip.page)


def walk_past_the_point(see: See, operator: Operator, purchase: Purchase, net: str) -> None:
    """Claim the forms of one traveller together, with a card that is declined at first."""
    operator.goes_to("point", "Refund point")
    see("point-empty", operator)
    operator.finds_at_the_point(purchase)
    see("point-forms", operator)
    operator.begins_the_joint_agreement()
    see("point-sign", operator)
    operator.signs_the_joint_agreement()
    operator.gives_the_card_for_all(DECLINED)
    operator.pays_the_advances(net)
    operator.arrives_at("The card for all")
    see("point-declined", operator)
    operator.button("Give a card").click()
    operator.gives_the_card_for_all(VISA)
    see("point-confirm", operator)
    operator.pays_the_advances(net)
    operator.arrives_at("Claimed together")
    see("point-claimed", operator)


def walk_past_the_items(see: See, officer: Officer, slip: Slip, purchase: Purchase) -> None:
    """Look at a form item by item, at its refusal, and for one that was lost."""
    officer.goes_to("document", "Find a form by the traveller's document")
    see("customs-document", officer)
    officer.field("Machine-readable zone").fill(purchase.zone)
    officer.button("Find the forms").click()
    officer.page.wait_for_url("**/customs/forms/**")
    see("customs-document-found", officer)
    form = f"{officer.home}/customs/forms/{slip.page.rpartition('/')[2]}"
    officer.page.goto(form)
    officer.counts(purchase.quantity - 1)
    see("customs-lines", officer)
    officer.page.goto(f"{form}/refuse")
    officer.field("The goods are not those of the form").check()
    see("customs-refuse", officer)
    officer.button("Go on").click()
    officer.arrives_at("Refuse for good?")
    see("customs-refuse-confirm", officer)
    officer.page.goto(f"{officer.home}/customs/")


def walk_past_the_refund_counter(
    see: See, operator: Operator, slip: Slip, purchase: Purchase
) -> None:
    """Open a till, pay a form in cash against a signature, and count."""
    operator.goes_to("counter", "Which counter?")
    see("counter-ports", operator)
    operator.goes_to("counter/WUH/till", "Open the till")
    see("counter-open", operator)
    operator.opens_the_till("WUH", "2000.00")
    see("counter-home", operator)
    operator.finds_at_the_counter("WUH", slip.form_number)
    see("counter-document", operator)
    operator.compares_the_document(purchase)
    see("counter-pay", operator)
    operator.link_alone("Cash").click()
    operator.arrives_at("Receipt to be signed")
    operator.has_it_signed()
    see("counter-sign", operator)
    operator.button_with("Pay CNY %(sum)s in cash", sum=purchase.net).click()
    operator.arrives_at("Hand over")
    see("counter-receipt", operator)
    operator.goes_to("counter/WUH/till", "Count and close the till")
    see("counter-count", operator)
    operator.goes_to("counter/tills", "Tills")
    see("counter-tills", operator)


def walk_past_the_registers(see: See, operator: Operator, slip: Slip) -> None:
    """Look at the rules, a row that is not added, a form under other rules, and a store."""
    operator.goes_to("rules", "Rules")
    see("rules", operator)
    operator.goes_to("rules/promise_days/add", "New value for a day to come")
    see("rules-add", operator)
    operator.previews_a_rule("promise_days", "21", "2025-08-01", "Example of a notice")
    see("rules-preview", operator)
    form = slip.page.rpartition("/")[2]
    operator.goes_to(
        f"forms/{form}/other-rules?day=2026-07-01",
        "What this form would have been under other rules",
    )
    see("rules-other", operator)
    for path in ("stores/1", "stores/1/suspend", "stores/1/change", "stores/new", "settlements"):
        operator.page.goto(f"{operator.home}/operator/{path}")
        see(path.replace("/", "-"), operator)


def walk_past_the_month(see: See, operator: Operator, month: str) -> None:
    """Look at a month, close it, and look again."""
    operator.looks_at_the_month(month)
    see("month-open", operator)
    operator.goes_to(f"settlements/{month}/close", "Close %(month)s", month=month)
    see("month-close", operator)
    operator.closes_the_month(month)
    see("month-closed", operator)


def walk_past_customs(see: See, officer: Officer, slip: Slip, other: Slip) -> None:
    """Verify one form, and meet what cannot be verified; `other` is verified already."""
    officer.page.goto(f"{officer.home}/customs/")
    see("customs-sign-in", officer)
    officer.signs_in("officer-1")
    see("customs-scan", officer)
    officer.watch.allow(404, 422)
    officer.scans(f"{officer.home.upper()}/F/{ALTERED}")
    officer.sees_answer("stop")
    see("customs-stop", officer)
    officer.scans(other.form_number)
    officer.arrives_at("Compare and confirm")
    officer.confirms()
    officer.scans(other.form_number)
    officer.sees_answer("care")
    see("customs-care", officer)
    officer.scans(slip.code)
    officer.arrives_at("Compare and confirm")
    see("customs-answer", officer)
    officer.confirms()
    see("customs-confirmed", officer)


def walk_past_the_offline_desk(see: See, officer: Officer, slip: Slip) -> None:
    """Decide without the network on a form that was decided otherwise, and send it."""
    officer.goes_to("offline", "Offline desk")
    see("offline-begin", officer)
    officer.begins_the_shift()
    officer.watch.allow_lost_connections()
    officer.page.context.set_offline(True)
    officer.scans_offline(slip.code)
    see("offline-answer", officer)
    officer.refuses_offline("The goods are not those of the form")
    officer.sees_it_kept()
    see("offline-kept", officer)
    officer.page.context.set_offline(False)
    officer.button("Send now").click()
    officer.waits_to_send(0)
    see("offline-sent", officer)
    officer.goes_to("reviews", "Reviews")
    see("customs-reviews", officer)
    officer.link("Look").first.click()
    officer.arrives_at("Customs decided otherwise meanwhile")
    see("customs-review", officer)
    officer.goes_to("figures", "Figures of the desk")
    see("customs-figures", officer)
    officer.goes_to("offline", "Offline desk")
    officer.presses("End the shift and forget everything on this device")
    officer.sees("Begin the shift while there is a network")


def walk_past_the_exit(
    see: See, operator: Operator, slip: Slip, purchase: Purchase, left_at: str
) -> None:
    """Look at what waits, release the hold of a traveller who left, and read the books."""
    operator.page.goto(f"{operator.home}/operator/")
    see("operator-sign-in", operator)
    operator.signs_in("operator-1")
    operator.records_departure(purchase, left_at)
    see("operator-exit", operator)
    operator.page.goto(f"{operator.home}/operator/exit/release")
    see("operator-release", operator)
    operator.page.goto(f"{operator.home}/operator/")
    operator.arrives_at(operator.desk)
    see("operator-waits", operator)
    operator.opens_the_exit_desk()
    operator.previews("Preview the release", slip.form_number)
    see("operator-preview", operator)
    operator.settles("Left through Wuhan as promised")
    see("operator-settled", operator)
    operator.page.get_by_role("link", name=slip.form_number).click()
    operator.page.wait_for_url("**/operator/forms/*")
    see("operator-form", operator)
    for path in ("exit/record", "exit/import", "forms", "stores", "books", "audit", "keys"):
        operator.page.goto(f"{operator.home}/operator/{path}")
        see(f"operator-{path.rpartition('/')[2]}", operator)
    operator.page.goto(f"{operator.home}/operator/figures?days=30")
    see("operator-figures", operator)
    for path in ("exports", "people", "keys/rotate", "sampling", "reviews"):
        operator.page.goto(f"{operator.home}/operator/{path}")
        see(f"operator-{path.rpartition('/')[2]}", operator)
    operator.watch.allow(404)
    operator.page.goto(f"{operator.home}/operator/nowhere")
    see("error-not-found", operator)


def walk_past_the_books(see: See, operator: Operator, day: str) -> None:
    """Look at the cases, the statements, the match of a day, the exit, and the books of then."""
    for name, path in {
        "cases": "cases",
        "cases-closed": "cases/closed",
        "statements": "statements",
        "match": f"match?first={day}&last={day}",
        "exit-live": "exit",
        "exit-release": "exit/release",
        "books-then": f"books?at={day}T23:59",
        "audit": "audit",
    }.items():
        operator.page.goto(f"{operator.home}/operator/{path}")
        see(name, operator)


def walk_past_a_case(see: See, operator: Operator, kind: str) -> None:
    """Look at the oldest case of a kind, and at what its proposed fix would do."""
    operator.goes_to("cases", "Cases")
    operator.page.locator(f'[data-case="{kind}"] th a').first.click()
    operator.page.wait_for_url("**/cases/*")
    see("case", operator)
    operator.page.locator(".card--next .button").first.click()
    operator.page.wait_for_url("**/fix/*")
    see("case-fix", operator)
