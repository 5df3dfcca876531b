"""What must hold of the ledger, as queries: each gives the rows that break it."""

from refund.storage.check_words import (
    ABOVE_ONE_PERSON,
    DONE,
    GIVEN_BACK,
    SIGNED,
    approved,
    before_suffix,
    own_operation,
    posted,
)

# A hold that has ended without its form leaves nothing to ask of the network.
_EARNED = (
    "(entry.entry_key = entry.form_id || '-earned-1'"
    f" AND {posted('guarantee_held', 'credit')} = 0 AND EXISTS (SELECT 1 FROM guarantee"
    " WHERE guarantee.form_id = entry.form_id AND (guarantee.state = 'ended'"
    " OR (guarantee.state = 'captured' AND EXISTS (SELECT 1 FROM operation"
    " WHERE operation.form_id = guarantee.form_id AND operation.kind = 'capture'"
    " AND operation.state = 'succeeded' AND operation.charged_fen < operation.amount_fen)))))"
)

_CHARGED_OR_GIVEN_BACK = f"(operation.kind = 'capture' AND {DONE} OR {GIVEN_BACK})"

# A statement that took another one's place has its number in the key of its fees.
_FEES_KEYS = (
    "'statement-' || statement.day || '-fees', 'statement-' || statement.day || '-'"
    " || CAST(statement.statement_number AS TEXT) || '-fees'"
)
_TAKEN_BACK = "EXISTS (SELECT 1 FROM entry AS back WHERE back.reverses = entry.entry_key)"

_EVENT_OF: dict[str, str] = {
    "hold": own_operation("operation.kind = 'hold'", DONE),
    "increase": own_operation("operation.kind = 'increase'", DONE),
    "advance": own_operation("operation.kind = 'advance'", DONE),
    "capture": own_operation("operation.kind = 'capture'", DONE),
    "withdrawal": own_operation(GIVEN_BACK),
    "returned": own_operation(GIVEN_BACK),
    "freed": own_operation(GIVEN_BACK),
    "release": f"{own_operation(GIVEN_BACK)} OR {_EARNED}",
    "adjust": f"{own_operation(_CHARGED_OR_GIVEN_BACK)} OR {_EARNED}",
    "hold_lapsed": (
        own_operation("operation.kind IN ('release', 'capture')", "operation.state = 'refused'")
        + " OR EXISTS (SELECT 1 FROM guarantee"
        f" WHERE guarantee.reference = {before_suffix('-lapsed')}"
        " AND guarantee.form_id = entry.form_id AND guarantee.state = 'ended')"
    ),
    "refund": (
        own_operation("operation.kind = 'refund'", "operation.purpose <> 'pay_again'", DONE)
        + " OR EXISTS (SELECT 1 FROM receipt WHERE receipt.receipt_number = entry.entry_key"
        " AND receipt.form_id = entry.form_id AND receipt.way = 'cash'"
        f" AND receipt.paid_at IS NOT NULL AND receipt.net_fen = {posted('till', 'credit')})"
    ),
    "pay_again": own_operation(
        "operation.kind = 'refund'", "operation.purpose = 'pay_again'", DONE
    ),
    "payout_returned": (
        "EXISTS (SELECT 1 FROM operation"
        f" WHERE operation.reference = {before_suffix('-returned')}"
        " AND operation.form_id = entry.form_id AND operation.state = 'returned'"
        f" AND operation.amount_fen = {posted('network', 'debit')})"
    ),
    "write_off": (
        own_operation(GIVEN_BACK, "operation.purpose = 'request_waive'")
        + " OR (entry.entry_key = entry.form_id || '-written-1' AND EXISTS ("
        "SELECT 1 FROM case_record WHERE case_record.form_id = entry.form_id"
        " AND case_record.fix = 'write_off'))"
    ),
    "network_fees": (
        "EXISTS (SELECT 1 FROM statement WHERE statement.day = SUBSTR(entry.entry_key, 11, 10)"
        f" AND entry.entry_key IN ({_FEES_KEYS})"
        f" AND statement.state = CASE WHEN {_TAKEN_BACK} THEN 'superseded' ELSE 'complete' END"
        f" AND statement.agreed_fees_fen = {posted('network_fee', 'debit')})"
    ),
    "difference": (
        "EXISTS (SELECT 1 FROM case_record"
        f" WHERE case_record.case_id = {before_suffix('-difference')}"
        " AND entry.entry_key = case_record.case_id || '-difference'"
        " AND case_record.fix IN ('post_theirs', 'reverse_ours'))"
    ),
    "recovered": (
        "EXISTS (SELECT 1 FROM goods_return WHERE goods_return.return_id = entry.entry_key"
        " AND goods_return.form_id = entry.form_id"
        f" AND goods_return.recovered_fen = {posted('store', 'debit')})"
    ),
    "till_opened": (
        f"EXISTS (SELECT 1 FROM till WHERE till.till_id = {before_suffix('-opened')}"
        f" AND till.float_fen = {posted('till', 'debit')})"
    ),
    "till_closed": (
        f"EXISTS (SELECT 1 FROM till WHERE till.till_id = {before_suffix('-closed')}"
        " AND till.closed_at IS NOT NULL"
        f" AND till.counted_fen = {posted('bank', 'debit')}"
        f" AND till.float_fen - till.paid_fen = {posted('till', 'credit')})"
    ),
    "treasury_paid": (
        "EXISTS (SELECT 1 FROM treasury_payment"
        " JOIN settlement ON settlement.month = treasury_payment.month"
        " WHERE settlement.settlement_number || '-paid' = entry.entry_key"
        f" AND treasury_payment.amount_fen = {posted('bank', 'debit')}"
        f" - {posted('bank', 'credit')})"
    ),
    "unclaimed": (
        "EXISTS (SELECT 1 FROM entry AS back"
        f" WHERE back.reverses = {before_suffix('-unclaimed')}"
        " AND back.form_id = entry.form_id)"
    ),
    "reversal": "entry.reverses IS NOT NULL",
}
"""The business event of each kind of entry."""

