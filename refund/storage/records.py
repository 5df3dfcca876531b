"""Rows and core objects, each made from the other."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache

from refund.core.agreement import Details
from refund.core.form import Channel, Form, Method, Status
from refund.core.goods import Goods
from refund.core.money import Amounts, Vat
from refund.core.operation import (
    Guarantee,
    GuaranteeState,
    Kind,
    Operation,
    OperationState,
)
from refund.core.people import Actor, Role, Staff
from refund.core.store import Filing, Standing, Store, StoreStatus
from refund.core.traveller import DocumentKind, IdentityDocument, Traveller
from refund.storage.protocol import Row, Value

KNOWN_MAX = 1024
"""Moments whose text is kept in mind: the rows of one act mostly say the same one."""


def _written(at: datetime) -> str:
    utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return utc.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


written: Callable[[datetime], str] = lru_cache(maxsize=KNOWN_MAX)(_written)
"""A moment as it stands in a column: UTC, six decimals, so that text sorts as time."""


def written_or_none(at: datetime | None) -> str | None:
    """A moment as it stands in a column that may be empty."""
    return None if at is None else written(at)


def moment(value: Value) -> datetime:
    """A moment out of a column."""
    return datetime.fromisoformat(text(value))


def moment_or_none(value: Value) -> datetime | None:
    """A moment out of a column that may be empty."""
    return None if value is None else moment(value)


def day(value: Value) -> date:
    """A day out of a column."""
    return date.fromisoformat(text(value))


def day_or_none(value: Value) -> date | None:
    """A day out of a column that may be empty."""
    return None if value is None else day(value)


def iso(value: date | None) -> str | None:
    """A day as it stands in a column."""
    return None if value is None else value.isoformat()


def text(value: Value) -> str:
    """A text column's value; anything else is a defect."""
    if not isinstance(value, str):
        raise TypeError(type(value))
    return value


def whole(value: Value) -> int:
    """An integer column's value; anything else is a defect."""
    if not isinstance(value, int):
        raise TypeError(type(value))
    return value


def raw(value: Value) -> bytes:
    """A bytes column's value; anything else is a defect."""
    if not isinstance(value, bytes):
        raise TypeError(type(value))
    return value


def store_of(row: Row) -> Store:
    """A store out of its row."""
    return Store(
        store_number=whole(row["store_number"]),
        name_zh=text(row["name_zh"]),
        name_en=text(row["name_en"]),
        taxpayer_number=text(row["taxpayer_number"]),
        address_zh=text(row["address_zh"]),
        address_en=text(row["address_en"]),
        phone=text(row["phone"]),
        tax_credit_grade=text(row["tax_credit_grade"]),
        general_taxpayer=bool(row["general_taxpayer"]),
        goods_ledger_kept=bool(row["goods_ledger_kept"]),
        sign_displayed=bool(row["sign_displayed"]),
        status=StoreStatus(text(row["status"])),
        filed_on=day_or_none(row["filed_on"]),
        instant_from=day_or_none(row["instant_from"]),
        instant_to=day_or_none(row["instant_to"]),
        illustrative=bool(row["illustrative"]),
        source=text(row["source"]),
        note=text(row["note"]),
        status_from=moment_or_none(row["status_from"]),
        before=Standing(
            StoreStatus(text(row["before_status"])), moment_or_none(row["before_from"])
        ),
        filing=Filing(text(row["filing"])),
        received_on=day_or_none(row["received_on"]),
        version=whole(row["version"]),
    )


def store_values(store: Store) -> dict[str, Value]:
    """A store as the values of its row."""
    return {
        "store_number": store.store_number,
        "name_zh": store.name_zh,
        "name_en": store.name_en,
        "taxpayer_number": store.taxpayer_number,
        "address_zh": store.address_zh,
        "address_en": store.address_en,
        "phone": store.phone,
        "tax_credit_grade": store.tax_credit_grade,
        "general_taxpayer": int(store.general_taxpayer),
        "goods_ledger_kept": int(store.goods_ledger_kept),
        "sign_displayed": int(store.sign_displayed),
        "status": store.status.value,
        "filed_on": iso(store.filed_on),
        "instant_from": iso(store.instant_from),
        "instant_to": iso(store.instant_to),
        "illustrative": int(store.illustrative),
        "source": store.source,
        "note": store.note,
        "status_from": written_or_none(store.status_from),
        "before_status": store.before.status.value,
        "before_from": written_or_none(store.before.since),
        "filing": store.filing.value,
        "received_on": iso(store.received_on),
        "version": store.version,
    }


def goods_of(row: Row) -> Goods:
    """A kind of goods out of a row that has its columns."""
    return Goods(
        goods_code=text(row["goods_code"]),
        name_zh=text(row["name_zh"]),
        name_en=text(row["name_en"]),
        unit_zh=text(row["unit_zh"]),
        unit_en=text(row["unit_en"]),
        vat=Vat.read(text(row["vat"])),
        pinyin=text(row["pinyin"]),
        restricted=text(row["restricted"]),
    )


def goods_values(goods: Goods) -> dict[str, Value]:
    """A kind of goods as the values of its columns."""
    return {
        "goods_code": goods.goods_code,
        "name_zh": goods.name_zh,
        "name_en": goods.name_en,
        "unit_zh": goods.unit_zh,
        "unit_en": goods.unit_en,
        "vat": goods.vat.written,
        "pinyin": goods.pinyin,
        "restricted": goods.restricted,
    }


