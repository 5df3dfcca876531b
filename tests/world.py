"""A whole service wired for a test: real storage, real keys, the sandbox's book, a set clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from refund.core.money import Vat
from refund.core.people import Actor
from refund.gateways import workdays
from refund.gateways.keyfile import KeyFile
from refund.gateways.sealing import Sealer
from refund.gateways.spool import Spool
from refund.gateways.typesetting import TypstTypesetter
from refund.places import fonts_folder, papers_folder
from refund.ports import Network, Ports
from refund.sandbox.network import Book
from refund.services.audit import audit
from refund.services.enrol import enrol_staff, import_stores, put_goods_master
from refund.simulation.engine.clock import VirtualClock
from refund.simulation.engine.ids import CountedIds
from refund.simulation.engine.network import BookNetwork
from refund.storage import Database, open_storage
from tests import make

PUBLIC_URL = "https://refund.example"
TYPESETTER = TypstTypesetter(papers_folder(), fonts_folder())
"""Shared by all worlds, so that the fonts are read once."""


SetClock = VirtualClock
"""What tests call a clock that moves only when it is told to."""


@dataclass
class World:
    """Everything that a test of the services needs; `network` is the sandbox's book."""

    ports: Ports
    clock: SetClock
    network: BookNetwork
    book: Book
    database: Database
    keys: KeyFile
    url: str
    folder: Path
    clerk: Actor
    other_clerk: Actor
    officer: Actor
    operator: Actor

    def paid_fen(self) -> int:
        """What the network says it paid out."""
        total: int = self.book.book_totals()["payouts_fen"]
        return total

    def booked(self, kind: str) -> list[str]:
        """The states of all operations of a kind in the network's book, in order."""
        found = self.book.operations_after(0)
        return [str(row["state"]) for row in found if row["kind"] == kind]


def wire_ports(
    folder: Path,
    url: str,
    network: Network,
    clock: SetClock,
    series: int = 0,
    *,
    is_rehearsal: bool = False,
) -> tuple[Ports, Database, KeyFile]:
    """Wire the ports on a database's address, with the keys that stand in a folder."""
    keys = KeyFile(
        key_folder(folder, clock.now(), is_rehearsal=is_rehearsal), is_rehearsal=is_rehearsal
    )
    sealer = Sealer(keys.secret("identity"), keys.secret("index"))
    database = open_storage(url, sealer)
    database.migrate(clock.now())
    ports = Ports(
        clock=clock,
        ids=CountedIds(series),
        keys=keys,
        sealer=sealer,
        network=network,
        workdays=workdays,
        storage=database,
        public_url=PUBLIC_URL,
        typesetter=TYPESETTER,
        spool=Spool(folder / "jobs"),
        is_rehearsal=is_rehearsal,
    )
    return ports, database, keys


def key_folder(folder: Path, now: datetime, *, is_rehearsal: bool = False) -> Path:
    """The folder of the keys, which are made when there are none."""
    path = folder / "keys"
    if not path.exists():
        path.mkdir(mode=0o700)
        KeyFile(path, is_rehearsal=is_rehearsal).create_missing(now)
    return path


def open_book(folder: Path, clock: SetClock, series: int = 0) -> Book:
    """The network's book in a folder."""
    return Book(str(folder / "sandbox.db"), clock.now, CountedIds(series).network_id)


def enrol(ports: Ports) -> None:
    """Fill the registers: two stores with a clerk each, an officer, an operator."""
    import_stores(ports, [make.store(1), make.store(2)], "operator:operator-1")
    put_goods_master(ports, [make.goods(vat) for vat in Vat])
    people = [make.clerk(1), make.clerk(2), make.officer(), make.officer("YIH"), make.operator()]
    enrol_staff(ports, [make.staff(person) for person in people], "operator:operator-1")


@contextmanager
def open_world(
    folder: Path,
    url: str,
    at: datetime = make.NOON,
    *,
    series: int = 0,
    enrolled: bool = True,
    is_rehearsal: bool = False,
) -> Iterator[World]:
    """Open a world on a database's address; another process opens the same one again.

    Args:
        folder: where keys and the network's book stand.
        url: of the database.
        at: what time it is.
        series: another number for each process.
        enrolled: whether to fill the registers.
        is_rehearsal: whether its forms are those of a rehearsal.
    """
    clock = SetClock(at)
    book = open_book(folder, clock, series)
    network = BookNetwork(book)
    ports, database, keys = wire_ports(
        folder, url, network, clock, series, is_rehearsal=is_rehearsal
    )
    try:
        if enrolled:
            enrol(ports)
        yield World(
            ports=ports,
            clock=clock,
            network=network,
            book=book,
            database=database,
            keys=keys,
            url=url,
            folder=folder,
            clerk=make.clerk(1),
            other_clerk=make.clerk(2),
            officer=make.officer(),
            operator=make.operator(),
        )
    finally:
        database.close()
        book.close()


BEFORE_ALL = datetime(2000, 1, 1, tzinfo=UTC)


def assert_audit_holds(ports: Ports, *, watched: bool = False) -> None:
    """The books, the histories and the network's own book agree, every row of them.

    Where no worker has `watched` what time does to holds and to what waits, nobody has noticed
    it: then that is not asked.
    """
    now = None if watched else BEFORE_ALL
    wrong = [finding for finding in audit(ports, now=now) if not finding.holds]
    assert not wrong, wrong
