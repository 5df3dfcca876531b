"""A shift without the network: scanned, decided, kept, sent; and a camera that reads a code."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import qrcode
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from refund.core.form import Status
from tests.actors import Purchase
from tests.journeys.cast import CastAt
from tests.journeys.devices import FLAGS, STAFF_SCREEN, WAIT_MS, Device, chromium
from tests.journeys.instance import Instance
from tests.journeys.watch import Watch
from tests.officials import Officer

ANSWER_MS = 1000
"""An answer stands on the screen within a second. Source: the officer's page of people."""


def answered_ms(page: Page) -> float:
    """How long the last answer took, from the code to the screen, as the page measured it."""
    return float(page.locator("[data-answered-ms]").get_attribute("data-answered-ms") or "inf")


def test_a_shift_offline_keeps_what_was_decided_and_sends_it_when_the_network_is_back(
    own_house: Instance, cast: CastAt, purchases: Callable[..., Purchase]
) -> None:
    people = cast(own_house)
    clerk = people.clerk()
    slips = [clerk.issues(purchases()) for _ in range(3)]
    officer = people.officer()
    officer.begins_the_shift()
    officer.watch.allow_lost_connections()
    officer.page.wait_for_load_state("networkidle")
    officer.page.context.set_offline(True)
    officer.scans_offline(slips[0].code)
    officer.sees("Not yet confirmed", within="[data-answer=care]")
    officer.sees("Look at the goods")
    officer.sees("LI KA MING")
    assert answered_ms(officer.page) < ANSWER_MS
    officer.presses("Confirm all as listed")
    officer.sees_it_kept()
    officer.scans_offline(slips[1].code)
    officer.counts_offline(1)
    officer.presses("Confirm what was shown")
    officer.sees_it_kept()
    officer.scans_offline(slips[2].code)
    officer.refuses_offline("The goods are not those of the form")
    officer.sees_it_kept()
    officer.waits_to_send(3)
    officer.page.reload()
    officer.arrives_at("Offline desk")
    officer.waits_to_send(3)
    # Meanwhile the store cancels the second form, which the desk cannot know.
    clerk.page.goto(slips[1].page)
    clerk.link("Void this form").click()
    clerk.field("Reason").fill("returned unused")
    clerk.button("Void the form").click()
    officer.page.context.set_offline(False)
    officer.button("Send now").click()
    officer.waits_to_send(0)
    expect(officer.page.locator('[data-queue] [data-state="applied"]')).to_have_count(2)
    expect(officer.page.locator('[data-queue] [data-state="review"]')).to_have_count(1)
    own_house.waits_for_status(slips[0].form_number, Status.ORDINARY_VERIFIED.value)
    own_house.waits_for_status(slips[1].form_number, Status.VOID.value)
    own_house.waits_for_status(slips[2].form_number, Status.DENIED.value)
    officer.goes_to("reviews", "Reviews")
    officer.link("Look").first.click()
    officer.arrives_at("The form was cancelled or replaced")
    officer.field("Reason").fill("the store has the goods")
    officer.button("Set it aside: what stands, stands").click()
    officer.sees("This review is over")
    officer.goes_to("figures", "Figures of the desk")
    officer.goes_to("offline", "Offline desk")
    officer.presses("End the shift and forget everything on this device")
    officer.sees("Begin the shift while there is a network")
    own_house.audit()


def video_of(code: str, folder: Path) -> Path:
    """A film for the camera: a code that lies before it."""
    drawn = qrcode.QRCode(version=7, box_size=6, border=4)
    drawn.add_data(code)
    picture = drawn.make_image().get_image().convert("RGB")
    frame = Image.new("RGB", (640, 480), (120, 120, 120))
    frame.paste(picture, ((640 - picture.width) // 2, (480 - picture.height) // 2))
    buffer = BytesIO()
    frame.save(buffer, "JPEG", quality=90)
    film = folder / "camera.mjpeg"
    film.write_bytes(buffer.getvalue() * 10)
    return film


def test_the_camera_reads_a_form_and_the_answer_stands_within_a_second(
    house: Instance, cast: CastAt, purchase: Purchase, browser: Browser, tmp_path: Path
) -> None:
    slip = cast(house).clerk().issues(purchase)
    film = video_of(slip.code, tmp_path)
    watched = browser.browser_type.launch(
        executable_path=chromium(),
        args=[
            *FLAGS,
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={film}",
        ],
    )
    context = watched.new_context(viewport=STAFF_SCREEN, locale="en-GB")
    context.set_default_timeout(WAIT_MS)
    watch = Watch(context)
    officer = Officer(Device(context.new_page(), watch, "en", has_scripts=True), house.url)
    officer.signs_in("officer-1")
    officer.button("Scan with the camera").click()
    officer.arrives_at("Compare and confirm")
    assert answered_ms(officer.page) < ANSWER_MS
    expect(officer.page.locator("html")).to_have_attribute("data-told", "go")
    watch.assert_silent()
    watched.close()


def test_a_desk_without_a_camera_is_told_what_to_use_instead(house: Instance, cast: CastAt) -> None:
    officer = cast(house).officer()
    officer.button("Scan with the camera").click()
    officer.sees("This device has no camera that can be used.")
    expect(officer.field("Code or form number").first).to_be_enabled()


def test_a_scan_without_a_network_or_a_shift_keeps_the_page_and_says_so(
    house: Instance, cast: CastAt
) -> None:
    officer = cast(house).officer()
    officer.watch.allow_lost_connections()
    officer.page.wait_for_load_state("networkidle")
    officer.page.context.set_offline(True)
    officer.scans("250708-0001-0001-5")
    officer.sees("No connection.", within="[data-offline]")
    officer.arrives_at("Scan the code on the form")
    officer.page.context.set_offline(False)


def test_a_desk_with_a_shift_goes_on_where_the_network_ends(
    own_house: Instance, cast: CastAt, purchase: Purchase
) -> None:
    people = cast(own_house)
    slip = people.clerk().issues(purchase)
    officer = people.officer()
    officer.begins_the_shift()
    officer.goes_to("", "Scan the code on the form")
    officer.watch.allow_lost_connections()
    officer.page.wait_for_load_state("networkidle")
    officer.page.context.set_offline(True)
    officer.scans(slip.code)
    officer.arrives_at("Offline desk")
    officer.sees("Not yet confirmed", within="[data-answer=care]")
    officer.sees("LI KA MING")