def staff_of(row: Row) -> Staff:
    """A person of the staff out of a row."""
    number = row["store_number"]
    actor = Actor(
        staff_id=text(row["staff_id"]),
        role=Role(text(row["role"])),
        name=text(row["name"]),
        store_number=None if number is None else whole(number),
        port=text(row["port"]),
    )
    return Staff(
        actor,
        text(row["login"]),
        text(row["password_hash"]),
        moment_or_none(row["disabled_at"]),
    )


FORM_COLUMNS = (
    "form_id, form_number, store_number, staff_id, status, version, channel, issued_at, issue_day,"
    " document_index, sales_fen, gross_fen, fee_fen, net_fen, port, port_any, depart_by,"
    " export_by, code, tries_left, claim_hash, replaces"
)


def form_of(row: Row) -> Form:
    """A form out of its row."""
    return Form(
        form_id=text(row["form_id"]),
        form_number=text(row["form_number"]),
        store_number=whole(row["store_number"]),
        staff_id=text(row["staff_id"]),
        status=Status(row["status"]),
        version=whole(row["version"]),
        channel=Channel(row["channel"]),
        issued_at=moment(row["issued_at"]),
        issue_day=day(row["issue_day"]),
        document_index=text(row["document_index"]),
        amounts=Amounts(
            whole(row["sales_fen"]),
            whole(row["gross_fen"]),
            whole(row["fee_fen"]),
            whole(row["net_fen"]),
        ),
        port=text(row["port"]),
        port_any=bool(row["port_any"]),
        depart_by=day(row["depart_by"]),
        export_by=day(row["export_by"]),
        code=text(row["code"]),
        tries_left=whole(row["tries_left"]),
        claim_hash=text(row["claim_hash"]),
        replaces="" if row["replaces"] is None else text(row["replaces"]),
    )


def identity_bytes(traveller: Traveller) -> bytes:
    """An identity as the text that is sealed."""
    return json.dumps(
        {
            "latin_name": traveller.latin_name,
            "local_name": traveller.local_name,
            "nationality": traveller.nationality,
            "document_kind": traveller.document.kind.value,
            "document_number": traveller.document.number,
            "birth": iso(traveller.birth),
            "document_expiry": iso(traveller.document_expiry),
            "last_entry": iso(traveller.last_entry),
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


def identity_of(plaintext: bytes) -> Traveller:
    """An identity out of the text that was sealed."""
    known = json.loads(plaintext)
    return Traveller(
        latin_name=known["latin_name"],
        local_name=known["local_name"],
        nationality=known["nationality"],
        document=IdentityDocument(DocumentKind(known["document_kind"]), known["document_number"]),
        birth=day_or_none(known["birth"]),
        document_expiry=day_or_none(known["document_expiry"]),
        last_entry=day_or_none(known["last_entry"]),
    )


def details_bytes(details: Details) -> bytes:
    """A traveller's details as the text that is sealed."""
    return json.dumps(
        {"contact": details.contact, "departs_on": iso(details.departs_on), "port": details.port},
        ensure_ascii=False,
    ).encode()


def details_of(plaintext: bytes, method: Value) -> Details:
    """A traveller's details out of the text that was sealed."""
    known = json.loads(plaintext)
    departs_on = day_or_none(known["departs_on"])
    return Details(known["contact"], departs_on, known["port"], Method(method))


def operation_of(row: Row) -> Operation:
    """An operation out of its row."""
    return Operation(
        reference=text(row["reference"]),
        key=text(row["idempotency_key"]),
        form_id=text(row["form_id"]),
        store_number=whole(row["store_number"]),
        kind=Kind(row["kind"]),
        attempt=whole(row["attempt"]),
        amount_fen=whole(row["amount_fen"]),
        state=OperationState(row["state"]),
        created_at=moment(row["created_at"]),
        lease_until=moment(row["lease_until"]),
        hold_reference=text(row["hold_reference"]),
        card_token=text(row["card_token"]),
        payout_token=text(row["payout_token"]),
        payout_label=text(row["payout_label"]),
        method=text(row["method"]),
        purpose=text(row["purpose"]),
        reason=text(row["reason"]),
        actor=text(row["actor"]),
        network_id=text(row["network_id"]),
        refusal=text(row["refusal"]),
        answered_at=moment_or_none(row["answered_at"]),
        part_fen=whole(row["part_fen"]),
        joint_reference=text(row["joint_reference"]),
        joint_fen=whole(row["joint_fen"]),
        fence=whole(row["fence"]),
        tries=whole(row["tries"]),
        sent_at=moment_or_none(row["sent_at"]),
        fingerprint=text(row["fingerprint"]),
        charged_fen=whole(row["charged_fen"]),
    )


def guarantee_of(row: Row) -> Guarantee:
    """A hold out of its row."""
    return Guarantee(
        reference=text(row["reference"]),
        form_id=text(row["form_id"]),
        amount_fen=whole(row["amount_fen"]),
        brand=text(row["brand"]),
        last4=text(row["last4"]),
        authorisation_code=text(row["authorisation_code"]),
        held_at=moment(row["held_at"]),
        expires_at=moment(row["expires_at"]),
        state=GuaranteeState(row["state"]),
        card_token=text(row["card_token"]),
        payout_token=text(row["payout_token"]),
        payout_label=text(row["payout_label"]),
        captured_fen=whole(row["captured_fen"]),
        released_fen=whole(row["released_fen"]),
        hold_reference=text(row["hold_reference"]),
        extendable=bool(row["extendable"]),
        needed_until=moment_or_none(row["needed_until"]),
    )