_WITHOUT_EVENT = (
    "SELECT entry_key, kind, form_id FROM entry WHERE NOT CASE kind "
    + " ".join(f"WHEN '{kind}' THEN {event}" for kind, event in _EVENT_OF.items())
    + " ELSE 1 = 0 END"
)

_EVENTS_WITHOUT_ENTRY = (
    # A hold that was over when its increase was heard has nothing that could grow.
    "SELECT reference, kind, form_id FROM operation WHERE state IN ('succeeded', 'returned')"
    " AND kind <> 'extend'"
    " AND NOT EXISTS (SELECT 1 FROM entry WHERE entry.entry_key = operation.reference)"
    " AND NOT (kind = 'increase' AND EXISTS (SELECT 1 FROM guarantee"
    " WHERE guarantee.form_id = operation.form_id AND guarantee.state = 'ended'"
    " AND operation.hold_reference IN (guarantee.reference, guarantee.hold_reference)))",
    "SELECT reference, kind, form_id FROM operation WHERE state = 'returned' AND NOT EXISTS ("
    "SELECT 1 FROM entry WHERE entry.entry_key = operation.reference || '-returned')",
    "SELECT return_id, form_id, recovered_fen FROM goods_return WHERE recovered_fen > 0"
    " AND NOT EXISTS (SELECT 1 FROM entry WHERE entry.entry_key = goods_return.return_id"
    " AND entry.kind = 'recovered')",
    "SELECT receipt_number, form_id FROM receipt WHERE paid_at IS NOT NULL AND way = 'cash'"
    " AND NOT EXISTS (SELECT 1 FROM entry WHERE entry.entry_key = receipt.receipt_number"
    " AND entry.kind = 'refund')",
    "SELECT receipt_number, form_id FROM receipt WHERE paid_at IS NOT NULL AND way <> 'cash'"
    " AND NOT EXISTS (SELECT 1 FROM operation WHERE operation.form_id = receipt.form_id"
    f" AND operation.kind = 'refund' AND {DONE} AND operation.amount_fen = receipt.net_fen)",
    "SELECT till_id, float_fen FROM till WHERE NOT EXISTS (SELECT 1 FROM entry"
    " WHERE entry.entry_key = till.till_id || '-opened')",
    "SELECT till_id, counted_fen FROM till WHERE closed_at IS NOT NULL"
    " AND (counted_fen > 0 OR float_fen > paid_fen) AND NOT EXISTS (SELECT 1 FROM entry"
    " WHERE entry.entry_key = till.till_id || '-closed')",
    "SELECT month, amount_fen FROM treasury_payment WHERE NOT EXISTS (SELECT 1 FROM entry"
    " JOIN settlement ON settlement.settlement_number || '-paid' = entry.entry_key"
    " WHERE settlement.month = treasury_payment.month)",
    "SELECT day, agreed_fees_fen FROM statement WHERE state = 'complete' AND agreed_fees_fen > 0"
    f" AND NOT EXISTS (SELECT 1 FROM entry WHERE entry.entry_key IN ({_FEES_KEYS})"
    f" AND NOT {_TAKEN_BACK})",
    "SELECT day, statement_number, agreed_fees_fen FROM statement WHERE state = 'superseded'"
    " AND agreed_fees_fen > 0 AND NOT EXISTS (SELECT 1 FROM entry"
    f" WHERE entry.entry_key IN ({_FEES_KEYS}) AND {_TAKEN_BACK})",
    "SELECT case_id, kind, subject FROM case_record WHERE closed_at IS NOT NULL"
    " AND fix = 'take_back' AND fixed_by <> '' AND NOT EXISTS (SELECT 1 FROM entry"
    " WHERE entry.reverses = case_record.subject || '-difference')",
    "SELECT day, case_id FROM statement WHERE state = 'superseded' AND NOT "
    + approved("= 'replace_statement'", case="approval.case_id = statement.case_id"),
    "SELECT case_id, kind, subject FROM case_record WHERE closed_at IS NOT NULL"
    " AND fix IN ('post_theirs', 'reverse_ours') AND fixed_by <> '' AND NOT EXISTS ("
    "SELECT 1 FROM entry WHERE entry.entry_key = case_record.case_id || '-difference')",
    "SELECT form_id, status FROM form WHERE status = 'written_off' AND NOT EXISTS ("
    "SELECT 1 FROM entry WHERE entry.form_id = form.form_id"
    " AND entry.kind IN ('write_off', 'freed'))",
)

