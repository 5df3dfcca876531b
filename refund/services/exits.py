"""Departures: one that was typed, or a file of them, taken in whole or not at all, and once."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, timedelta
from functools import partial
from itertools import islice
from typing import BinaryIO, TypeVar

from refund.core.errors import Refused
from refund.core.exit_file import Days, ExitFile, ExitLine
from refund.core.matching import ExitRecord
from refund.core.people import Actor
from refund.core.places import read_port
from refund.core.tables import TOLD_MAX
from refund.core.trail import ExitImport, ExitLoad, Loaded, LoadedExit
from refund.core.traveller import document_key
from refund.ports import Ports
from refund.services.life import By, note
from refund.services.steps import Step, Stopped, no_step
from refund.transaction import Transaction

T = TypeVar("T")

BATCH = 1000
"""Rows that are written in one transaction, so that others write in between."""

LEASE = timedelta(seconds=60)
"""How long an import may stand still until another one can take its place."""

NAME_CHARS_MAX = 120
MISSING_MAX = 100
"""Missing days that are kept with a file at most."""

SHOWN = 10


def record_exit(ports: Ports, operator: Actor, line: ExitLine) -> bool:
    """Take in one departure that an operator saw.

    Returns:
        Whether it was new.

    Raises:
        Refused: `date_in_future`, `port_unknown`.
    """
    now = ports.clock.now()
    read_port(line.port)
    if line.exited_at > now:
        raise Refused("date_in_future", "exited_at")
    exit_id, index = _ids_of(ports, line)
    record = ExitRecord(exit_id, index, line.port, line.exited_at, now, operator.label)

    def put(tx: Transaction) -> bool:
        new = tx.put_exit(record)
        if new:
            note(tx, ports, "exit_recorded", By(operator.label, now), detail=record.exit_id)
        return new

    return ports.storage.write(put)


def _ids_of(ports: Ports, line: ExitLine) -> tuple[str, str]:
    """The id of a departure, which is the same whoever tells of it, and its document's index."""
    index = ports.sealer.index("document", document_key(line.document))
    at = line.exited_at.astimezone(UTC).isoformat()
    exit_id = ports.sealer.index("exit", f"{index}|{line.port}|{at}")
    return exit_id[:32], index


def import_exits(
    ports: Ports, by: str, stream: BinaryIO, name: str, step: Step = no_step
) -> ExitImport:
    """Take in a file of departures, whole or not at all, once.

    It is read as it comes and written in transactions of a thousand rows, which nobody sees until
    the last one makes them seen. What an import that was broken off has left is cleared first.

    Raises:
        Refused: as `ExitFile` and its `rows` and `require_whole`; `file_already_imported`,
            `exits_under_way`, `exits_superseded`.
        Stopped: a step asked for it; nothing is left of the file.
    """
    file = ExitFile(stream, name[:NAME_CHARS_MAX], ports.clock.now())
    number = ports.storage.write(partial(_begin, ports=ports, file=file, by=by))
    try:
        clear_leftovers(ports)
        done = 0
        for rows in _in_batches(file.rows(), BATCH):
            if file.problems.total < TOLD_MAX:
                _add(ports, number, file, rows)
            done += len(rows)
            step(done, None)
        file.require_whole()
        return ports.storage.write(partial(_finish, ports=ports, number=number, file=file, by=by))
    except (Refused, Stopped):
        ports.storage.write(lambda tx: tx.break_off_exit_load(number))
        clear_leftovers(ports)
        raise


def clear_leftovers(ports: Ports) -> None:
    """Delete, some rows at a time, what imports that were broken off have left behind."""
    while ports.storage.write(lambda tx: tx.clear_broken_exits(BATCH)):
        pass


def _in_batches(rows: Iterator[T], size: int) -> Iterator[list[T]]:
    while batch := list(islice(rows, size)):
        yield batch


def _begin(tx: Transaction, ports: Ports, file: ExitFile, by: str) -> int:
    before = tx.exit_import(file.digest)
    if before is not None:
        raise Refused("file_already_imported", "file", at=before.imported_at, rows=before.rows)
    now = ports.clock.now()
    tx.break_off_stale_exit_loads(now)
    load = tx.exit_load()
    if load is not None:
        raise Refused("exits_under_way", "file", file=load.file_name, rows=load.rows)
    return tx.begin_exit_load(file.digest, file.name, now, now + LEASE, by)


def _add(ports: Ports, number: int, file: ExitFile, rows: Sequence[tuple[int, ExitLine]]) -> None:
    loaded = [LoadedExit(at, *_ids_of(ports, line), line.port, line.exited_at) for at, line in rows]
    lease_until = ports.clock.now() + LEASE

    def add(tx: Transaction) -> Loaded | None:
        return tx.add_loaded_exits(number, loaded, lease_until)

    done = ports.storage.write(add)
    if done is None:
        raise Refused("exits_superseded", "file")
    for line, first_line in done.doubled:
        file.problems.add(line, "", "row_doubled", first_line=first_line)


def _finish(tx: Transaction, ports: Ports, number: int, file: ExitFile, by: str) -> ExitImport:
    """Make a file's departures seen, all in one."""
    now = ports.clock.now()
    missing = [*_days_between(tx, file.days), *file.missing_days][:MISSING_MAX]
    imported = tx.complete_exit_load(number, file.days, missing, now)
    if imported is None:
        raise Refused("exits_superseded", "file")
    detail = f"{file.digest[:12]} {imported.rows}"
    note(tx, ports, "exits_imported", By(by, now), detail=detail)
    return imported


def _days_between(tx: Transaction, days: Days | None) -> list[date]:
    """The days between a file and the files before it, of which none tells."""
    before = None if days is None else tx.last_day_covered(days.first)
    if days is None or before is None:
        return []
    count = (days.first - before).days - 1
    return [before + timedelta(days=n + 1) for n in range(min(count, MISSING_MAX))]


def imports(ports: Ports) -> list[ExitImport]:
    """The files taken in last."""
    return ports.storage.read(lambda tx: tx.exit_imports(SHOWN))


def under_way(ports: Ports) -> ExitLoad | None:
    """The file that is being taken in."""
    return ports.storage.read(lambda tx: tx.exit_load())
