"""A what-if from the page to the chart: asked, left, come back to, read, and taken along."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.journeys.conftest import OpenDevice
from tests.journeys.rehearsal import Learner, Rehearsal
from tests.journeys.walks import See


def test_a_what_if_is_asked_on_a_page_and_answered_with_a_chart(
    practice: Rehearsal, screen: OpenDevice, see: See, tmp_path: Path
) -> None:
    trainer = Learner(screen(), practice)
    trainer.signs_in("trainer1")
    trainer.page.goto(f"{practice.url}/lab/what-if")
    trainer.arrives_at("What if?")
    see("what if", trainer)
    trainer.asks_what_if("rules.min_purchase", "500, 200", days=1, seeds=2)
    question = trainer.page.url

    trainer.page.goto(f"{practice.url}/lab/")
    trainer.page.goto(question)
    picture = trainer.page.get_by_role("img", name="min_purchase = 200.00 yuan instead of")
    expect(picture).to_be_visible(timeout=60_000)
    trainer.sees("How far to trust this")
    trainer.sees("Forms issued")
    see("what-if answered", trainer)

    with trainer.page.expect_download() as download:
        trainer.page.get_by_role("link", name="Report as one file").click()
    report = tmp_path / "report.html"
    download.value.save_as(report)
    alone = screen().page
    alone.goto(report.as_uri())
    expect(alone.get_by_role("img", name="min_purchase = 200.00 yuan instead of")).to_be_visible()
