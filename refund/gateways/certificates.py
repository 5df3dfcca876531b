"""Certificates of our own making, with which phones of a rehearsal reach this machine by TLS.

The authority vouches for private addresses and `.local` names alone, and for a year at most: on a
phone that keeps it, nobody can use it against anything else.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from refund.gateways.private_folder import PrivateFolder

LASTS = timedelta(days=397)
"""How long either certificate holds; browsers take no server's that holds longer than 398 days."""

RENEWED_BEFORE = timedelta(days=30)
BEGUN_BEFORE = timedelta(days=1)
"""A certificate counts from a day ago, for phones whose clocks are behind."""

PRIVATE_RANGES = tuple(
    IPv4Network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16")
)
"""Addresses that no router of the internet forwards. Source: RFC 1918, RFC 3927."""

OWN_RANGE = IPv4Network("127.0.0.0/8")
_AUTHORITY_KEY, AUTHORITY = "authority.key", "authority.crt"
_KEY, _CHAIN = "server.key", "server.crt"


@dataclass(frozen=True, slots=True)
class Certificates:
    """The files that a server needs, and the certificate that phones install."""

    chain: Path
    key: Path
    authority: Path


@dataclass(frozen=True, slots=True)
class Authority:
    """What phones install: its bytes, the SHA-256 by which a person knows it, and its end."""

    der: bytes
    fingerprint: str
    ends_at: datetime


def keep_certificates(folder: Path, address: IPv4Address, host: str, now: datetime) -> Certificates:
    """The certificates for an address; what is missing, ends soon, or is another's is made anew.

    Args:
        folder: made with mode 0700; its files have 0600.
        address: at which phones reach this machine.
        host: its name; certified as `host.local` where it is one label.
        now: the world's time, for browsers know no other.

    Raises:
        FolderUnsafe: others may look into the folder or a file of it.
        ValueError: a file is not what it was.
    """
    files = PrivateFolder(folder)
    files.make()
    with files.locked():
        authority = _certificate(files, AUTHORITY)
        authority_key = _key(files, _AUTHORITY_KEY)
        if authority is None or authority_key is None or not _fits(authority, authority_key, now):
            authority, authority_key = _make_authority(now)
            files.write(_AUTHORITY_KEY, _pem_of(authority_key))
            files.write(AUTHORITY, authority.public_bytes(Encoding.PEM))
        leaf, key = _certificate(files, _CHAIN), _key(files, _KEY)
        names = _names(address, host)
        if (
            leaf is None
            or key is None
            or not _fits(leaf, key, now)
            or not _is_issued_by(leaf, authority)
            or leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value != names
        ):
            _make_leaf(files, names, (authority, authority_key), now)
    return Certificates(folder / _CHAIN, folder / _KEY, folder / AUTHORITY)


def read_authority(path: Path) -> Authority:
    """The certificate that phones install.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no certificate.
    """
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    digest = certificate.fingerprint(SHA256()).hex().upper()
    pairs = ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))
    der = certificate.public_bytes(Encoding.DER)
    return Authority(der, pairs, certificate.not_valid_after_utc)


def is_private(address: IPv4Address) -> bool:
    """Whether an address is reached from the same network alone, or from this machine alone."""
    return any(address in one for one in (*PRIVATE_RANGES, OWN_RANGE))


def _fits(certificate: x509.Certificate, key: EllipticCurvePrivateKey, now: datetime) -> bool:
    """Whether it is the key's own, counts already, and does not end soon."""
    return (
        certificate.public_key() == key.public_key()
        and certificate.not_valid_before_utc <= now
        and now + RENEWED_BEFORE < certificate.not_valid_after_utc
    )


def _is_issued_by(leaf: x509.Certificate, authority: x509.Certificate) -> bool:
    wanted = x509.SubjectKeyIdentifier.from_public_key(authority.public_key()).key_identifier
    found = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    return found.key_identifier == wanted


def _names(address: IPv4Address, host: str) -> x509.SubjectAlternativeName:
    names: list[x509.GeneralName] = [x509.IPAddress(address)]
    label = host.lower().removesuffix(".local")
    is_label = label.isascii() and label.replace("-", "a").isalnum() and 0 < len(label) < 64
    if is_label and not label.startswith("-") and not label.endswith("-"):
        names.append(x509.DNSName(f"{label}.local"))
    return x509.SubjectAlternativeName(names)


def _make_authority(now: datetime) -> tuple[x509.Certificate, EllipticCurvePrivateKey]:
    key = generate_private_key(SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Instant refund (simulation)"),
            x509.NameAttribute(
                NameOID.COMMON_NAME, f"Instant refund rehearsal {now.date().isoformat()}"
            ),
        ]
    )
    permitted: list[x509.GeneralName] = [x509.DNSName("local")]
    permitted += [x509.IPAddress(one) for one in (*PRIVATE_RANGES, OWN_RANGE)]
    certificate = (
        _begun(subject, subject, key, now, now - BEGUN_BEFORE + LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .sign(key, SHA256())
    )
    return certificate, key


def _make_leaf(
    files: PrivateFolder,
    names: x509.SubjectAlternativeName,
    authority: tuple[x509.Certificate, EllipticCurvePrivateKey],
    now: datetime,
) -> None:
    """Put a new key in place, then the certificate that fits it."""
    issuer, issuer_key = authority
    key = generate_private_key(SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, str(names[0].value))])
    ends_at = min(now - BEGUN_BEFORE + LASTS, issuer.not_valid_after_utc)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    certificate = (
        _begun(subject, issuer.subject, key, now, ends_at)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(names, critical=False)
        .add_extension(identifier, critical=False)
        .sign(issuer_key, SHA256())
    )
    files.write(_KEY, _pem_of(key))
    chain = certificate.public_bytes(Encoding.PEM) + issuer.public_bytes(Encoding.PEM)
    files.write(_CHAIN, chain)


def _begun(
    subject: x509.Name,
    issuer: x509.Name,
    key: EllipticCurvePrivateKey,
    now: datetime,
    ends_at: datetime,
) -> x509.CertificateBuilder:
    """What both certificates have."""
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BEGUN_BEFORE)
        .not_valid_after(ends_at)
        .add_extension(identifier, critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pem_of(key: EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _certificate(files: PrivateFolder, name: str) -> x509.Certificate | None:
    found = files.read(name)
    return None if found is None else x509.load_pem_x509_certificate(found[0])


def _key(files: PrivateFolder, name: str) -> EllipticCurvePrivateKey | None:
    found = files.read(name)
    if found is None:
        return None
    key = load_pem_private_key(found[0], password=None)
    return key if isinstance(key, EllipticCurvePrivateKey) else None