_OTHER_AMOUNTS = (
    "SELECT advance.form_id, advance.reference FROM advance WHERE NOT EXISTS ("
    "SELECT 1 FROM posting WHERE posting.entry_key = advance.reference"
    " AND posting.account = 'advance' AND posting.side = 'debit'"
    " AND posting.amount_fen = advance.amount_fen)",
    "SELECT reference, kind, amount_fen, charged_fen, posted_fen FROM ("
    "SELECT operation.reference, operation.kind, operation.amount_fen, operation.charged_fen,"
    f" COALESCE((SELECT SUM({SIGNED}) FROM posting WHERE posting.entry_key = operation.reference"
    " AND posting.account = 'network'), 0) AS posted_fen"
    " FROM operation JOIN entry ON entry.entry_key = operation.reference"
    f" WHERE {DONE} AND operation.kind IN ('advance', 'refund', 'capture')) AS both_sides"
    " WHERE posted_fen <> CASE kind WHEN 'capture' THEN charged_fen ELSE -amount_fen END",
    "SELECT till_id, paid_fen, receipts_fen FROM (SELECT till.till_id, till.paid_fen,"
    " COALESCE((SELECT SUM(receipt.net_fen) FROM receipt WHERE receipt.till_id = till.till_id"
    " AND receipt.paid_at IS NOT NULL), 0) AS receipts_fen FROM till) AS both_sides"
    " WHERE paid_fen <> receipts_fen",
    "SELECT joint_reference, joint_fen, SUM(amount_fen) AS shares_fen,"
    " COUNT(DISTINCT state) AS states FROM operation WHERE joint_reference <> ''"
    " GROUP BY joint_reference, joint_fen"
    " HAVING SUM(amount_fen) <> joint_fen OR COUNT(DISTINCT state) > 1",
)

LEDGER: dict[str, tuple[str, ...]] = {
    "I1": (
        f"SELECT entry_key, SUM({SIGNED}) AS off_by_fen FROM posting"
        f" GROUP BY entry_key HAVING SUM({SIGNED}) <> 0",
        "SELECT entry.entry_key, 'no postings' AS wrong FROM entry"
        " WHERE NOT EXISTS (SELECT 1 FROM posting WHERE posting.entry_key = entry.entry_key)",
    ),
    "I4": (
        "SELECT entry_key, position, amount_fen FROM posting"
        " WHERE amount_fen <= 0 OR amount_fen > 9999999999",
    ),
    "I6": (*_EVENTS_WITHOUT_ENTRY, _WITHOUT_EVENT, *_OTHER_AMOUNTS),
    "I7": (
        "SELECT entry_key, reverses FROM entry WHERE (kind = 'reversal')"
        " <> (reverses IS NOT NULL) OR (reverses IS NOT NULL AND (reason = '' OR actor = ''))",
        "SELECT mirror.entry_key, mirror.account FROM ("
        "SELECT back.entry_key, posting.account FROM entry AS back"
        " JOIN posting ON posting.entry_key IN (back.entry_key, back.reverses)"
        " WHERE back.reverses IS NOT NULL GROUP BY back.entry_key, posting.account"
        f" HAVING SUM({SIGNED}) <> 0) AS mirror",
        "SELECT entry_key, kind, reason, actor FROM entry"
        " WHERE kind = 'difference' AND (reason = '' OR actor = '')",
        "SELECT entry_key, kind, 'decided by one person' AS wrong FROM entry"
        " WHERE kind = 'difference'"
        f" AND {posted('network', 'debit')} + {posted('network', 'credit')} {ABOVE_ONE_PERSON}"
        " AND NOT "
        + approved(
            "IN ('post_theirs', 'reverse_ours')",
            case=f"approval.case_id = {before_suffix('-difference')}",
        ),
    ),
}
