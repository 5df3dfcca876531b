"""A what-if from the page to the chart: asked, left, come back to, read, and taken along."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import OpenDevice
from tests.journeys.rehearsal import Learner, Rehearsal
from tests.journeys.walks import See


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Rehearsal]:
    """Run a rehearsal of its own."""
    house = Rehearsal(tmp_path / "lab")
    try:
        house.start()
        yield house
    finally:
        house.stop()


def test_a_what_if_is_asked_on_a_page_and_answered_with_a_chart(
    practice: Rehearsal, screen: OpenDevice, see: See, tmp_path: Path
) -> None:
    trainer = Learner(screen(), practice)
    trainer.signs_in("trainer1")
    trainer.page.goto(f"{practice.url}/lab/what-if")
    trainer.arrives_at("What if?")
    see("what if", trainer)
    trainer.field("Days of shopping").fill("1")
    trainer.field("Parameter 1").fill("rules.min_purchase")
    trainer.field("Values 1").fill("500, 200")
    trainer.field("Seeds").fill("2")
    trainer.button("Ask").click()
    trainer.arrives_at("What if? ordinary-week")
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
