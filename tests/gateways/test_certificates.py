"""Certificates for a rehearsal: trusted by TLS, private, short-lived, made anew in time."""

from __future__ import annotations

import ssl
import stat
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509

from refund.gateways.certificates import (
    RENEWED_BEFORE,
    Certificates,
    is_private,
    keep_certificates,
    read_authority,
)
from refund.gateways.private_folder import FolderUnsafe
from tests.gateways.handshake import shake_hands

HERE = IPv4Address("192.168.1.20")
NOW = datetime.now(UTC).replace(microsecond=0)


def _kept(folder: Path, address: IPv4Address = HERE, at: datetime = NOW) -> Certificates:
    return keep_certificates(folder / "tls", address, "till", at)


def _leaf(files: Certificates) -> x509.Certificate:
    return x509.load_pem_x509_certificate(files.chain.read_bytes())


def test_a_phone_that_trusts_the_authority_trusts_the_address_and_no_other(tmp_path: Path) -> None:
    files = _kept(tmp_path)
    assert shake_hands(files, "192.168.1.20") == ""
    assert shake_hands(files, "till.local") == ""
    assert "192.168.1.21" in shake_hands(files, "192.168.1.21")
    assert "mismatch" in shake_hands(files, "bank.example").lower()


def test_a_phone_that_does_not_trust_the_authority_trusts_nothing(tmp_path: Path) -> None:
    files = _kept(tmp_path)
    assert "verify failed" in shake_hands(files, "192.168.1.20", trusts=False)


def test_the_authority_cannot_vouch_for_an_address_of_the_internet(tmp_path: Path) -> None:
    files = _kept(tmp_path, IPv4Address("203.0.113.5"))
    assert "permitted subtree" in shake_hands(files, "203.0.113.5")


def test_both_hold_397_days_at_most(tmp_path: Path) -> None:
    files = _kept(tmp_path)
    for path in (files.chain, files.authority):
        found = x509.load_pem_x509_certificate(path.read_bytes())
        assert found.not_valid_after_utc - found.not_valid_before_utc <= timedelta(days=397)


def test_the_files_are_the_owner_s_alone(tmp_path: Path) -> None:
    files = _kept(tmp_path)
    assert stat.S_IMODE(files.key.parent.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in files.key.parent.iterdir()}
    assert set(modes) >= {"authority.key", "authority.crt", "server.key", "server.crt"}
    assert set(modes.values()) == {0o600}


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    _kept(tmp_path).key.chmod(0o640)
    with pytest.raises(FolderUnsafe, match="open to others"):
        _kept(tmp_path)


def test_the_same_certificates_are_kept_till_thirty_days_before_their_end(tmp_path: Path) -> None:
    first = _kept(tmp_path).chain.read_bytes()
    last_day = _leaf(_kept(tmp_path)).not_valid_after_utc - RENEWED_BEFORE
    assert _kept(tmp_path, at=last_day - timedelta(seconds=1)).chain.read_bytes() == first
    again = _kept(tmp_path, at=last_day)
    assert again.chain.read_bytes() != first
    assert _leaf(again).not_valid_after_utc > last_day + timedelta(days=300)
    assert read_authority(again.authority).ends_at >= _leaf(again).not_valid_after_utc


def test_another_address_gets_another_certificate_of_the_same_authority(tmp_path: Path) -> None:
    before = _kept(tmp_path)
    authority = before.authority.read_bytes()
    moved = _kept(tmp_path, IPv4Address("10.0.0.7"))
    assert moved.authority.read_bytes() == authority
    assert shake_hands(moved, "10.0.0.7") == ""
    assert "192.168.1.20" in shake_hands(moved, "192.168.1.20")


@pytest.mark.parametrize("name", ["server.key", "authority.key"])
def test_a_key_that_does_not_fit_is_replaced_with_its_certificate(
    tmp_path: Path, name: str
) -> None:
    files = _kept(tmp_path)
    other = _kept(tmp_path / "other")
    (files.key.parent / name).write_bytes((other.key.parent / name).read_bytes())
    assert shake_hands(_kept(tmp_path), "192.168.1.20") == ""


def test_a_clock_that_was_put_back_gets_certificates_that_count(tmp_path: Path) -> None:
    _kept(tmp_path)
    earlier = NOW - timedelta(days=400)
    assert _leaf(_kept(tmp_path, at=earlier)).not_valid_before_utc <= earlier


def test_the_fingerprint_is_that_of_what_phones_install(tmp_path: Path) -> None:
    files = _kept(tmp_path)
    found = read_authority(files.authority)
    digest = ssl.PEM_cert_to_DER_cert(files.authority.read_text("ascii"))
    assert found.der == digest
    assert len(found.fingerprint.split(":")) == 32


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("10.1.2.3", True),
        ("172.16.0.1", True),
        ("172.32.0.1", False),
        ("192.168.255.1", True),
        ("169.254.3.4", True),
        ("127.0.0.2", True),
        ("8.8.8.8", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - refused
        ("255.255.255.255", False),
        ("224.0.0.1", False),
    ],
)
def test_only_private_addresses_pass(address: str, *, private: bool) -> None:
    assert is_private(IPv4Address(address)) is private
