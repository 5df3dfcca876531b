"""Forms, books, records and statements in bulk, made by SQL for whatever engine it is."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any

from refund.storage.protocol import Engine, Session
from refund.storage.schema_match import LINES_PER_STATEMENT

FIRST = date(2025, 7, 8)
DAYS = 30
ODD_EVERY = 20_000
NET_FEN = 134_46
BASE = 1_000_000_000_000_000
"""A form's id is this and its number: sixteen digits on either engine."""


_SERIES = "WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last)"
_ID = f"CAST({BASE} + i AS TEXT)"

_STORE = (
    (
        "INSERT INTO store (store_number, name_zh, name_en, taxpayer_number, address_zh,"
        " address_en, phone, tax_credit_grade, general_taxpayer, goods_ledger_kept,"
        " sign_displayed, status, illustrative, source, note)"
        " VALUES (1, 's', 's', 't', 'a', 'a', 'p', 'A', 1, 1, 1, 'active', 1, 'benchmark', '')"
    ),
    (
        "INSERT INTO staff (staff_id, role, store_number, port, login, name, password_hash)"
        " VALUES ('clerk-1', 'clerk', 1, '', 'clerk-1', 'Clerk', ''),"
        " ('officer-1', 'officer', NULL, 'WUH', 'officer-1', 'Officer', '')"
    ),
)

_FORM = f"""INSERT INTO form (form_id, form_number, store_number, staff_id, submission_key,
    submission_fingerprint, status, version, channel, issued_at, issue_day, document_index,
    identity_sealed, sales_fen, gross_fen, fee_fen, net_fen, port, port_any, depart_by, export_by,
    code, tries_left, claim_hash) {_SERIES}
    SELECT {_ID}, CAST(250708000000000 + i AS TEXT), 1, 'clerk-1', CAST(i AS TEXT), '', 'released',
    8, 'instant', :day || 'T03:00:00.000000Z', :day, 'd' || {_ID}, :sealed, 149400, 16434, 2988,
    {NET_FEN}, 'WUH', 1, :day, :day, 'C' || {_ID}, 5, '' FROM n"""


def _operation(kind: str) -> str:
    return f"""INSERT INTO operation (reference, idempotency_key, form_id, store_number, kind,
    attempt, amount_fen, state, created_at, lease_until, hold_reference, card_token, payout_token,
    payout_label, method, purpose, reason, actor, network_id, refusal, answered_at, part_fen,
    joint_reference, joint_fen) {_SERIES}
    SELECT {_ID} || '-{kind}-1', 'k' || {_ID} || '{kind}', {_ID}, 1, '{kind}', 1, {NET_FEN},
    'succeeded', :day || 'T04:00:00.000000Z', :day || 'T04:00:15.000000Z', '', '', '', '', '', '',
    '', 'benchmark', 'id', '', :day || 'T04:00:01.000000Z', 0, '', 0 FROM n"""


def _entry(kind: str) -> str:
    return f"""INSERT INTO entry (entry_key, kind, form_id, store_number, posted_at, actor, reason)
    {_SERIES} SELECT {_ID} || '-{kind}-1', '{kind}', {_ID}, 1, :day || 'T04:00:01.000000Z',
    'benchmark', '' FROM n"""


def _posting(kind: str, position: int, account: str, side: str) -> str:
    return f"""INSERT INTO posting (entry_key, position, account, side, amount_fen) {_SERIES}
    SELECT {_ID} || '-{kind}-1', {position}, '{account}', '{side}', {NET_FEN} FROM n"""


_VERIFIED = f"""INSERT INTO verification (form_id, sequence, officer_id, port, verified_at,
    decision, place, inspection, reason, note) {_SERIES}
    SELECT {_ID}, 1, 'officer-1', 'WUH', :day || 'T05:00:00.000000Z', 'confirmed', '', '', '', ''
    FROM n"""
