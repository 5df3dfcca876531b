"""Forgotten sales: the till's file beside the forms; each is issued late, or left with a reason."""

import hashlib
from dataclasses import dataclass

from refund.core.calendar import day_of
from refund.core.errors import Refused
from refund.core.people import Actor
from refund.core.till_file import KeptFile, Sale, read_till_file
from refund.ports import Ports
from refund.services.issue import store_number_of
from refund.services.life import By, note, read_reason
from refund.services.rules import rules_for
from refund.transaction import Transaction

SHOWN_MAX = 200


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A store's sales to overseas travellers without a form, the oldest first.

    `export_days` is how long after a purchase its goods may still leave.
    """

    sales: tuple[Sale, ...]
    count: int
    last_file: KeptFile | None
    export_days: int


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of a file: `new` sales to overseas travellers were not known before."""

    file: KeptFile
    new: int
    is_repeated: bool


def forgotten_sales(ports: Ports, clerk: Actor) -> Forgotten:
    """What the store's till sold to overseas travellers and no form stands for.

    Raises:
        Refused: `store_unknown`.
    """
    number, today = store_number_of(clerk), day_of(ports.clock.now())

    def read(tx: Transaction) -> Forgotten:
        return Forgotten(
            sales=tuple(tx.forgotten_sales(number, SHOWN_MAX)),
            count=tx.count_forgotten_sales(number),
            last_file=tx.last_till_file(number),
            export_days=rules_for(tx, today).export_days,
        )

    return ports.storage.read(read)


def compare_till(ports: Ports, clerk: Actor, file_name: str, content: bytes) -> Compared:
    """Take a till's file in, whole or not at all; the same file again adds nothing.

    Raises:
        Refused: as `read_till_file`; `store_unknown`.
    """
    now, number = ports.clock.now(), store_number_of(clerk)
    digest = hashlib.sha256(content).hexdigest()

    def known(tx: Transaction) -> KeptFile | None:
        return tx.till_file(number, digest)

    before = ports.storage.read(known)
    if before is not None:
        return Compared(before, 0, is_repeated=True)
    told = read_till_file(content, day_of(now))
    name = " ".join(file_name.split())[:100] or "-"
    file = KeptFile(ports.ids.event_id(), name, told.rows, len(told.overseas), now)

    def put(tx: Transaction) -> Compared:
        raced = known(tx)
        if raced is not None:
            return Compared(raced, 0, is_repeated=True)
        tx.add_till_file(number, digest, file, clerk.label)
        new = tx.add_till_sales(number, file.file_id, told.overseas)
        detail = f"{number}: {file.rows} rows, {file.overseas} overseas, {new} new"
        note(tx, ports, "till_file_read", By(clerk.label, now), detail=detail)
        return Compared(file, new, is_repeated=False)

    return ports.storage.write(put)


def forgotten_sale(ports: Ports, clerk: Actor, invoice_number: str) -> Sale:
    """One sale of the clerk's own store that nobody has decided about.

    Raises:
        Refused: `sale_unknown`, for another store's too.
    """
    number = store_number_of(clerk)
    sale = ports.storage.read(lambda tx: tx.till_sale(number, invoice_number))
    if sale is None:
        raise Refused("sale_unknown")
    return sale


def leave_sale(ports: Ports, clerk: Actor, invoice_number: str, reason: str) -> None:
    """Note that a sale gets no form, and why.

    Raises:
        Refused: `sale_unknown`; as `life.read_reason`.
    """
    now, number = ports.clock.now(), store_number_of(clerk)
    text = read_reason(reason)

    def leave(tx: Transaction) -> bool:
        if not tx.leave_sale(number, invoice_number, clerk.label, now, text):
            return False
        note(tx, ports, "sale_left", By(clerk.label, now), detail=f"{number}: {invoice_number}")
        return True

    if not ports.storage.write(leave):
        raise Refused("sale_unknown")
