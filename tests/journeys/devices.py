"""The devices of a journey: a counter's screen and a phone, each watched while it is used."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.journeys.watch import Watch

STAFF_SCREEN: ViewportSize = {"width": 1440, "height": 900}
PHONE_SCREEN: ViewportSize = {"width": 390, "height": 844}
LOCALES = {
    "zh_Hans": "zh-CN",
    "zh_Hant": "zh-HK",
    "en": "en-GB",
    "ja": "ja-JP",
    "ko": "ko-KR",
    "ru": "ru-RU",
    "fr": "fr-FR",
    "es": "es-ES",
    "ar": "ar-SA",
}
"""What a browser says of its language, by locale."""
WAIT_MS = 15_000
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

Colours = Literal["light", "dark"]


@dataclass(frozen=True, slots=True)
class Device:
    """A screen with one page, what it complained of, and the language of whoever holds it."""

    page: Page
    watch: Watch
    language: str
    has_scripts: bool


def chromium() -> str:
    """Return where Chromium is: `CHROMIUM`, or the distribution's.

    Raises: FileNotFoundError, which says what to install.
    """
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not found:
        raise FileNotFoundError(
            "Chromium is not installed: neither CHROMIUM nor a `chromium` on the PATH; "
            "install the distribution's package `chromium`"
        )
    return found


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Run one Chromium for as long as it is needed."""
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def open_screen(
    browser: Browser, language: str = "en", colours: Colours = "light", *, scripts: bool = True
) -> Device:
    """Open a screen as it stands at a counter or a desk."""
    context = browser.new_context(
        viewport=STAFF_SCREEN,
        locale=LOCALES[language],
        color_scheme=colours,
        java_script_enabled=scripts,
    )
    context.set_default_timeout(WAIT_MS)
    watch = Watch(context)
    return Device(context.new_page(), watch, language, scripts)


def open_phone(
    browser: Browser, language: str = "en", colours: Colours = "light", *, scripts: bool = True
) -> Device:
    """Open a phone, which has fingers and no keyboard of its own."""
    context = browser.new_context(
        viewport=PHONE_SCREEN,
        locale=LOCALES[language],
        color_scheme=colours,
        java_script_enabled=scripts,
        has_touch=True,
        is_mobile=True,
        device_scale_factor=2,
    )
    context.set_default_timeout(WAIT_MS)
    watch = Watch(context)
    return Device(context.new_page(), watch, language, scripts)
