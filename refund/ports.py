"""What the services need of the world, as Protocols; storage and gateways implement them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar

from refund.core.operation import (
    Answer,
    CardEntry,
    CardPage,
    HeldState,
    NetworkBook,
    NetworkEvent,
    Operation,
)
from refund.core.signing import KeyRing, SigningKey
from refund.transaction import Transaction

T = TypeVar("T")


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """This moment, aware, UTC."""
        ...


class Ids(Protocol):
    """The only source of chance."""

    def form_id(self) -> str:
        """16 hexadecimal digits, unpredictable."""
        ...

    def event_id(self) -> str:
        """An id for a row of the audit trail or the like, unique."""
        ...

    def token(self) -> str:
        """A secret of a session, 256 bits, fit for a cookie."""
        ...


class Keys(Protocol):
    """The keys outside the database."""

    def signing_key(self) -> SigningKey:
        """The key that signs today; Refused `no_signing_key` when there is none."""
        ...

    def ring(self) -> KeyRing:
        """All public keys that still verify something."""
        ...

    def secret(self, name: str) -> bytes:
        """A symmetric secret by name."""
        ...

    def rotate(self, now: datetime, last_form_verify_until: date) -> str:
        """Make a new signing key and retire the one before, till its last form can be verified."""
        ...


class Sealer(Protocol):
    """Encryption of identity at rest, bound to its place."""

    def seal(self, table: str, column: str, row: str, plaintext: bytes) -> bytes:
        """Encrypt for one place."""
        ...

    def open(self, table: str, column: str, row: str, blob: bytes) -> bytes:
        """Decrypt at the same place; anything else is a defect."""
        ...

    def index(self, kind: str, text: str) -> str:
        """A blind index: equal texts give equal hexadecimal words, and nothing else shows."""
        ...


class NetworkSilent(Exception):
    """The network was asked, or may have been, and gave no whole answer: outcome unknown."""


class NetworkRejected(Exception):
    """The network would not take the request: nothing was booked by it; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NoticeRefused(Exception):
    """What claims to come from the network is not believed; `code` says why, for our log alone.

    `unsigned` and `stale` are about its signature, `foreign` about another merchant's, and
    `unreadable` about its words.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Notices(Protocol):
    """How the network's own notices are read."""

    def read(self, signature: str, body: bytes, at: datetime) -> NetworkEvent:
        """A notice that proves by its signature that the network sent it to us, just now.

        Raises:
            NoticeRefused: it does not.
        """
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """How the line to the network stands; `failures` came one after another, without an answer.

    While it is not up nothing is sent until `retry_s` seconds have passed.
    """

    is_up: bool = True
    failures: int = 0
    retry_s: float = 0.0


class Network(Protocol):
    """The payment network; every call has a deadline of its own.

    Raises everywhere: NetworkSilent when no complete answer came.
    """

    def open_card_page(
        self, reference: str, amount_fen: int, method: str, return_url: str, language: str
    ) -> CardPage:
        """A page of the network's own on which the traveller gives a card."""
        ...

    def open_refund_page(
        self, reference: str, amount_fen: int, method: str, return_url: str, language: str
    ) -> CardPage:
        """A page of the network's own on which the traveller says where a refund is to go."""
        ...

    def card_entry(self, session_id: str) -> CardEntry | None:
        """What became of that page; None when the network does not know it."""
        ...

    def send(self, operation: Operation) -> Answer:
        """Ask for an operation under its key, and return the network's answer, yes or no.

        Raises:
            NetworkRejected: it was not taken, and nothing was booked by this call.
        """
        ...

    def look_up(self, reference: str) -> Answer | None:
        """The recorded answer of a reference, or None when it was never received."""
        ...

    def look_up_many(self, references: Sequence[str]) -> dict[str, Answer | None]:
        """The same for many."""
        ...

    def holds(self, references: Sequence[str]) -> dict[str, HeldState | None]:
        """Where holds stand now, by their references; None for one that is not in the book."""
        ...

    def statement_days(self) -> list[date]:
        """The days whose statements can be fetched, oldest first."""
        ...

    def statement(self, day: date) -> AbstractContextManager[Iterator[bytes]]:
        """A day's statement as it comes, in pieces.

        Raises:
            NetworkRejected: `statement_not_ready`.
        """
        ...

    def book(self) -> NetworkBook:
        """The network's own totals for us."""
        ...

    def line(self) -> Line:
        """How the line stands, by the calls before; nothing is asked for it."""
        ...


class Workdays(Protocol):
    """Mainland China's working days."""

    def is_working_day(self, day: date) -> bool:
        """Whether offices work on that day."""
        ...


class Typesetter(Protocol):
    """Papers, set from a template and what is to stand in it; texts are never markup.

    Raises everywhere: Refused `glyph_missing` for characters that no font of ours has.
    """

    def pdf(self, paper: str, words: Mapping[str, object], at: datetime) -> bytes:
        """A paper as PDF/A-2b, the same bytes for the same words and moment."""
        ...

    def strip(self, paper: str, words: Mapping[str, object]) -> bytes:
        """A paper of 80 mm as one PNG picture of the 576 dots that a receipt printer has."""
        ...


class Printer(Protocol):
    """A receipt printer."""

    def put_out(self, strip: bytes) -> None:
        """Print a strip and cut it off.

        Raises:
            Refused: `printer_unreachable`.
        """
        ...


class Spool(Protocol):
    """Files of long jobs, beside the database: private, limited, and taken away."""

    def keep(self, name: str, stream: BinaryIO, bytes_max: int) -> int:
        """Keep what a person gave, whole and durable; how many bytes it has.

        Raises:
            Refused: `file_too_large`.
        """
        ...

    def making(self, name: str) -> AbstractContextManager[BinaryIO]:
        """A file to write; it is there when it is complete, and not at all when that fails."""
        ...

    def open(self, name: str) -> BinaryIO:
        """A file to read; FileNotFoundError when it is gone."""
        ...

    def place(self, name: str) -> Path:
        """Where a file of a name is, or may be made by work that goes on after a power cut."""
        ...

    def drop(self, name: str) -> None:
        """Take a file away, where it is there."""
        ...

    def names(self) -> list[str]:
        """What is there, in order."""
        ...


class Storage(Protocol):
    """Where everything is kept."""

    def write(self, fn: Callable[[Transaction], T]) -> T:
        """Run a function in one durable transaction; it has no side effect but its rows."""
        ...

    def read(self, fn: Callable[[Transaction], T]) -> T:
        """Run a function on one consistent snapshot."""
        ...

    def facts(self) -> dict[str, object]:
        """What runs: engine, versions, modes, migrations."""
        ...

    def close(self) -> None:
        """Finish what waits, and let go."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """All of them together, wired in one place; `public_url` is what the codes carry.

    `printer` is None where none is set, `spool` where nothing long is done. `is_rehearsal` says
    that nothing here counts anywhere else, and there `door_clock` is the machine's own.
    """

    clock: Clock
    ids: Ids
    keys: Keys
    sealer: Sealer
    network: Network
    workdays: Workdays
    storage: Storage
    public_url: str
    typesetter: Typesetter
    printer: Printer | None = None
    spool: Spool | None = None
    is_rehearsal: bool = False
    door_clock: Clock | None = None

    def at_the_door(self) -> datetime:
        """The moment by which sessions rest and end: people stay signed in when the clock jumps."""
        return (self.door_clock or self.clock).now()
