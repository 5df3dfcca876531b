"""What the sandbox needs to know, and how that travels to its own process."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from base64 import b32encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from refund.timepiece import Timepiece

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
_SHORTEST_SECRET = 16
_PASSWORD_LENGTH = 12


@dataclass(frozen=True, slots=True)
class ShiftedClock:
    """The time of the machine, moved by some seconds."""

    shift_seconds: float = 0.0

    def __call__(self) -> datetime:
        """Return the shifted moment, aware, UTC."""
        return datetime.now(UTC) + timedelta(seconds=self.shift_seconds)


def random_id(kind: str) -> str:
    """Return an id that nobody can guess (128 random bits), with its kind in front."""
    return f"{kind}_{secrets.token_hex(16)}"


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """The settings of one sandbox.

    `database` is a path or `:memory:`; `secret` (16 characters or more) is what the merchant
    sends as its bearer token; `public_url` is where travellers reach the card page;
    `return_hosts` are the host names to which they may be sent back besides this machine.
    `wait` is how a slow card waits, in seconds. `control_password` opens the control page; with
    none there is no such page. `webhook_url`, on this machine, is told of every change, signed
    by `webhook_secret` (16 characters or more); without one nothing is sent. The pages of a
    rehearsal's network say that it is one.
    """

    database: str
    secret: str
    public_url: str
    return_hosts: tuple[str, ...] = ()
    clock: Callable[[], datetime] = ShiftedClock()
    new_id: Callable[[str], str] = random_id
    wait: Callable[[float], None] = time.sleep
    control_password: str = ""
    webhook_url: str = ""
    webhook_secret: str = ""
    is_rehearsal: bool = False

    def __post_init__(self) -> None:
        """Refuse settings with which the sandbox could not be trusted or reached."""
        if len(self.secret) < _SHORTEST_SECRET:
            raise ValueError(f"the sandbox's secret needs {_SHORTEST_SECRET} characters")
        if urlsplit(self.public_url).scheme not in {"http", "https"}:
            raise ValueError("the sandbox's public address must begin with http:// or https://")
        parts = urlsplit(self.webhook_url)
        if self.webhook_url and (parts.scheme != "http" or parts.hostname not in LOOPBACK_HOSTS):
            raise ValueError("webhooks are sent to this machine alone, by http")
        if self.webhook_url and len(self.webhook_secret) < _SHORTEST_SECRET:
            raise ValueError(f"the secret of the webhooks needs {_SHORTEST_SECRET} characters")

    def __repr__(self) -> str:
        """Name the book, and never the secret."""
        return f"SandboxSettings(database={self.database!r}, public_url={self.public_url!r})"

    def may_return_to(self, url: str) -> bool:
        """Whether a traveller may be sent to this address: http(s), a known host, nothing odd."""
        if not url.isascii() or not url.isprintable() or "\\" in url or " " in url:
            return False
        try:
            parts = urlsplit(url)
            _ = parts.port
        except ValueError:
            return False
        host = parts.hostname or ""
        known = host in LOOPBACK_HOSTS or host in self.return_hosts
        plain = not parts.username and not parts.password and not parts.fragment
        return parts.scheme in {"http", "https"} and known and plain


def control_password_of(secret: str) -> str:
    """Return the password of the control page that belongs to a merchant's secret."""
    derived = hmac.digest(secret.encode(), b"control", hashlib.sha256)
    return b32encode(derived).decode()[:_PASSWORD_LENGTH]


def settings_to_environment(settings: SandboxSettings) -> dict[str, str]:
    """Return the variables from which another process reads the same settings.

    Raises: ValueError when the clock, the ids or the waiting are the caller's own, for a
    function does not travel.
    """
    plain = settings.new_id is random_id and settings.wait is time.sleep
    if not isinstance(settings.clock, (ShiftedClock, Timepiece)) or not plain:
        raise ValueError(
            "only a sandbox on the machine's clock, or one in a file, can be a process"
        )
    return {
        "REFUND_SANDBOX_DATABASE": settings.database,
        "REFUND_SANDBOX_SECRET": settings.secret,
        "REFUND_SANDBOX_PUBLIC_URL": settings.public_url,
        "REFUND_SANDBOX_RETURN_HOSTS": ",".join(settings.return_hosts),
        "REFUND_SANDBOX_CONTROL_PASSWORD": settings.control_password,
        "REFUND_SANDBOX_WEBHOOK_URL": settings.webhook_url,
        "REFUND_SANDBOX_WEBHOOK_SECRET": settings.webhook_secret,
        "REFUND_SANDBOX_CLOCK_SHIFT": _shift_of(settings.clock),
        "REFUND_SANDBOX_CLOCK_FILE": _file_of(settings.clock),
        "REFUND_SANDBOX_REHEARSAL": "1" if settings.is_rehearsal else "",
    }


def _shift_of(clock: ShiftedClock | Timepiece) -> str:
    return str(clock.shift_seconds) if isinstance(clock, ShiftedClock) else ""


def _file_of(clock: ShiftedClock | Timepiece) -> str:
    return str(clock.path) if isinstance(clock, Timepiece) else ""


def settings_from_environment(environment: Mapping[str, str]) -> SandboxSettings:
    """Read the settings that `settings_to_environment` wrote.

    Raises: ValueError naming the variable that is missing or unreadable.
    """

    def needed(name: str) -> str:
        value = environment.get(name, "")
        if not value:
            raise ValueError(f"{name} is not set")
        return value

    hosts = environment.get("REFUND_SANDBOX_RETURN_HOSTS", "")
    shift = environment.get("REFUND_SANDBOX_CLOCK_SHIFT", "") or "0"
    try:
        shift_seconds = float(shift)
    except ValueError:
        raise ValueError("REFUND_SANDBOX_CLOCK_SHIFT is not a number of seconds") from None
    file = environment.get("REFUND_SANDBOX_CLOCK_FILE", "")
    return SandboxSettings(
        database=needed("REFUND_SANDBOX_DATABASE"),
        secret=needed("REFUND_SANDBOX_SECRET"),
        public_url=needed("REFUND_SANDBOX_PUBLIC_URL").rstrip("/"),
        return_hosts=tuple(host.strip() for host in hosts.split(",") if host.strip()),
        control_password=environment.get("REFUND_SANDBOX_CONTROL_PASSWORD", ""),
        webhook_url=environment.get("REFUND_SANDBOX_WEBHOOK_URL", ""),
        webhook_secret=environment.get("REFUND_SANDBOX_WEBHOOK_SECRET", ""),
        clock=Timepiece(Path(file)) if file else ShiftedClock(shift_seconds),
        is_rehearsal=environment.get("REFUND_SANDBOX_REHEARSAL", "") == "1",
    )
