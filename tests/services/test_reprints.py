"""A form that is printed again says which sums are those of its issue, and what counts now."""

from __future__ import annotations

from refund.services import papers as sheets
from refund.services.issue import issue_form
from refund.web.papers import application_pdf
from tests import pdf
from tests.services.goods_back import ONE, back, three
from tests.world import World


def test_after_a_return_the_paper_shows_both_sums(small_world: World) -> None:
    world = small_world
    form = issue_form(world.ports, world.clerk, three(), "key-1").form
    assert form is not None
    asker = sheets.at_agency(world.operator)

    def printed(locale: str = "") -> str:
        sheet = sheets.application(world.ports, asker, form.form_id)
        return " ".join(pdf.text(application_pdf(world.ports, sheet, locale)).split())

    assert "Printed again" not in printed()
    back(world, form, {ONE: 1})
    again = printed("fr")
    assert "15,000.00" in again
    assert "Printed again: the sums above are those of the day of issue" in again
    assert "sales CNY 10,000.00, refund CNY 1,100.00, fee CNY 200.00" in again
    assert "net refund CNY 900.00" in again
    assert "Réimpression" in again
    assert "重印" in again