_LEFT = f"""INSERT INTO exit_record (exit_id, document_index, port, exited_at, recorded_at, source)
    {_SERIES} SELECT 'e' || {_ID}, 'd' || {_ID}, 'WUH', :day || 'T06:00:00.000000Z',
    :day || 'T06:01:00.000000Z', 'benchmark' FROM n"""

_POSTINGS = (
    _posting("hold", 0, "guarantee_held", "debit"),
    _posting("hold", 1, "guarantee_given", "credit"),
    _posting("advance", 0, "advance", "debit"),
    _posting("advance", 1, "network", "credit"),
    _posting("release", 0, "guarantee_given", "debit"),
    _posting("release", 1, "guarantee_held", "credit"),
)
KINDS = {"hold": "held", "advance": "paid", "release": "released"}

_OPEN = """INSERT INTO statement (statement_number, day, state, source, file_name, began_at,
    imported_by, opening_fen, closing_fen, line_count, payouts_fen, returned_fen, captures_fen,
    fees_fen, amount_fen, agreed_fees_fen, digest) VALUES (:number, :day, 'loading', 'file', '',
    :at, 'benchmark', 0, 0, 0, 0, 0, 0, 0, 0, 0, '')"""
_CLOSE = """UPDATE statement SET state = 'complete', digest = :day, completed_at = :at,
    line_count = found.lines, payouts_fen = found.paid, fees_fen = found.fees,
    agreed_fees_fen = found.fees, amount_fen = found.fen, closing_fen = -found.paid - found.fees
    FROM (SELECT COUNT(*) AS lines, SUM(amount_fen) AS fen, SUM(fee_fen) AS fees,
        SUM(CASE state WHEN 'paid' THEN amount_fen ELSE 0 END) AS paid FROM statement_line
        WHERE line_id BETWEEN :number * :size AND (:number + 1) * :size - 1) AS found
    WHERE statement_number = :number"""


def _line(kind: str, state: str, place: int) -> str:
    odd = f"CASE WHEN i % {ODD_EVERY} = 1 THEN 100 ELSE 0 END" if kind == "advance" else "0"
    fee = 60 if state == "paid" else 0
    return f"""INSERT INTO statement_line (line_id, network_id, reference, kind, state, amount_fen,
    currency, fee_fen, booked_at, hold_reference) {_SERIES}
    SELECT :number * :size + {place} + 3 * (i - :first), 'id', {_ID} || '-{kind}-1', '{kind}',
    '{state}', {NET_FEN} + {odd}, 'CNY', {fee}, :day || 'T04:00:01.000000Z', '' FROM n"""


def fill(engine: Engine, forms: int) -> None:
    """Make forms, books, records and statements of thirty days."""

    def begin(session: Session) -> None:
        for text in _STORE:
            session.run(text)

    engine.write(begin)
    for number in range(DAYS):
        first, last = forms * number // DAYS + 1, forms * (number + 1) // DAYS
        day = (FIRST + timedelta(days=number)).isoformat()
        span: dict[str, Any] = {"first": first, "last": last, "day": day}
        engine.write(partial(_fill_books, span=span))
        engine.write(partial(_fill_day, span=span, number=number + 1))


def _fill_books(session: Session, span: dict[str, Any]) -> None:
    series = {name: span[name] for name in ("first", "last")}
    session.run(_FORM, **span, sealed=b"\0" * 200)
    for kind in KINDS:
        session.run(_operation(kind), **span)
        session.run(_entry(kind), **span)
    for text in _POSTINGS:
        session.run(text, **series)
    session.run(_VERIFIED, **span)
    session.run(_LEFT, **span)


def _fill_day(session: Session, span: dict[str, Any], number: int) -> None:
    at, size = f"{span['day']}T17:00:00.000000Z", LINES_PER_STATEMENT
    session.run(_OPEN, number=number, day=span["day"], at=at)
    for place, (kind, state) in enumerate(KINDS.items(), 1):
        session.run(_line(kind, state, place), **span, number=number, size=size)
    session.run(_CLOSE, number=number, size=size, day=span["day"], at=at)
