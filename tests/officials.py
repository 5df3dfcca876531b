"""The officials of a journey, customs and agency, with the verbs of their desks."""

from __future__ import annotations

import re

from playwright.sync_api import Download, FilePayload, Locator, expect

from tests.actors import Purchase, Staff


class Officer(Staff):
    """Who verifies goods at a port of departure."""

    door = "customs"
    desk = "Scan the code on the form"

    def scans(self, code: str) -> None:
        """Let the hand scanner type what it read, with its closing key."""
        if "/customs/forms/" not in self.page.url or "confirmed" in self.page.url:
            expect(self.field("Code or form number").first).to_be_focused()
        self.page.keyboard.type(code)
        self.page.keyboard.press("Enter")

    def sees_answer(self, kind: str) -> None:
        """The answer's kind: `go`, `care`, `stop`, or `done`."""
        expect(self.page.locator(f'[data-answer="{kind}"]')).to_be_visible()

    def confirms(self) -> None:
        """Confirm all goods as listed."""
        self.button("Confirm all as listed").click()
        self.arrives_at("Confirmed")

    def verifies(self, code: str) -> None:
        """Scan a form that is in order, and confirm it."""
        self.scans(code)
        self.arrives_at("Compare and confirm")
        self.confirms()

    def counts(self, *quantities: int) -> None:
        """Go item by item, and say how many of each line are shown."""
        self.link_alone("Item by item").click()
        self.arrives_at("What is really shown?")
        for place, quantity in enumerate(quantities):
            self.page.locator("[data-step-most]").nth(place).fill(str(quantity))
        expect(self.page.locator("#sum .strong").first).to_contain_text(str(sum(quantities)))

    def confirms_what_was_shown(self) -> None:
        """Confirm what was counted, which is less than listed."""
        self.button("Confirm what was shown").click()
        self.arrives_at("Confirmed in part")

    def names_a_reason(self, reason: str) -> None:
        """Begin to refuse the form on the screen, as far as the question whether it is meant."""
        self.link_alone("Refuse").click()
        self.arrives_at("Refuse the form")
        self.field(reason).check()
        self.button("Go on").click()
        self.arrives_at("Refuse for good?")

    def refuses(self, reason: str) -> None:
        """Refuse the form on the screen for good."""
        self.names_a_reason(reason)
        self.button("Refuse the form").click()
        self.arrives_at("Refused")

    def begins_the_shift(self) -> None:
        """Take along what a shift without the network needs."""
        self.goes_to("offline", "Offline desk")
        self.button("Begin the shift on this device").click()
        self.sees("The network is there. The desk online knows more.")
        self.page.evaluate("navigator.serviceWorker.ready")

    def scans_offline(self, code: str) -> None:
        """Let the hand scanner type what it read while there is no network."""
        expect(self.field("Code on the form or on the exit pass")).to_be_focused()
        self.page.keyboard.type(code)
        self.page.keyboard.press("Enter")
        expect(self.page.locator("[data-answer-place] [data-answer]")).to_be_visible()

    def presses(self, button: str) -> None:
        """Press the button that says so."""
        self.button(button).first.click()

    def counts_offline(self, *quantities: int) -> None:
        """Say how many of each line are shown."""
        for place, quantity in enumerate(quantities):
            self.page.locator("[data-answer-place] [data-step-most]").nth(place).fill(str(quantity))

    def refuses_offline(self, reason: str) -> None:
        """Refuse the form on the screen for a reason."""
        place = self.page.locator("[data-answer-place]")
        place.locator("summary").click()
        place.get_by_label(self.say(reason)).check()
        place.get_by_role("button", name=self.say("Refuse the form")).click()

    def sees_it_kept(self) -> None:
        """The decision is on the device, and the answer says that it is not confirmed."""
        expect(self.page.locator("[data-answer=done]")).to_be_visible()
        self.sees("Kept, not yet confirmed")

    def waits_to_send(self, count: int) -> None:
        """So many decisions wait to be sent, as the bar says."""
        expect(self.page.locator(".away__bar [data-queue-count]")).to_have_text(str(count))


