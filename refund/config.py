"""Settings: frozen, from the environment and the instance folder, read by the wiring alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from refund.places import default_instance

SETTINGS: dict[str, tuple[str, str]] = {
    "REFUND_INSTANCE": ("instance/", "folder with the database, the keys and the demo people"),
    "REFUND_DATABASE_URL": (
        "sqlite:///INSTANCE/refund.db",
        "where everything is kept; postgresql://… when one machine is outgrown",
    ),
    "REFUND_PUBLIC_URL": ("http://127.0.0.1:PORT", "the address that the codes carry"),
    "REFUND_PORT": ("8000", "loopback port of the service"),
    "REFUND_THREADS": ("16", "threads that answer requests"),
    "REFUND_SANDBOX_PORT": ("8001", "loopback port of the sandbox network"),
    "REFUND_SANDBOX_URL": ("http://127.0.0.1:SANDBOX_PORT", "where the sandbox network is reached"),
    "REFUND_SANDBOX_PUBLIC_URL": (
        "SANDBOX_URL",
        "where travellers reach the sandbox network's card page",
    ),
    "REFUND_SANDBOX_DATABASE": ("INSTANCE/sandbox.db", "the sandbox network's own book"),
    "REFUND_PRINTER": ("", "receipt printer of 80 mm, host:port; without one, slips are PDFs only"),
    "REFUND_METRICS_TOKEN": (
        "",
        "the word that /metrics asks for, at least 16 characters; without one there is no /metrics",
    ),
    "REFUND_CA_FILE": (
        "",
        "certificate of one's own authority, for phones to install; `--lan` makes and names one",
    ),
    "REFUND_CLOCK": (
        "",
        "time of service and sandbox: +28d, -3h, +90m, +5s, 2025-07-08T14:00:00+08:00, file:PATH",
    ),
    "REFUND_REHEARSAL": (
        "",
        "1 where it is rehearsed: with the lab's pages, and forms that count nowhere else",
    ),
}
"""Every setting with its default and what it is for; the README's list is compared with this."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment and the instance folder say."""

    instance: Path
    database_url: str
    public_url: str
    port: int
    threads: int
    sandbox_port: int
    sandbox_url: str
    sandbox_database: str
    clock: str
    printer: tuple[str, int] | None
    metrics_token: str = ""
    sandbox_public_url: str = ""
    ca_file: Path | None = None
    is_rehearsal: bool = False

    @property
    def keys_folder(self) -> Path:
        """Where the keys stand, outside the database."""
        return self.instance / "keys"

    @property
    def is_embedded(self) -> bool:
        """Whether everything is kept in one file, written by one process."""
        return self.database_url.startswith("sqlite:")

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach the service by https."""
        return self.public_url.lower().startswith("https://")

    @property
    def sandbox_origin(self) -> str:
        """The network's origin, to which a form may lead."""
        parts = urlsplit(self.sandbox_public_url or self.sandbox_url)
        return f"{parts.scheme}://{parts.netloc}"


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings.

    Raises:
        ValueError: naming the setting that cannot be read.
    """

    def number(name: str, most: int) -> int:
        text = environment.get(name) or SETTINGS[name][0]
        if not text.isascii() or not text.isdigit() or not 0 < int(text) <= most:
            raise ValueError(f"{name} must be a whole number from 1 to {most}")
        return int(text)

    def address(name: str, default: str) -> str:
        url = (environment.get(name) or default).rstrip("/")
        if urlsplit(url).scheme.lower() not in {"http", "https"} or not urlsplit(url).netloc:
            raise ValueError(f"{name} must begin with http:// or https://")
        return url

    instance = Path(environment.get("REFUND_INSTANCE") or default_instance()).resolve()
    port, sandbox_port = number("REFUND_PORT", 65535), number("REFUND_SANDBOX_PORT", 65535)
    sandbox_url = address("REFUND_SANDBOX_URL", f"http://127.0.0.1:{sandbox_port}")
    ca_file = environment.get("REFUND_CA_FILE") or ""
    return Settings(
        instance=instance,
        database_url=environment.get("REFUND_DATABASE_URL") or f"sqlite:///{instance}/refund.db",
        public_url=address("REFUND_PUBLIC_URL", f"http://127.0.0.1:{port}"),
        port=port,
        threads=number("REFUND_THREADS", 256),
        sandbox_port=sandbox_port,
        sandbox_url=sandbox_url,
        sandbox_database=environment.get("REFUND_SANDBOX_DATABASE") or f"{instance}/sandbox.db",
        clock=environment.get("REFUND_CLOCK") or "",
        printer=_printer(environment.get("REFUND_PRINTER") or ""),
        metrics_token=_token(environment.get("REFUND_METRICS_TOKEN") or ""),
        sandbox_public_url=address("REFUND_SANDBOX_PUBLIC_URL", sandbox_url),
        ca_file=Path(ca_file) if ca_file else None,
        is_rehearsal=_switch("REFUND_REHEARSAL", environment),
    )


def _switch(name: str, environment: Mapping[str, str]) -> bool:
    """Read what is on or off."""
    text = environment.get(name) or ""
    if text not in {"", "0", "1"}:
        raise ValueError(f"{name} must be 1, or nothing")
    return text == "1"


TOKEN_LENGTH_MIN = 16


def _token(text: str) -> str:
    """Read a secret word, which stands in a header as it is."""
    if text and (len(text) < TOKEN_LENGTH_MIN or not text.isascii() or not text.isprintable()):
        raise ValueError("REFUND_METRICS_TOKEN must be 16 or more plain characters")
    return text


def _printer(text: str) -> tuple[str, int] | None:
    """Read `host:port`; an address of IPv6 stands in brackets."""
    if not text:
        return None
    host, colon, port = text.rpartition(":")
    right = colon and port.isascii() and port.isdigit() and 0 < int(port) <= 65535
    if not right or not host or any(one in host for one in "/@ "):
        raise ValueError("REFUND_PRINTER must be host:port")
    return host.removeprefix("[").removesuffix("]"), int(port)
