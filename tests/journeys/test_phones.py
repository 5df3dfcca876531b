"""A rehearsal with real phones: everything by TLS at an address of the local network."""

from __future__ import annotations

import base64
import hashlib
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser, Error, Page

from tests.actors import Clerk, Purchase, Traveller
from tests.journeys.devices import FLAGS, Device, chromium, open_phone, open_screen
from tests.journeys.instance import COMMAND, Instance
from tests.make import VISA

THERE = "127.0.0.2"


class OpenInstance(Instance):
    """An instance that phones reach at an address of their network, by its own certificate."""

    @property
    def url(self) -> str:
        """Where phones reach the service."""
        return f"https://{THERE}:{self.port}"

    @property
    def tls(self) -> Path:
        """The folder of its certificates."""
        return self.folder / "instance" / "tls"

    def _begin(self, name: str) -> None:
        with self.log.open("ab") as log:
            self._running[name] = subprocess.Popen(
                [*COMMAND, name, "--lan", THERE],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _wait_for(self, name: str, address: str) -> None:  # noqa: ARG002 - as its neighbours
        port = self.port if name == "serve" else self.sandbox_port
        super()._wait_for(name, f"http://127.0.0.1:{port}/healthz")
        self._wait_until_answered(f"https://{THERE}:{port}/static/css/tokens.css")

    def _wait_until_answered(self, address: str) -> None:
        context = ssl.create_default_context(cafile=str(self.tls / "authority.crt"))
        retry = urllib3.Retry(connect=40, backoff_factor=0.05, backoff_max=0.5)
        with urllib3.PoolManager(ssl_context=context) as http:
            assert http.request("GET", address, retries=retry).status == 200


@pytest.fixture
def abroad(tmp_path: Path) -> Iterator[OpenInstance]:
    """Serve an instance to the local network."""
    instance = OpenInstance(tmp_path / "abroad")
    try:
        instance.start()
        yield instance
    finally:
        instance.stop()


@pytest.fixture
def trusting(browser: Browser, abroad: OpenInstance) -> Iterator[Browser]:
    """Run a Chromium that trusts this instance's certificate, as if it were installed."""
    leaf = x509.load_pem_x509_certificate((abroad.tls / "server.crt").read_bytes())
    key = leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    known = base64.b64encode(hashlib.sha256(key).digest()).decode()
    flags = [*FLAGS, f"--ignore-certificate-errors-spki-list={known}"]
    opened = browser.browser_type.launch(executable_path=chromium(), args=flags)
    try:
        yield opened
    finally:
        opened.close()


def test_a_phone_that_trusts_the_certificate_comes_from_the_scan_to_the_money(
    abroad: OpenInstance, trusting: Browser, devices: list[Device], purchase: Purchase
) -> None:
    devices += [open_screen(trusting, "zh_Hans"), open_phone(trusting, "en")]
    clerk, traveller = Clerk(devices[0], abroad.url), Traveller(devices[1], abroad.url)
    clerk.signs_in("clerk-1")
    slip = clerk.issues(purchase)
    assert slip.code.startswith(f"HTTPS://{THERE}:{abroad.port}/F/")
    traveller.claims(slip, purchase, VISA)
    traveller.arrives_at("The money has arrived")
    traveller.sees(purchase.net)
    assert abroad.network_book().payouts_fen == purchase.net_fen
    cookies = traveller.page.context.cookies()
    assert cookies
    assert all(cookie["secure"] for cookie in cookies)
    assert what_is_allowed(traveller.page) == (True, True)
    assert asked_for_a_worker(traveller.page) == "registered"


def test_a_phone_that_went_past_the_warning_has_a_camera_and_no_service_worker(
    abroad: OpenInstance, browser: Browser
) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
            page.goto(f"{abroad.url}/")
    with browser.new_context(ignore_https_errors=True) as context:
        page = context.new_page()
        page.goto(f"{abroad.url}/help/phones")
        assert what_is_allowed(page) == (True, True)
        assert "SSL certificate error" in asked_for_a_worker(page)


def what_is_allowed(page: Page) -> tuple[bool, bool]:
    """Whether the page is a secure context, and whether it may ask for the camera."""
    found: list[bool] = page.evaluate(
        "() => [isSecureContext, Boolean(navigator.mediaDevices?.getUserMedia)]"
    )
    return found[0], found[1]


def asked_for_a_worker(page: Page) -> str:
    """What the browser says to the worker that keeps the exit pass."""
    said: str = page.evaluate(
        """() => navigator.serviceWorker.register("/traveller/worker.js", { scope: "/traveller/" })
          .then(() => "registered", (error) => String(error))"""
    )
    return said