class Operator(Staff):
    """Who reconciles at the exit for the agency."""

    door = "operator"
    desk = "What waits"

    def opens_the_exit_desk(self) -> None:
        """Go to what waits at the exit."""
        self.link("Exit board").first.click()
        self.arrives_at("Exit board")

    def records_departure(self, purchase: Purchase, left_at: str, port: str = "WUH") -> None:
        """Take in that a traveller left."""
        self.opens_the_exit_desk()
        self.link("Record a departure").click()
        self.arrives_at("Record a departure")
        self.field("Mainland Travel Permit for Hong Kong and Macao residents").check()
        self.field("Document number").fill(purchase.permit)
        self.page.locator('[name="port"]').select_option(port)
        self.field("Left at").fill(left_at)
        self.page.get_by_role("button", name=self.say("Record"), exact=True).click()
        self.arrives_at("Exit board")

    def imports_departures(self, *seen: tuple[Purchase, str, str]) -> None:
        """Take in a file of departures: who, through which port, and when to the second."""
        self.goes_to("exit/import", "Import exit records")
        rows = [f"hk_macao_permit,{who.permit},{port},{left_at}" for who, port, left_at in seen]
        text = "\n".join(("document_kind,document_number,port,exited_at", *rows, ""))
        file = FilePayload(name="exits.csv", mimeType="text/csv", buffer=text.encode())
        self.field("CSV file").set_input_files(file)
        self.button("Import").click()
        self.arrives_at("Exit board")

    def previews(self, button: str, *form_numbers: str) -> None:
        """Tick forms of one queue and look at what would be done."""
        queues = self.page.locator("section:not(#broken)")
        queue = queues.filter(has=self.page.get_by_label(form_numbers[0]))
        for number in form_numbers:
            queue.get_by_label(number).check()
        queue.get_by_role("button", name=self.say(button)).click()
        self.arrives_at("Preview: nothing has been done yet")

    def confirms(self) -> None:
        """Press what does it."""
        self.button("Confirm").click()

    def settles(self, reason: str) -> None:
        """Confirm the preview with a reason."""
        self.field("Reason").fill(reason)
        self.confirms()
        self.arrives_at("Result")
        expect(self.page.locator('[data-outcome="done"]')).to_be_visible()

    def opens_the_till(self, port: str, cash: str) -> None:
        """Put cash into the till of a counter."""
        self.goes_to(f"counter/{port}/till", "Open the till")
        self.field("Cash that is put in").fill(cash)
        self.button("Open the till").click()
        self.arrives_at("Next traveller")

    def finds_at_the_counter(self, port: str, scanned: str) -> None:
        """Scan what the next traveller shows."""
        self.goes_to(f"counter/{port}", "Next traveller")
        self.field("Scan the form, or the passport or permit").fill(scanned)
        self.button("Find").click()
        self.arrives_at("Form")

    def compares_the_document(self, purchase: Purchase) -> None:
        """Scan the document that lies on the counter."""
        self.field("Scan the document that lies on the counter").fill(purchase.zone)
        self.button("Compare").click()
        self.sees("Ready to be paid")

    def has_it_signed(self, pad_says: str = "Sign here") -> None:
        """Hand the pen over: the traveller signs on the pad."""
        pad = self.page.get_by_role("img", name=self.say(pad_says))
        pad.scroll_into_view_if_needed()
        box = pad.bounding_box()
        assert box is not None
        mouse = self.page.mouse
        mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.6)
        mouse.down()
        for x, y in ((0.35, 0.3), (0.5, 0.7), (0.65, 0.3), (0.8, 0.6)):
            mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y, steps=40)
        mouse.up()

    def pays_in_cash(self, net: str) -> None:
        """Pay against a signed receipt out of the till."""
        self.link_alone("Cash").click()
        self.arrives_at("Receipt to be signed")
        self.has_it_signed()
        self.button_with("Pay CNY %(sum)s in cash", sum=net).click()
        self.arrives_at("Hand over")

    def pays_to_an_account(self, net: str, account: str) -> None:
        """Let the network pay to a bank account, which is typed on its own page."""
        self.button("Bank account").click()
        self.sees("Sandbox Card Network")
        self.field("Bank account for the money").fill(account)
        self.button("Give this account").click()
        self.arrives_at("Receipt to be signed")
        self.has_it_signed()
        self.button_with("Pay CNY %(sum)s", sum=net).click()
        self.arrives_at("Paid to the traveller")

    def button_with(self, text: str, **facts: object) -> Locator:
        """The button that says so, with its facts."""
        return self.page.get_by_role("button", name=self.say(text, **facts))

    def counts_the_till(self, port: str, **pieces: int) -> None:
        """Count notes and coins by their worth in fen, `n10000=3`, and close the till."""
        self.goes_to(f"counter/{port}/till", "Count and close the till")
        for worth, count in pieces.items():
            self.page.locator(f'[data-worth="{worth[1:]}"]').fill(str(count))
        self.button("Close the till").click()

    def finds_at_the_point(self, purchase: Purchase) -> None:
        """Find every form of the traveller who stands at the refund point."""
        self.goes_to("point", "Refund point")
        self.field("Mainland Travel Permit for Hong Kong and Macao residents").check()
        self.field("Document number").fill(purchase.permit)
        self.button("Show the forms").click()
        self.sees("Forms of %(name)s", name="LI KA MING")

    def begins_the_joint_agreement(self) -> None:
        """Go on with what is ticked."""
        self.button("Claim the ticked forms together").click()
        self.arrives_at("One agreement for all")

    def signs_the_joint_agreement(self) -> None:
        """Have the one agreement signed; it leads to the network's page."""
        self.has_it_signed("The traveller signs here")
        self.button("Sign and go to the card").click()

    def gives_the_card_for_all(self, number: str) -> None:
        """Choose a trial card on the network's own page, and give it."""
        self.sees("Sandbox Card Network")
        self.page.get_by_text(self.say("Trial cards of the simulation")).click()
        self.page.get_by_text(" ".join(re.findall("....", number))).click()
        self.button("Give this card").click()
        self.arrives_at("Pay the advances")

    def pays_the_advances(self, net: str) -> None:
        """Ask for the money of all forms."""
        self.button_with("Pay CNY %(sum)s now", sum=net).click()

    def claims_together(self, net: str, card: str) -> None:
        """Claim what is ticked: one signature, one card, one payment."""
        self.begins_the_joint_agreement()
        self.signs_the_joint_agreement()
        self.gives_the_card_for_all(card)
        self.pays_the_advances(net)
        self.arrives_at("Claimed together")

    def suspends(self, store_number: int, reason: str) -> None:
        """Suspend a store at once."""
        self.page.goto(f"{self.home}/operator/stores/{store_number}")
        self.link_alone("Suspend").click()
        self.field("Reason").fill(reason)
        self.button("Suspend").click()
        expect(self.page.locator('[data-state="suspended"]').first).to_be_visible()

    def previews_a_rule(self, name: str, value: str, first_day: str, source: str) -> None:
        """Type a row for a day that lies ahead, and look at what it would change."""
        self.goes_to(f"rules/{name}/add", "New value for a day to come")
        self.page.locator('[name="value"]').fill(value)
        self.field("First day").fill(first_day)
        self.field("Source").fill(source)
        self.field("Grade").select_option("D")
        self.button("Preview").click()
        self.arrives_at("Preview: the rule is not added yet")

    def adds_the_rule(self) -> None:
        """Add the row that was looked at."""
        self.button("Add the rule").click()
        self.arrives_at("Rules")
        self.sees("The rule was added")

    def looks_at_the_month(self, month: str) -> None:
        """Open a month of the settlement."""
        self.goes_to(f"settlements/{month}", "Settlement of %(month)s", month=month)

    def closes_the_month(self, month: str) -> None:
        """Settle a month with the treasury, once and for good."""
        self.looks_at_the_month(month)
        self.link_alone("Close the month").click()
        self.arrives_at("Close %(month)s", month=month)
        self.button("Close the month").click()
        self.arrives_at("Settlement of %(month)s", month=month)
        self.sees("The month is closed")

    def downloads(self, link: str) -> Download:
        """Take the file behind a link."""
        with self.page.expect_download() as taken:
            self.link_alone(link).click()
        return taken.value

    def opens_a_case(self, kind: str, heading: str) -> None:
        """Open the oldest case of a kind, by the name that is stable for ever."""
        self.goes_to("cases", "Cases")
        self.page.locator(f'[data-case="{kind}"] th a').first.click()
        self.arrives_at(heading)

    def fixes(self, fix: str, reason: str) -> None:
        """Look at what a fix of the case on the screen would do, and do it, or ask for it."""
        if not self.link_alone(fix).is_visible():
            self.page.get_by_text(self.say("Something else")).click()
        self.link_alone(fix).click()
        self.arrives_at(fix)
        self.field("Reason").fill(reason)
        self.page.locator("main form.card button").click()
