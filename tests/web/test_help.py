"""The help about phones: the same for everyone, and it offers only what there is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from refund.app import create_app
from refund.config import Settings
from refund.gateways.certificates import keep_certificates, read_authority
from refund.ports import Ports
from tests.web.page import check_page
from tests.web.people import browser


@pytest.fixture
def open_client(settings: Settings, ports: Ports, tmp_path: Path) -> FlaskClient:
    """Return a browser before a service with certificates of its own."""
    here = IPv4Address("192.168.1.20")
    files = keep_certificates(tmp_path / "tls", here, "till", datetime.now(UTC))
    return browser(create_app(replace(settings, ca_file=files.authority), ports))


@pytest.mark.parametrize("language", ["zh_Hans", "en"])
def test_the_help_says_what_works_and_how_the_certificate_is_installed(
    open_client: FlaskClient, language: str, tmp_path: Path
) -> None:
    page = check_page(open_client.get(f"/help/phones?lang={language}"))
    assert read_authority(tmp_path / "tls/authority.crt").fingerprint in page.text.replace(" ", "")
    assert ("works" if language == "en" else "可用") in page.text
    assert 'href="/ca.crt"' in open_client.get("/help/phones").text


def test_a_service_that_is_not_open_to_phones_says_so_and_has_no_certificate(
    client: FlaskClient,
) -> None:
    assert "--lan" in check_page(client.get("/help/phones")).text
    assert client.get("/ca.crt").status_code == 404


def test_the_certificate_is_given_as_phones_take_it(
    open_client: FlaskClient, tmp_path: Path
) -> None:
    answer = open_client.get("/ca.crt")
    assert answer.mimetype == "application/x-x509-ca-cert"
    assert answer.data == read_authority(tmp_path / "tls/authority.crt").der
    assert "Strict-Transport-Security" not in answer.headers
