"""A broken promise that is refunded at a later departure, as one thread, and settled once."""

from __future__ import annotations

import csv
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests import pdf
from tests.actors import Purchase, Slip
from tests.journeys.cast import CastAt
from tests.journeys.instance import Instance
from tests.officials import Operator

THIRD_WORKING_DAY = datetime.fromisoformat("2025-07-30T10:00:00+08:00")
LATER_DEPARTURE = datetime.fromisoformat("2025-08-20T10:00:00+08:00")
SEPTEMBER = datetime.fromisoformat("2025-09-01T09:00:00+08:00")
SUMS = ("11,180.00", "1,229.80", "223.60", "1,006.20")
"""Sales, refund, fee and net of the purchase."""

THE_THREAD = (
    "Issued",
    "The agreement was signed",
    "The hold stands",
    "The advance was paid",
    "The advance was charged back",
    "Verified by customs",
    "The ordinary refund was paid in cash",
)


@pytest.mark.rule("no_show", "outcome_promise_broken", "capture_working_days")
@pytest.mark.rule("ordinary_after_capture", "ordinary_cash", "ordinary_till", "ordinary_receipt")
@pytest.mark.rule("settle_confirmed_only", "settle_adds_up", "settle_closes_once")
def test_a_charged_form_is_refunded_at_a_later_departure_and_claimed_once(
    street: Instance, cast: CastAt, purchase: Purchase, tmp_path: Path
) -> None:
    people = cast(street)
    clerk = people.clerk()
    slip, traveller = people.advanced(clerk, purchase)
    clerk.leaves()

    street.move_to(THIRD_WORKING_DAY)
    operator = people.operator()
    operator.opens_the_exit_desk()
    operator.sees("The promised day is over and no departure was seen.")
    expect(operator.page.get_by_text("overdue")).to_have_count(0)
    operator.previews("Preview the charge", slip.form_number)
    operator.watch.allow(422)
    operator.field("Reason").fill(" ")
    operator.confirms()
    operator.arrives_at("Preview: nothing has been done yet")
    operator.settles("No departure by 25 July")
    operator.sees_state("captured")
    traveller.page.reload()
    traveller.arrives_at("The advance was charged to your card")
    traveller.sees("By the last day of the promise no departure was seen.")
    traveller.sees("What you can still do")

    street.move_to(LATER_DEPARTURE)
    people.officer().verifies(slip.code)
    traveller.page.reload()
    traveller.arrives_at("Customs have confirmed the goods")
    traveller.sees("Now go to the refund counter behind the border")
    paid_at_the_counter(people.operator(), slip, purchase)
    traveller.page.reload()
    traveller.arrives_at("All done: the refund is paid")
    book = street.network_book()
    assert (book.payouts_fen, book.captures_fen) == (purchase.net_fen, purchase.net_fen)

    street.move_to(SEPTEMBER)
    settled_once(people.operator(), slip, tmp_path)
    street.audit()


def paid_at_the_counter(operator: Operator, slip: Slip, purchase: Purchase) -> None:
    """Pay in cash out of a till that is opened for it and counted after it."""
    operator.opens_the_till("WUH", "2000.00")
    operator.finds_at_the_counter("WUH", slip.code)
    operator.compares_the_document(purchase)
    operator.pays_in_cash(purchase.net)
    operator.link(slip.form_number).click()
    operator.arrives_at("Form")
    operator.sees("Paid already")
    operator.counts_the_till("WUH", n10000=9, n5000=1, n2000=2, n100=3, n50=1, n10=3)
    operator.sees("Counted: right to the fen.")
    form_id = slip.page.rpartition("/")[2]
    operator.page.goto(f"{operator.home}/operator/forms/{form_id}")
    history = operator.page.locator("#line")
    happened = history.inner_text()
    places = [happened.find(operator.say(step)) for step in THE_THREAD]
    assert places == sorted(places)
    assert -1 not in places


def settled_once(operator: Operator, slip: Slip, folder: Path) -> None:
    """July claims nothing; August is closed, and its page and files say the same."""
    operator.looks_at_the_month("2025-07")
    operator.sees("No refund was confirmed in this month")
    operator.closes_the_month("2025-08")
    expect(operator.page.locator("[data-entry]")).to_have_count(1)
    operator.sees(slip.form_number)
    figures = operator.page.locator("main .figure b").all_inner_texts()
    assert tuple(figures) == ("1", *SUMS)

    plain = [text.replace(",", "") for text in SUMS]
    table, sheet, paper = (folder / name for name in ("lines.csv", "lines.xlsx", "paper.pdf"))
    for link, path in (("CSV", table), ("XLSX", sheet), ("Paper", paper)):
        operator.downloads(link).save_as(path)
    *_, line, total = csv.reader(table.read_text("utf-8-sig").splitlines())
    assert line[1] == slip.form_number
    assert line[9:13] == total[9:13] == plain
    with zipfile.ZipFile(sheet) as cells:
        written = cells.read("xl/worksheets/sheet1.xml").decode()
    assert all(f"<v>{float(one):.16g}</v>" in written for one in plain)
    text = pdf.text(paper.read_bytes())
    assert slip.form_number in text
    assert all(one in text for one in SUMS)

    operator.page.goto(f"{operator.home}/operator/settlements/2025-08/close")
    operator.sees("It cannot be closed now.")
    expect(operator.button("Close the month")).to_have_count(0)
