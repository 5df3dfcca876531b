"""A rehearsal's day kept: both books copied at one moment, with the keys that open them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pysqlite3

DATABASE, BOOK, KEYS, PEOPLE = "refund.db", "sandbox.db", "keys", "demo-people.json"
FOLDER = "snapshots"
_UNFINISHED = ".unfinished-"
_WAIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A day that can be gone back to, and where it is kept."""

    day: date
    folder: Path


def take(rehearsal: Path, day: date) -> Snapshot:
    """Copy both books, keys and people of a rehearsal as they are; the day's copy before is gone.

    Nobody writes to the service's book meanwhile. What is on its way to the network stands there
    as asked for, so the copy finds out about it as after a crash.
    """
    kept = rehearsal / FOLDER
    kept.mkdir(mode=0o700, exist_ok=True)
    unfinished = kept / f"{_UNFINISHED}{day.isoformat()}"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    with _at_rest(rehearsal / DATABASE):
        for name in (DATABASE, BOOK):
            _copy_book(rehearsal / name, unfinished / name)
    _copy_rest(rehearsal, unfinished)
    whole = kept / day.isoformat()
    shutil.rmtree(whole, ignore_errors=True)
    unfinished.rename(whole)
    return Snapshot(day, whole)


def kept_days(rehearsal: Path) -> list[Snapshot]:
    """The days that can be gone back to, the oldest first."""
    found = sorted((rehearsal / FOLDER).glob("[0-9]*-[0-9]*-[0-9]*"))
    return [Snapshot(date.fromisoformat(one.name), one) for one in found]


def put_back(snapshot: Snapshot, rehearsal: Path) -> None:
    """Make a rehearsal's folder of a day that was kept.

    Raises:
        FileExistsError: there is one in that place.
    """
    rehearsal.parent.mkdir(parents=True, exist_ok=True)
    rehearsal.mkdir(mode=0o700)
    for name in (DATABASE, BOOK):
        _copy_book(snapshot.folder / name, rehearsal / name)
    _copy_rest(snapshot.folder, rehearsal)


def _copy_rest(origin: Path, target: Path) -> None:
    shutil.copytree(origin / KEYS, target / KEYS)
    (target / KEYS).chmod(0o700)
    if (origin / PEOPLE).exists():
        shutil.copy2(origin / PEOPLE, target / PEOPLE)


@contextmanager
def _at_rest(path: Path) -> Iterator[None]:
    """Keep a book from being written to."""
    with closing(pysqlite3.connect(str(path), timeout=_WAIT_S, isolation_level=None)) as held:
        held.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            held.execute("ROLLBACK")


def _copy_book(origin: Path, target: Path) -> None:
    """Copy a book that others may have open, whole, for its owner alone."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with (
        closing(pysqlite3.connect(str(origin), timeout=_WAIT_S)) as theirs,
        closing(pysqlite3.connect(str(target))) as ours,
    ):
        ours.execute("PRAGMA synchronous=OFF")  # It is whole, or it is made anew.
        theirs.backup(ours)
