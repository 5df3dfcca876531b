"""One word for all that a run left in the books: alike on both engines and on any machine."""

from __future__ import annotations

import hashlib

from refund.ports import Ports
from refund.transaction import Transaction

PAGE = 1000
"""How many forms or entries are read at a time, so that memory stays small."""


def ledger_digest(ports: Ports) -> str:
    """The SHA-256, in hexadecimal digits, of every form's state and of the whole ledger.

    Nothing sealed and no wall clock counts; the forms come by their numbers, the entries by their
    keys, each with its postings.
    """
    return ports.storage.read(_digest)


def _digest(tx: Transaction) -> str:
    digest = hashlib.sha256()
    after = ""
    while forms := tx.form_lines(after, PAGE):
        for after, line in forms:  # noqa: B007 - the last one is where the next page begins
            digest.update(f"form {line}\n".encode())
    after = ""
    while entries := tx.entry_lines(after, PAGE):
        last = entries[-1][0]
        for _, line in entries:
            digest.update(f"entry {line}\n".encode())
        for line in tx.posting_lines(after, last):
            digest.update(f"posting {line}\n".encode())
        after = last
    return digest.hexdigest()
