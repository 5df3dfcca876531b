"""Where a run takes place: one prepared folder a process, copied for each run, and its ports."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from refund.core.people import Actor, Role
from refund.core.signing import kid_of
from refund.gateways import workdays
from refund.gateways.keyfile import SECRETS, KeyFile
from refund.gateways.sealing import Sealer
from refund.ports import Ports
from refund.sandbox.network import Book
from refund.services.enrol import enrol_staff
from refund.storage import Database, open_storage
from tests import make
from tests.simulation.seams import Crossings, SeamStorage
from tests.simulation.wire import Wire
from tests.twin import BookNetwork
from tests.world import (
    PUBLIC_URL,
    TYPESETTER,
    CountedIds,
    SetClock,
    World,
    enrol,
    open_book,
    wire_ports,
)

SECOND = Actor("operator-2", Role.OPERATOR, "Second operator")
"""The person who approves what another one asked for."""

FILES = ("refund.db", "sandbox.db")
FAST = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
"""Files in memory where there is such a place: what is tested is not the disk."""


class TwoClocks(SetClock):
    """Our clock, and the network's beside it: each can be wrong in its own way."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self.ahead = timedelta()
        self.theirs_ahead = timedelta()

    def set_wrong(self, ahead: timedelta) -> None:
        """Let our clock be wrong by so much from now on, against the true time."""
        self.at += ahead - self.ahead
        self.ahead = ahead

    def theirs(self) -> datetime:
        """The moment that the network's clock shows."""
        return self.at - self.ahead + self.theirs_ahead


class Place:
    """The service on its files, and the sandbox's book beside it; it can be wired anew.

    Args:
        folder: with the copied files.
        url: of the service's database.
        at: what time it is.
        told: what is told of faults on the line.
    """

    def __init__(self, folder: Path, url: str, at: datetime, told: Callable[[str], None]) -> None:
        self.crossings = Crossings()
        self.clock = TwoClocks(at)
        self._url = url
        self._keys = KeyFile(_prepared() / "keys")
        self._sealer = Sealer(self._keys.secret("identity"), self._keys.secret("index"))
        self._ids = CountedIds(1)
        book_ids = CountedIds(1).network_id
        self.book = Book(str(folder / "sandbox.db"), self.clock.theirs, book_ids)
        self.wire = Wire(self.book, self.crossings, told)
        self.database = self._open()
        self.world = World(
            ports=self._ports(),
            clock=self.clock,
            network=self.wire,
            book=self.book,
            database=self.database,
            keys=self._keys,
            url=url,
            folder=folder,
            clerk=make.clerk(1),
            other_clerk=make.clerk(2),
            officer=make.officer(),
            operator=make.operator(),
        )

    @property
    def past_seams(self) -> Ports:
        """The ports without crossings, and with a line that always holds: to look, not to act."""
        return replace(self.world.ports, storage=self.database)

    def _open(self) -> Database:
        return open_storage(self._url, self._sealer)

    def _ports(self) -> Ports:
        return Ports(
            clock=self.clock,
            ids=self._ids,
            keys=self._keys,
            sealer=self._sealer,
            network=self.wire,
            workdays=workdays,
            storage=SeamStorage(self.database, self.crossings),
            public_url=PUBLIC_URL,
            typesetter=TYPESETTER,
        )

    def start_anew(self) -> None:
        """Wire the service anew on its files, as a process does that takes a dead one's place."""
        self.crossings.disarm()
        self.database.close()
        self.database = self._open()
        self.world.database = self.database
        self.world.ports = self._ports()

    def close(self) -> None:
        """Let go of all files."""
        self.database.close()
        self.book.close()


@contextmanager
def open_place(at: datetime, told: Callable[[str], None], url: str = "") -> Iterator[Place]:
    """A place of its own for one run; on SQLite, or at the address of an enrolled database."""
    with tempfile.TemporaryDirectory(dir=_parent()) as name:
        folder = Path(name)
        for file in FILES:
            shutil.copyfile(_prepared() / file, folder / file)
        place = Place(folder, url or f"sqlite://{folder / FILES[0]}", at, told)
        try:
            yield place
        finally:
            place.close()


def _parent() -> Path | None:
    return FAST if FAST.is_dir() else None


@cache
def _prepared() -> Path:
    """The folder with keys and enrolled databases, made once a process."""
    folder = Path(tempfile.mkdtemp(prefix="refund-simulation-", dir=_parent()))
    atexit.register(shutil.rmtree, folder)
    fix_keys(folder / "keys")
    clock = SetClock(make.NOON)
    book = open_book(folder, clock)
    database = enrolled(f"sqlite://{folder / FILES[0]}", folder, clock)
    database.close()
    book.close()
    return folder


def enrolled(url: str, folder: Path, clock: SetClock) -> Database:
    """A database with stores, goods and people, two operators among them."""
    ports, database, _ = wire_ports(folder, url, BookNetwork(_no_book()), clock)
    enrol(ports)
    enrol_staff(ports, [make.staff(SECOND), make.staff(make.officer("ENH"))], "operator:operator-1")
    return database


@cache
def _no_book() -> Book:
    return Book(":memory:", lambda: make.NOON, CountedIds(9).network_id)


def fix_keys(folder: Path) -> None:
    """Make keys that are the same in every process, so that every run of a seed is the same."""
    folder.mkdir(mode=0o700)
    seeds = {name: sha256(f"simulation {name}".encode()).digest() for name in SECRETS}
    private = Ed25519PrivateKey.from_private_bytes(sha256(b"simulation signing").digest())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    kid = kid_of(private.public_key().public_bytes_raw())
    for name, secret in {
        f"signing-{kid}.pem": pem,
        **{f"{name}.key": seed for name, seed in seeds.items()},
    }.items():
        path = folder / name
        path.write_bytes(secret)
        path.chmod(0o600)
    KeyFile(folder).create_missing(make.NOON)
