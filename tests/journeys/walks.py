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
    traveller.page.goto(form)


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


def walk_past_the_exit(
    see: See, operator: Operator, slip: Slip, purchase: Purchase, left_at: str
) -> None:
    """Look at what waits, release the hold of a traveller who left, and read the books."""
    operator.page.goto(f"{operator.home}/operator/")
    see("operator-sign-in", operator)
    operator.signs_in("operator-1")
    operator.records_departure(purchase, left_at)
    see("operator-exit", operator)
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
    operator.watch.allow(404)
    operator.page.goto(f"{operator.home}/operator/nowhere")
    see("error-not-found", operator)
