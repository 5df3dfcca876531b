"""Where a run takes place: one prepared folder a process, copied for each run, and its ports."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path

from refund.core.people import Actor, Role
from refund.sandbox.network import Book
from refund.services.enrol import enrol_staff
from refund.simulation.engine import place as engine
from refund.simulation.engine.ids import CountedIds
from refund.simulation.engine.network import BookNetwork
from refund.simulation.engine.place import DATABASE, KEYS, folder_in_memory
from refund.storage import Database
from tests import make
from tests.world import SetClock, World, enrol, open_book, wire_ports

SECOND = Actor("operator-2", Role.OPERATOR, "Second operator")
"""The person who approves what another one asked for."""


class Place(engine.Place):
    """The lab's own place, with a world for the acts of the tests."""

    def __init__(self, folder: Path, url: str, at: datetime, told: Callable[[str], None]) -> None:
        super().__init__(folder, url, at, lambda text, _: told(text))
        self.world = World(
            ports=self.ports,
            clock=self.clock,
            network=self.wire,
            book=self.book,
            database=self.database,
            keys=self.keys,
            url=url,
            folder=folder,
            clerk=make.clerk(1),
            other_clerk=make.clerk(2),
            officer=make.officer(),
            operator=make.operator(),
        )

    def start_anew(self) -> None:
        """Wire the service anew on its files, as a process does that takes a dead one's place."""
        super().start_anew()
        self.world.database = self.database
        self.world.ports = self.ports


@contextmanager
def open_place(at: datetime, told: Callable[[str], None], url: str = "") -> Iterator[Place]:
    """A place of its own for one run; on SQLite, or at the address of an enrolled database."""
    with tempfile.TemporaryDirectory(dir=folder_in_memory()) as name:
        folder = Path(name) / "place"
        shutil.copytree(_prepared(), folder)
        place = Place(folder, url or f"sqlite://{folder / DATABASE}", at, told)
        try:
            yield place
        finally:
            place.close()


@cache
def _prepared() -> Path:
    """The folder with keys and enrolled databases, made once a process."""
    folder = Path(tempfile.mkdtemp(prefix="refund-simulation-", dir=folder_in_memory()))
    atexit.register(shutil.rmtree, folder)
    fix_keys(folder / KEYS)
    clock = SetClock(make.NOON)
    book = open_book(folder, clock)
    database = enrolled(f"sqlite://{folder / DATABASE}", folder, clock)
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
    engine.fix_keys(folder, "simulation", make.NOON)
