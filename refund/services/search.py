"""One box for everything: a form by whatever is known of it, a store, a case."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from refund.core.case import Case
from refund.core.errors import Refused
from refund.core.form import Form
from refund.core.ids import read_form_number
from refund.core.invoice import read_invoice_number
from refund.core.money import parse_yuan
from refund.core.people import Actor
from refund.core.store import Store
from refund.core.till import read_receipt_number
from refund.core.traveller import NUMBER_PATTERNS, IdentityDocument, document_key
from refund.ports import Ports
from refund.services.claim import read_form_code
from refund.services.life import By, note
from refund.transaction import Transaction

T = TypeVar("T")

FIELD = "code"
"""The field in which the text stands."""

SHOWN = 50
"""Rows of a group that a search shows at most."""

TEXT_LENGTH_MAX = 1000
CODE_LENGTH_LEAST = 100
"""What is longer can only be the text of a code."""

WORD_LENGTH_LEAST = 3
"""Letters that name a store at the least."""

_LAST4 = re.compile(r"[0-9]{4}", re.ASCII)
_AMOUNT = re.compile(r"(?:CNY|RMB|¥|￥)?([0-9][0-9,]*(?:\.[0-9]{1,2})?)", re.ASCII)
_CASE = re.compile(r"[A-Za-z0-9-]{8,80}", re.ASCII)
_STORE_NUMBER = re.compile(r"[0-9]{1,4}", re.ASCII)


class Sort(Enum):
    """As what a text was understood."""

    NUMBER = "number"
    CODE = "code"
    RECEIPT = "receipt"
    DOCUMENT = "document"
    CARD = "card"
    AMOUNT = "amount"
    INVOICE = "invoice"
    STORE = "store"
    CASE = "case"


EXACT = frozenset({Sort.NUMBER, Sort.CODE})
"""What names one form and no other."""


@dataclass(frozen=True, slots=True)
class Group:
    """What was found by one understanding of the text; only one of the three has rows."""

    sort: Sort
    forms: tuple[Form, ...] = ()
    stores: tuple[Store, ...] = ()
    cases: tuple[Case, ...] = ()

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.forms) + len(self.stores) + len(self.cases)

    @property
    def more(self) -> bool:
        """Whether there may be more than are shown."""
        return self.count >= SHOWN


@dataclass(frozen=True, slots=True)
class Found:
    """What a text led to, and as what it was looked for.

    `stores` are the register by number, for the rows of forms.
    """

    groups: tuple[Group, ...]
    looked_for: tuple[Sort, ...]
    stores: dict[int, Store]

    @property
    def count(self) -> int:
        """How many rows there are in all."""
        return sum(group.count for group in self.groups)

    @property
    def only_form(self) -> Form | None:
        """The form, where a number or a code led to it and to nothing else."""
        if self.count != 1 or self.groups[0].sort not in EXACT:
            return None
        return next(iter(self.groups[0].forms), None)


def search(ports: Ports, operator: Actor, text: str) -> Found:
    """Everything that a text can mean; looking for a document is recorded, whatever it finds.

    Raises:
        Refused: `field_missing`, `field_too_long`; as `claim.read_form_code` for a code;
            `rehearsal_form`, `not_a_rehearsal` for the number of a form of the other world.
    """
    typed = " ".join(text.split())
    if not typed:
        raise Refused("field_missing", FIELD)
    if len(typed) > TEXT_LENGTH_MAX:
        raise Refused("field_too_long", FIELD, most=TEXT_LENGTH_MAX)
    if not typed.isprintable():
        raise Refused("field_unreadable", FIELD)
    if len(typed) >= CODE_LENGTH_LEAST:
        code = Group(Sort.CODE, forms=(_of_code(ports, typed),))
        return Found((code,), (Sort.CODE,), _register(ports))
    packed = re.sub(r"[\s-]", "", typed).upper()
    documents = _documents(packed)
    number = _number(packed, is_rehearsal=ports.is_rehearsal)

    def find(tx: Transaction) -> list[Group]:
        groups = _found(tx, typed, packed, number)
        if documents:
            forms = _of_documents(tx, ports, documents)
            groups.append(Group(Sort.DOCUMENT, forms=tuple(forms[:SHOWN])))
            by = By(operator.label, ports.clock.now())
            note(tx, ports, "document_looked_up", by, detail=f"office: {len(forms)}")
        return groups

    # Nothing is written unless a document was looked for.
    groups = ports.storage.write(find) if documents else ports.storage.read(find)
    return Found(
        groups=tuple(group for group in groups if group.count),
        looked_for=tuple(group.sort for group in groups),
        stores=_register(ports),
    )


def _register(ports: Ports) -> dict[int, Store]:
    return ports.storage.read(lambda tx: {store.store_number: store for store in tx.stores()})


def _of_code(ports: Ports, typed: str) -> Form:
    try:
        return read_form_code(ports, typed)
    except Refused as refused:
        raise refused.at(FIELD) from None


def _found(tx: Transaction, typed: str, packed: str, number: str | None) -> list[Group]:
    groups: list[Group] = []
    invoice = _read(read_invoice_number, packed)
    if number is not None:
        form = tx.form_by_number(number)
        groups.append(Group(Sort.NUMBER, forms=() if form is None else (form,)))
    receipt_number = _receipt_number(typed.upper())
    if receipt_number is not None:
        receipt = tx.receipt(receipt_number)
        form = None if receipt is None else tx.form(receipt.form_id)
        groups.append(Group(Sort.RECEIPT, forms=() if form is None else (form,)))
    if _LAST4.fullmatch(packed):
        groups.append(Group(Sort.CARD, forms=tuple(tx.forms_by_last4(packed, SHOWN))))
    amount = _AMOUNT.fullmatch(packed)
    fen = None if amount is None else _read(parse_yuan, amount[1].replace(",", ""))
    if fen is not None:
        groups.append(Group(Sort.AMOUNT, forms=tuple(tx.forms_by_amount(fen, SHOWN))))
    if invoice is not None:
        groups.append(Group(Sort.INVOICE, forms=tuple(tx.forms_by_invoice(invoice, SHOWN))))
    groups.append(Group(Sort.STORE, stores=tuple(_stores(tx.stores(), typed)[:SHOWN])))
    if _CASE.fullmatch(typed):
        case = tx.case(typed) or tx.case(typed.lower())
        groups.append(Group(Sort.CASE, cases=() if case is None else (case,)))
    return groups


def _number(packed: str, *, is_rehearsal: bool) -> str | None:
    """The form number that a text is; one of the other world is refused, for it leads nowhere."""
    try:
        return read_form_number(packed, FIELD, is_rehearsal=is_rehearsal)
    except Refused as refused:
        if refused.code in {"rehearsal_form", "not_a_rehearsal"}:
            raise
        return None


def _read(read: Callable[[str, str], T], text: str) -> T | None:
    try:
        return read(text, "q")
    except Refused:
        return None


def _receipt_number(text: str) -> str | None:
    try:
        return read_receipt_number(text)
    except Refused:
        return None


def _documents(packed: str) -> list[IdentityDocument]:
    """The documents that can have this number."""
    return [
        IdentityDocument(kind, packed)
        for kind, patterns in NUMBER_PATTERNS.items()
        if any(known.pattern.fullmatch(packed) for known in patterns)
    ]


def _of_documents(tx: Transaction, ports: Ports, documents: list[IdentityDocument]) -> list[Form]:
    found: dict[str, Form] = {}
    for document in documents:
        index = ports.sealer.index("document", document_key(document))
        found.update((form.form_id, form) for form in tx.forms_of_traveller(index))
    return list(found.values())


def _stores(register: Sequence[Store], typed: str) -> list[Store]:
    """Stores of a number, or with a text in one of their names or their taxpayer number."""
    if _STORE_NUMBER.fullmatch(typed):
        return [store for store in register if store.store_number == int(typed)]
    wanted = typed.casefold()
    if len(wanted) < WORD_LENGTH_LEAST and wanted.isascii():
        return []
    return [
        store
        for store in register
        if wanted in store.name_zh.casefold()
        or wanted in store.name_en.casefold()
        or wanted == store.taxpayer_number.casefold()
    ]
