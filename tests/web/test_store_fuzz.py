"""Whatever is sent to the counter's pages, the answer is a page of ours and never a defect."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from refund.ports import Ports
from refund.services.issue import forms_today
from tests.web.counter import BY_FIELDS, PASSPORT, PERMIT, PURCHASE, open_issue
from tests.web.page import Page, check_fragment, check_page
from tests.web.people import CLERK

NAMES = [
    *PURCHASE,
    *BY_FIELDS,
    "lines-1-goods",
    "lines-99-quantity",
    "invoices-7-day",
    "submission",
]
NASTY = [
    "", " ", "\x00", "\ufeff", "\u202e", "1e9", "NaN", "Infinity", "１００", "1,00", "-0", "0x10",
    "9" * 40, "9" * 9, "2025-02-30", "2025-07-09", "99999-01-01", "<script>", "%s", "%%d",
    "' OR 1=1 --", "../../etc", "=1+1", "\r\nX: y", "İ", "𝟙", PERMIT, PASSPORT, "<" * 88,
    "P<", "BAG01", "JEW13", "special", "none", "ordinary", "WUH", "XXX", "CHN", "taiwan_permit",
]  # fmt: skip
TEXTS = st.one_of(st.sampled_from(NASTY), st.text(max_size=40))
BUTTONS = ["issue", "check", "add_lines", "add_invoices", "remove_lines", "remove_invoices"]


@st.composite
def what_is_sent(draw: st.DrawFn) -> dict[str, str]:
    """The purchase with some fields gone, some spoilt, and a button pressed."""
    gone = draw(st.sets(st.sampled_from(list(PURCHASE)), max_size=3))
    spoilt = draw(st.dictionaries(st.sampled_from(NAMES), TEXTS, max_size=6))
    kept = {name: text for name, text in PURCHASE.items() if name not in gone}
    return {**kept, **spoilt, draw(st.sampled_from(BUTTONS)): draw(TEXTS)}


@pytest.fixture
def opened(clerk: FlaskClient) -> Page:
    """Return a page for a form that was opened once for all that is sent."""
    return open_issue(clerk)


@settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # shrinking pages takes minutes and adds nothing
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(sent=what_is_sent())
def test_whatever_is_typed_the_answer_is_a_page(
    clerk: FlaskClient, ports: Ports, opened: Page, sent: dict[str, str]
) -> None:
    before = len(forms_today(ports, CLERK))
    typed = {"submission": opened.value("submission"), **sent, "form_token": opened.token}
    assert check_fragment(clerk.post("/store/issue/dry-run", data=typed)).status == 200
    answer = clerk.post("/store/issue", data=typed)
    if answer.status_code == 303:
        return
    assert check_page(answer).status in {200, 400, 409, 422}
    assert len(forms_today(ports, CLERK)) == before
