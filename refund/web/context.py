"""What a request needs besides itself: the ports, and how this service is reached."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast
from urllib.parse import urlsplit

from flask import current_app, request

from refund.ports import Notices, Ports
from refund.services.sign_in import Passwords

KEY = "refund"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Authority:
    """What phones install to trust this service: its bytes (DER), its SHA-256, and its end."""

    der: bytes
    fingerprint: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Context:
    """The ports and the few settings that pages depend on."""

    ports: Ports
    passwords: Passwords
    notices: Notices
    is_secure: bool
    card_origin: str
    is_shifted: bool
    metrics_token: str = ""
    authority: Authority | None = None


def here() -> Context:
    """The context of the application that answers."""
    return cast("Context", current_app.extensions[KEY])


def ports() -> Ports:
    """The ports of the application that answers."""
    return here().ports


def own_address(path: str) -> str:
    """A path as an address under the name by which the reader's browser knows us.

    A name that is neither ours nor this machine's is not believed.
    """
    ours = ports().public_url
    known = urlsplit(ours).netloc.lower() != request.host.lower()
    is_here = urlsplit(f"//{request.host}").hostname in LOOPBACK
    return (request.host_url.rstrip("/") if known and is_here else ours) + path
