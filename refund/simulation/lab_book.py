"""The lab's own book beside a rehearsal's: who plays whom, which days can be gone back to."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self

import pysqlite3
from sqlite_utils import Database

from refund.simulation.described import ABOUT, MOMENT, Column, Table, about

FILE = "lab.db"


ROLE_TAKEN = Table(
    "role_taken",
    "Who plays which desk; desks that are not here are played by bots",
    {
        "desk": Column(str, "what is played: a login of the staff, or `traveller`"),
        "person": Column(str, "login of the trainer or learner who plays it"),
        "taken_at": Column(str, "since when, by the rehearsal's clock", MOMENT),
    },
    key="desk",
    indexes=[("person",)],
)
SNAPSHOT = Table(
    "snapshot",
    "The days that can be gone back to",
    {
        "day": Column(str, "the simulated day, in Shanghai, at whose end both books were copied"),
        "taken_at": Column(str, "the moment of the copy, by the rehearsal's clock", MOMENT),
        "folder": Column(str, "where the copies are, below the rehearsal's folder"),
    },
    key="day",
)
FORK = Table(
    "fork",
    "The rehearsals that were begun from a day of this one",
    {
        "name": Column(str, "the rehearsal that was begun from a day of this one"),
        "day": Column(str, "from the end of which day"),
        "changed": Column(str, "what was changed in it, as `kind name=value`; empty for nothing"),
        "made_at": Column(str, "when, by this rehearsal's clock", MOMENT),
    },
    key="name",
    foreign=[("day", "snapshot", "day")],
)
FACT = Table(
    "fact",
    "What is told of the rehearsal itself",
    {
        "name": Column(str, "what is told: `name`, `scenario`, `seed`, `began_at`, `forked_from`"),
        "value": Column(str, "what it is"),
    },
    key="name",
)
OWN_TABLES: tuple[Table, ...] = (ABOUT, FACT, ROLE_TAKEN, SNAPSHOT, FORK)


class LabBook:
    """The book of one rehearsal; the threads of a process take it in turn.

    It says of itself what its columns mean, in the table `about`.
    """

    def __init__(self, path: Path | str, tables: Sequence[Table] = ()) -> None:
        self._turn = threading.RLock()
        self._connection = pysqlite3.connect(
            str(path), isolation_level=None, check_same_thread=False, timeout=10
        )
        self._db = Database(self._connection)
        self._db.execute("PRAGMA journal_mode=WAL").fetchall()
        self._db.execute("PRAGMA foreign_keys=ON").fetchall()
        if "of_table" in self._db.table(ABOUT.name).columns_dict:
            # A book of before has other names there; what it says is written anew below.
            self._db.table(ABOUT.name).drop()
        for table in (*OWN_TABLES, *tables):
            self.add_table(table)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add_table(self, table: Table) -> None:
        """Make a table with its words, where it is not there yet."""
        with self.write() as db:
            if table.name not in db.table_names():
                table.make(db, not_null=set(table.columns), strict=True)
            db.table(ABOUT.name).upsert_all(about([table]), pk=ABOUT.key)

    @contextmanager
    def write(self) -> Iterator[Database]:
        """Run the block in one transaction, committed at its end; inside another it joins that."""
        with self._turn:
            if self._connection.in_transaction:
                yield self._db
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def rows(self, sql: str, **parameters: object) -> list[dict[str, Any]]:
        """All rows of a query, by their columns' names."""
        with self._turn:
            return list(self._db.query(sql, parameters))

    def facts(self) -> dict[str, str]:
        """What is told of the rehearsal itself."""
        return {row["name"]: row["value"] for row in self.rows("SELECT * FROM fact")}

    def tell(self, **facts: str) -> None:
        """Keep what is told of the rehearsal."""
        with self.write() as db:
            rows = [{"name": name, "value": value} for name, value in facts.items()]
            db.table(FACT.name).upsert_all(rows, pk=FACT.key)

    def forks(self) -> list[dict[str, Any]]:
        """The rehearsals that were begun from a day of this one, by name."""
        found = self.rows("SELECT * FROM fork ORDER BY name")
        return [{**row, "day": date.fromisoformat(row["day"])} for row in found]

    def taken(self) -> dict[str, str]:
        """Who plays what: the desks that a person took, each with that person's login."""
        found = self.rows("SELECT desk, person FROM role_taken ORDER BY desk")
        return {row["desk"]: row["person"] for row in found}

    def take(self, desk: str, person: str, at: datetime) -> None:
        """Let a person play a desk; whoever had it has it no more."""
        row = {"desk": desk, "person": person, "taken_at": at.isoformat()}
        with self.write() as db:
            db.table(ROLE_TAKEN.name).upsert(row, pk=ROLE_TAKEN.key)

    def give_back(self, desk: str) -> None:
        """Leave a desk to the bots again."""
        with self.write() as db:
            db.execute("DELETE FROM role_taken WHERE desk = :desk", {"desk": desk})

    def close(self) -> None:
        """Close the file; the book cannot be used afterwards."""
        with self._turn:
            self._connection.close()


def open_lab_book(folder: Path, tables: Sequence[Table] = ()) -> LabBook:
    """Open the book of the rehearsal in a folder; tables that it lacks are made."""
    return LabBook(folder / FILE, tables)
