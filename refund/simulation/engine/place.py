"""One world in one process: the real services on real storage, with the sandbox's book beside."""

from __future__ import annotations

import gc
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from refund.core.calendar import day_of
from refund.core.errors import Refused
from refund.core.goods import Goods
from refund.core.people import Actor, Role, Staff
from refund.core.policy import RULES, Rule
from refund.core.signing import kid_of
from refund.core.store import Store
from refund.gateways import workdays
from refund.gateways.keyfile import SECRETS, KeyFile
from refund.gateways.sealing import Sealer
from refund.gateways.spool import Spool
from refund.gateways.typesetting import TypstTypesetter
from refund.places import fonts_folder, papers_folder
from refund.ports import Ports
from refund.sandbox.network import Book
from refund.services.enrol import enrol_staff, import_stores, put_goods_master
from refund.services.rules import add_rule
from refund.simulation.engine.clock import TwoClocks
from refund.simulation.engine.courier import Courier
from refund.simulation.engine.ids import CountedIds
from refund.simulation.engine.rounds import Rounds
from refund.simulation.engine.seams import Crossings, SeamStorage
from refund.simulation.engine.wire import Wire
from refund.storage import IN_MEMORY, Database, open_storage

PUBLIC_URL = "https://refund.example"
DATABASE, BOOK, KEYS, JOBS = "refund.db", "sandbox.db", "keys", "jobs"
NO_FILE = ":memory:"
"""The path of a book without a file."""

PREPARED_BEFORE = timedelta(days=2)
"""So long before the beginning the registers are filled and the rules added, which then count."""

FOUNDER = Actor("lab-founder", Role.OPERATOR, "Lab")
"""Who fills the registers and adds the rules of a world."""

ROOM_BYTES = 4 << 30
"""So much room there must be in memory for a world: a form takes 20 kB in both books."""

_FAST = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
_REASON = "changed for this run of the simulation"

Told = Callable[[str, str], None]
"""Is told of what happens on the line to the network: the words, and what it counts as."""


@dataclass(frozen=True, slots=True)
class PlaceSettings:
    """What a world is made of.

    Args:
        seed: makes the keys.
        at: when it begins; before the registers are filled, and the rules count.
        stores: with their agreements.
        goods: the master.
        people: clerks, officers and operators.
        rules: values that count instead of the known ones, by parameter, all the time.
        folder: for the files, which is kept; None for what is gone at the end.
        url: of a fresh database; without one it is a file in the folder, or in memory alone.
    """

    seed: int
    at: datetime
    stores: Sequence[Store]
    goods: Sequence[Goods]
    people: Sequence[Staff]
    rules: Mapping[str, int] = field(default_factory=dict)
    folder: Path | None = None
    url: str = ""


class Place:
    """The service on its files, and the sandbox's book beside it; it can be wired anew.

    Args:
        folder: with the keys; the files are in it, or are made.
        url: of the service's database; where it is `IN_MEMORY` the book is there too, and nothing
            can be wired anew.
        at: what time it is.
        told: is told what happens on the line.
        fleeting: whether one thread alone has the files, and nothing need wait for the disk.
    """

    def __init__(
        self, folder: Path, url: str, at: datetime, told: Told, *, fleeting: bool = False
    ) -> None:
        self.folder, self.url = folder, url
        self._fleeting = fleeting
        self.crossings = Crossings()
        self.clock = TwoClocks(at)
        self.keys = KeyFile(folder / KEYS)
        self._sealer = Sealer(self.keys.secret("identity"), self.keys.secret("index"))
        self._ids = CountedIds(1)
        book_ids = CountedIds(1).network_id
        book = NO_FILE if url == IN_MEMORY else str(folder / BOOK)
        self.book = Book(book, self.clock.theirs, book_ids, fleeting=fleeting)
        self.wire = Wire(self.book, self.crossings, lambda text: told(text, text))
        self.database = self._open()
        self.ports = self._wired()
        self.courier = Courier(self.book, lambda: self.ports, told)
        self.wire.before_answer = self.courier.overtake
        self.rounds = Rounds()

    @property
    def past_seams(self) -> Ports:
        """The ports without crossings: to look, not to act."""
        return replace(self.ports, storage=self.database)

    def _open(self) -> Database:
        return open_storage(self.url, self._sealer, fleeting=self._fleeting)

    def _wired(self) -> Ports:
        return Ports(
            clock=self.clock,
            ids=self._ids,
            keys=self.keys,
            sealer=self._sealer,
            network=self.wire,
            workdays=workdays,
            storage=SeamStorage(self.database, self.crossings),
            public_url=PUBLIC_URL,
            typesetter=shared_typesetter(),
            spool=Spool(self.folder / JOBS),
        )

    def beat(self) -> int:
        """Let the network's events arrive, and the worker do what is due; how much that was."""
        return self.courier.deliver() + self.rounds.go(self.ports, self.clock.now())

    def start_anew(self) -> None:
        """Wire the service anew on its files, as a process does that takes a dead one's place.

        Raises:
            ValueError: there are no files.
        """
        if self.url == IN_MEMORY:
            raise ValueError("nothing would be left of a world that is in memory alone")
        self.crossings.disarm()
        self.database.close()
        self.database = self._open()
        self.ports = self._wired()
        self.rounds = Rounds()

    def close(self) -> None:
        """Let go of all files."""
        self.database.close()
        self.book.close()


