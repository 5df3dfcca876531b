"""`--lan`: the service at an address of the local network, by TLS, for phones in a rehearsal."""

import fcntl
import os
import secrets
import socket
import struct
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import AddressValueError, IPv4Address

import click

from refund.cli.children import Part
from refund.cli.qr import qr_text
from refund.cli.refusals import Told
from refund.cli.relay import Inside, run_relay
from refund.config import Settings
from refund.gateways.certificates import Certificates, is_private, keep_certificates, read_authority
from refund.gateways.clock import SystemClock
from refund.gateways.private_folder import FolderUnsafe
from refund.web.relayed import WORD_SETTING

AUTO = "auto"
FOLDER = "tls"
"""Below the instance: where the certificates and their keys stand."""

HELP_PATH = "/help/phones"
HIDDEN = ("/metrics", "/network/")
"""Of the service's pages, what is not for the local network."""

CARD_PAGES = ("/card/", "/static/")
"""Of the sandbox network's pages, what is for phones."""

lan_option = click.option(
    "--lan",
    "lan",
    is_flag=False,
    flag_value=AUTO,
    metavar="[ADDRESS]",
    help="Listen at this machine's private address too, by TLS, so that phones reach it.",
)
"""The only way by which anything listens beyond this machine."""

_SIOCGIFADDR = 0x8915


@dataclass(frozen=True, slots=True)
class Lan:
    """The address at which phones reach this machine, and its certificates."""

    address: IPv4Address
    files: Certificates
    word: str

    def tell_children(self, found: Settings) -> None:
        """Let the processes that are started from here on read these settings as theirs."""
        os.environ.update(
            {
                "REFUND_PUBLIC_URL": found.public_url,
                "REFUND_SANDBOX_PUBLIC_URL": found.sandbox_public_url,
                "REFUND_CA_FILE": str(self.files.authority),
                WORD_SETTING: self.word,
            }
        )

    def service(self, found: Settings) -> Part:
        """The way in to the pages."""
        inside = Inside(found.port, refuses=HIDDEN, word=self.word)
        return "the way in from the network", self._relay(found.port, inside), ""

    def card_page(self, found: Settings) -> Part:
        """The way in to the card page of the sandbox network."""
        inside = Inside(found.sandbox_port, allows=CARD_PAGES)
        return "the way in to the card page", self._relay(found.sandbox_port, inside), ""

    def _relay(self, port: int, inside: Inside) -> "partial[None]":
        files = (self.files.chain, self.files.key)
        return partial(run_relay, (str(self.address), port), files, inside)


def open_to_network(found: Settings, asked: str) -> tuple[Settings, Lan]:
    """The settings under which codes carry an address of the local network, and the way in to it.

    Args:
        found: the settings of the environment.
        asked: an address of this machine, or AUTO.

    Raises:
        Told: there is no such address, it is not private, or its certificates cannot be used.
    """
    if os.environ.get("REFUND_PUBLIC_URL"):
        raise Told("--lan gives the codes its own address: leave REFUND_PUBLIC_URL out")
    address = _own_address() if asked == AUTO else _read(asked)
    try:
        files = keep_certificates(
            found.instance / FOLDER, address, socket.gethostname(), SystemClock().now()
        )
    except FolderUnsafe as error:
        raise Told(str(error)) from None
    except ValueError as error:
        folder = found.instance / FOLDER
        raise Told(f"a certificate in {folder} cannot be read ({error}); remove it") from None
    changed = replace(
        found,
        public_url=f"https://{address}:{found.port}",
        sandbox_public_url=f"https://{address}:{found.sandbox_port}",
        ca_file=files.authority,
    )
    return changed, Lan(address, files, secrets.token_urlsafe(24))


def require_free_there(lan: Lan, port: int, setting: str) -> None:
    """Let a port pass at which nobody listens at that address.

    Raises:
        Told: somebody does, or the address is not this machine's.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((str(lan.address), port))
        except OSError as error:
            raise Told(
                f"{lan.address}:{port} cannot be used ({error.strerror}); name an address of this "
                f"machine with --lan ADDRESS, or another port with {setting}"
            ) from None


def told(found: Settings, lan: Lan) -> str:
    """What is said loudly: who can reach this machine now, and how a phone does."""
    authority = read_authority(lan.files.authority)
    lines = [
        f"  OPEN TO THE LOCAL NETWORK: whoever is in it reaches {found.public_url}",
        "  For a rehearsal alone, with people and cards that do not exist. Ctrl-C closes it.",
        "",
        qr_text(f"{found.public_url}/"),
        f"  Phones: scan this, or type {found.public_url}/",
        "",
        qr_text(f"{found.public_url}{HELP_PATH}"),
        f"  What phones allow, and the certificate to install: {found.public_url}{HELP_PATH}",
        f"  Its SHA-256: {authority.fingerprint}",
        f"  It ends on {authority.ends_at:%Y-%m-%d}; a new one is made 30 days before.",
    ]
    return "\n".join(lines)


def _read(text: str) -> IPv4Address:
    try:
        address = IPv4Address(text)
    except AddressValueError:
        raise Told(f"--lan takes an address such as 192.168.1.20, not {text!r}") from None
    if not is_private(address):
        raise Told(
            f"{address} is not a private address (10.x, 172.16.x to 172.31.x, 192.168.x,"
            " 169.254.x); a rehearsal is not for the internet"
        )
    return address


def _own_address() -> IPv4Address:
    """The private address of this machine, if it has but one or its way out has one."""
    private = [one for one in _interface_addresses() if is_private(one) and not one.is_loopback]
    outward = _outward_address()
    if outward in private:
        return outward
    if len(private) == 1:
        return private[0]
    if not private:
        raise Told("this machine has no private address; join a network, or use --lan ADDRESS")
    named = ", ".join(str(one) for one in private)
    raise Told(f"this machine has several private addresses ({named}); choose with --lan ADDRESS")


def _outward_address() -> IPv4Address:
    """From where this machine would speak to others; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return IPv4Address(probe.getsockname()[0])
        except OSError:
            return IPv4Address(0)


def _interface_addresses() -> list[IPv4Address]:
    """The first address of each interface. Source: netdevice(7), SIOCGIFADDR."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            try:
                asked = struct.pack("256s", name.encode()[:15])
                answer = fcntl.ioctl(probe.fileno(), _SIOCGIFADDR, asked)
            except OSError:
                continue  # it has none
            found.append(IPv4Address(answer[20:24]))
    return found
