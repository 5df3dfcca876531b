"""A large file in real Chromium: watched, left, cancelled; and finished after a power cut."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from playwright.sync_api import expect

from tests.journeys.cast import CastAt
from tests.journeys.instance import Instance
from tests.journeys.walks import See
from tests.officials import Operator

HEAD = "document_kind,document_number,port,exited_at\n"


def test_a_large_import_is_watched_left_and_cancelled_and_another_survives_a_power_cut(
    own_house: Instance, cast: CastAt, see: See, tmp_path: Path
) -> None:
    operator = cast(own_house).operator()
    job = given(operator, tmp_path / "large.csv", 60_000)
    bar = operator.page.get_by_role("progressbar")
    expect(bar).to_have_attribute("max", "60000")
    expect(operator.page.locator('[data-job-state="running"]')).to_be_visible()
    see("job-running", operator)
    operator.goes_to("jobs", "Jobs")
    operator.sees("large.csv")
    see("jobs", operator)
    operator.page.goto(job)
    operator.button("Cancel the job").click()
    operator.sees("It was cancelled, and nothing is left of it.")
    see("job-cancelled", operator)

    again = given(operator, tmp_path / "other.csv", 40_000)
    expect(operator.page.locator('[data-job-state="running"]')).to_be_visible()
    own_house.kill_service()
    operator.leaves()
    own_house.move_to(own_house.now() + timedelta(hours=1))
    late = cast(own_house).operator()
    late.page.goto(again)
    expect(late.page.locator('[data-job-state="done"]')).to_be_visible()
    late.sees("40,000")
    late.page.goto(f"{own_house.url}/help/phones")
    see("help-phones", late)


def given(operator: Operator, file: Path, rows: int) -> str:
    """Give a file of departures of so many travellers; the page of its job."""
    each = (f"hk_macao_permit,H{n:08d},WUH,2025-07-07T12:00:00+08:00\n" for n in range(rows))
    file.write_text(HEAD + "".join(each))
    operator.goes_to("exit/import", "Import exit records")
    operator.field("CSV file").set_input_files(file)
    operator.button("Import").click()
    operator.arrives_at("Import of exit records")
    return operator.page.url