GC_EVERY = 50_000
"""So many objects are made between two searches for what nobody needs; a run makes millions."""


@contextmanager
def unhurried() -> Iterator[None]:
    """Let Python look for unneeded objects more seldom, which takes a tenth of a run's time."""
    before = gc.get_threshold()
    gc.set_threshold(GC_EVERY, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def open_place(settings: PlaceSettings, told: Told = lambda _text, _name: None) -> Iterator[Place]:
    """A world that has just been made, at its beginning; its files are gone at the end.

    Where the settings name a folder the files stay in it.

    Raises:
        Refused: a rule's value that no operator could add; `database_not_fresh`.
    """
    with unhurried(), _folder_for(settings) as folder:
        fix_keys(folder / KEYS, f"world {settings.seed}", settings.at - PREPARED_BEFORE)
        url = settings.url or _url_in(folder, settings)
        place = Place(folder, url, settings.at - PREPARED_BEFORE, told, fleeting=True)
        try:
            place.database.migrate(place.clock.now())
            _require_fresh(place)
            _furnish(place, settings)
            place.clock.at = settings.at
            yield place
        finally:
            place.close()


@contextmanager
def _folder_for(settings: PlaceSettings) -> Iterator[Path]:
    if settings.folder is not None:
        settings.folder.mkdir(parents=True, exist_ok=True)
        yield settings.folder.resolve()
        return
    fast = folder_in_memory(ROOM_BYTES)
    with tempfile.TemporaryDirectory(prefix="refund-lab-", dir=fast) as name:
        yield Path(name)


def _url_in(folder: Path, settings: PlaceSettings) -> str:
    """The address of a new database: no file at all where nobody keeps it and memory has room."""
    if settings.folder is None and folder_in_memory(ROOM_BYTES) is not None:
        return IN_MEMORY
    return f"sqlite://{folder / DATABASE}"


def _require_fresh(place: Place) -> None:
    """Refuse a database in which somebody works already.

    Raises:
        Refused: `database_not_fresh`.
    """
    if place.ports.storage.read(lambda tx: tx.staff_register()):
        raise Refused("database_not_fresh")


def _furnish(place: Place, settings: PlaceSettings) -> None:
    """Fill the registers, and add the rules that are to be others."""
    ports = place.ports
    import_stores(ports, settings.stores, FOUNDER.label)
    put_goods_master(ports, settings.goods)
    enrol_staff(ports, [Staff(FOUNDER, FOUNDER.staff_id, ""), *settings.people], FOUNDER.label)
    for rule in rules_instead(settings):
        add_rule(ports, FOUNDER, rule)


def rules_instead(settings: PlaceSettings) -> list[Rule]:
    """The rows by which the settings' values count from the beginning on, as operators add them.

    Where the table itself changes a parameter later, the settings' value counts on from there.
    """
    first = day_of(settings.at - PREPARED_BEFORE) + timedelta(days=1)
    return [
        Rule(parameter, value, day, _REASON, "D")
        for parameter, value in sorted(settings.rules.items())
        for day in _days_of(parameter, first)
    ]


def _days_of(parameter: str, first: date) -> list[date]:
    """The first day, and each later one on which the table changes a parameter by itself."""
    changes = {rule.valid_from for rule in RULES if rule.parameter == parameter}
    return sorted({first, *(day for day in changes if day > first)})


def folder_in_memory(free_bytes: int = 0) -> Path | None:
    """The folder whose files are kept in memory, None where there is none with so much room."""
    if not _FAST.is_dir() or shutil.disk_usage(_FAST).free < free_bytes:
        return None
    return _FAST


@cache
def shared_typesetter() -> TypstTypesetter:
    """The typesetter of all worlds of a process, so that the fonts are read once."""
    return TypstTypesetter(papers_folder(), fonts_folder())


def fix_keys(folder: Path, word: str, now: datetime) -> None:
    """Make keys that are the same for a word in every process, so that every run of it is."""
    folder.mkdir(mode=0o700)
    seeds = {name: sha256(f"{word} {name}".encode()).digest() for name in SECRETS}
    private = Ed25519PrivateKey.from_private_bytes(sha256(f"{word} signing".encode()).digest())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    kid = kid_of(private.public_key().public_bytes_raw())
    for name, secret in {
        f"signing-{kid}.pem": pem,
        **{f"{name}.key": seed for name, seed in seeds.items()},
    }.items():
        path = folder / name
        path.write_bytes(secret)
        path.chmod(0o600)
    KeyFile(folder).create_missing(now)
