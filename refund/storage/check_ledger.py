"""What must hold of the ledger, as queries: each gives the rows that break it."""

from refund.storage.check_claims import SIGNED, words

_NO_OPERATION = (
    "NOT EXISTS (SELECT 1 FROM operation WHERE operation.reference = entry.entry_key"
    " AND operation.form_id = entry.form_id AND "
)
_ENTRY = "SELECT entry_key, kind, form_id FROM entry WHERE "
_DONE = "operation.state = 'succeeded'"
_LAPSED = "operation.state = 'refused'"

_OF_THE_NETWORK = ("hold", "advance", "capture", "release", "withdrawal", "returned", "adjust")
_ELSE = (
    "hold_lapsed",
    "refund",
    "recovered",
    "till_opened",
    "till_closed",
    "treasury_paid",
    "unclaimed",
)


def _posted(account: str, side: str) -> str:
    """What an entry moves on one side of an account."""
    return (
        "(SELECT COALESCE(SUM(posting.amount_fen), 0) FROM posting WHERE posting.entry_key"
        f" = entry.entry_key AND posting.account = '{account}' AND posting.side = '{side}')"
    )


# A hold that has ended by itself leaves nothing to ask of the network.
_WITHOUT_HOLD = (
    " AND NOT (entry.entry_key = entry.form_id || '-earned-1'"
    f" AND {_posted('guarantee_held', 'credit')} = 0 AND EXISTS (SELECT 1 FROM guarantee"
    " WHERE guarantee.form_id = entry.form_id AND guarantee.state = 'ended'))"
)

_ENTRIES_WITHOUT_EVENT = (
    f"{_ENTRY} kind NOT IN ({words((*_OF_THE_NETWORK, *_ELSE, 'reversal'))})",
    f"{_ENTRY} kind IN ('hold', 'advance', 'capture')"
    f" AND {_NO_OPERATION} operation.kind = entry.kind AND {_DONE})",
    # Where nothing was to be charged, a hold that has ended by itself is as good as released.
    f"{_ENTRY} kind IN ('withdrawal', 'returned')"
    f" AND {_NO_OPERATION} operation.kind = 'release' AND ({_DONE} OR {_LAPSED}))",
    f"{_ENTRY} kind = 'release' AND {_NO_OPERATION} operation.kind = 'release'"
    f" AND ({_DONE} OR {_LAPSED})){_WITHOUT_HOLD}",
    f"{_ENTRY} kind = 'adjust' AND {_NO_OPERATION} (operation.kind IN ('release', 'capture')"
    f" AND {_DONE} OR operation.kind = 'release' AND {_LAPSED})){_WITHOUT_HOLD}",
    f"{_ENTRY} kind = 'hold_lapsed' AND {_NO_OPERATION} operation.kind IN ('release', 'capture')"
    f" AND {_LAPSED})",
    f"{_ENTRY} kind = 'refund' AND {_NO_OPERATION} operation.kind = 'refund' AND {_DONE})"
    " AND NOT EXISTS (SELECT 1 FROM receipt WHERE receipt.receipt_number = entry.entry_key"
    " AND receipt.form_id = entry.form_id AND receipt.way = 'cash' AND receipt.paid_at IS NOT NULL"
    f" AND receipt.net_fen = {_posted('till', 'credit')})",
    f"{_ENTRY} kind = 'recovered' AND NOT EXISTS (SELECT 1 FROM goods_return"
    " WHERE goods_return.return_id = entry.entry_key AND goods_return.form_id = entry.form_id"
    f" AND goods_return.recovered_fen = {_posted('store', 'debit')})",
    f"{_ENTRY} kind = 'till_opened' AND NOT EXISTS (SELECT 1 FROM till"
    " WHERE till.till_id || '-opened' = entry.entry_key"
    f" AND till.float_fen = {_posted('till', 'debit')})",
    f"{_ENTRY} kind = 'till_closed' AND NOT EXISTS (SELECT 1 FROM till"
    " WHERE till.till_id || '-closed' = entry.entry_key AND till.closed_at IS NOT NULL"
    f" AND till.counted_fen = {_posted('bank', 'debit')}"
    f" AND till.float_fen - till.paid_fen = {_posted('till', 'credit')})",
    f"{_ENTRY} kind = 'treasury_paid' AND NOT EXISTS (SELECT 1 FROM treasury_payment"
    " JOIN settlement ON settlement.month = treasury_payment.month"
    " WHERE settlement.settlement_number || '-paid' = entry.entry_key"
    f" AND treasury_payment.amount_fen = {_posted('bank', 'debit')}"
    f" - {_posted('bank', 'credit')})",
    f"{_ENTRY} kind = 'unclaimed' AND NOT EXISTS (SELECT 1 FROM entry AS back"
    " WHERE back.reverses || '-unclaimed' = entry.entry_key AND back.form_id = entry.form_id)",
)

_EVENTS_WITHOUT_ENTRY = (
    "SELECT reference, kind, form_id FROM operation WHERE state = 'succeeded'"
    " AND NOT EXISTS (SELECT 1 FROM entry WHERE entry.entry_key = operation.reference)",
    "SELECT return_id, form_id, recovered_fen FROM goods_return WHERE recovered_fen > 0"
    " AND NOT EXISTS (SELECT 1 FROM entry WHERE entry.entry_key = goods_return.return_id"
    " AND entry.kind = 'recovered')",
    "SELECT receipt_number, form_id FROM receipt WHERE paid_at IS NOT NULL AND way = 'cash'"
    " AND NOT EXISTS (SELECT 1 FROM entry WHERE entry.entry_key = receipt.receipt_number"
    " AND entry.kind = 'refund')",
    "SELECT receipt_number, form_id FROM receipt WHERE paid_at IS NOT NULL AND way <> 'cash'"
    " AND NOT EXISTS (SELECT 1 FROM operation WHERE operation.form_id = receipt.form_id"
    " AND operation.kind = 'refund' AND operation.state = 'succeeded'"
    " AND operation.amount_fen = receipt.net_fen)",
    "SELECT till_id, float_fen FROM till WHERE NOT EXISTS (SELECT 1 FROM entry"
    " WHERE entry.entry_key = till.till_id || '-opened')",
    "SELECT till_id, counted_fen FROM till WHERE closed_at IS NOT NULL"
    " AND (counted_fen > 0 OR float_fen > paid_fen) AND NOT EXISTS (SELECT 1 FROM entry"
    " WHERE entry.entry_key = till.till_id || '-closed')",
    "SELECT month, amount_fen FROM treasury_payment WHERE NOT EXISTS (SELECT 1 FROM entry"
    " JOIN settlement ON settlement.settlement_number || '-paid' = entry.entry_key"
    " WHERE settlement.month = treasury_payment.month)",
)

_OTHER_AMOUNTS = (
    "SELECT advance.form_id, advance.reference FROM advance WHERE NOT EXISTS ("
    "SELECT 1 FROM posting WHERE posting.entry_key = advance.reference"
    " AND posting.account = 'advance' AND posting.side = 'debit'"
    " AND posting.amount_fen = advance.amount_fen)",
    f"SELECT reference, amount_fen, posted_fen FROM (SELECT operation.reference, operation.kind,"
    f" operation.amount_fen, SUM({SIGNED.replace('amount_fen', 'posting.amount_fen')})"
    " AS posted_fen FROM operation JOIN posting ON posting.entry_key = operation.reference"
    " AND posting.account = 'network' WHERE operation.state = 'succeeded'"
    " GROUP BY operation.reference, operation.kind, operation.amount_fen) AS both_sides"
    " WHERE posted_fen <> CASE kind WHEN 'capture' THEN amount_fen ELSE -amount_fen END",
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
    "I3": (
        "SELECT found.account, found.store_number, found.debit_fen, found.credit_fen,"
        " balance.debit_fen AS kept_debit_fen, balance.credit_fen AS kept_credit_fen FROM ("
        "SELECT account, store_number,"
        " SUM(CASE side WHEN 'debit' THEN amount_fen ELSE 0 END) AS debit_fen,"
        " SUM(CASE side WHEN 'credit' THEN amount_fen ELSE 0 END) AS credit_fen"
        " FROM posting JOIN entry ON entry.entry_key = posting.entry_key"
        " GROUP BY account, store_number) AS found"
        " LEFT JOIN balance ON balance.account = found.account"
        " AND balance.store_number = found.store_number"
        " WHERE balance.account IS NULL OR balance.debit_fen <> found.debit_fen"
        " OR balance.credit_fen <> found.credit_fen",
        "SELECT account, store_number, debit_fen, credit_fen FROM balance"
        " WHERE (debit_fen <> 0 OR credit_fen <> 0) AND NOT EXISTS ("
        "SELECT 1 FROM posting JOIN entry ON entry.entry_key = posting.entry_key"
        " WHERE posting.account = balance.account"
        " AND entry.store_number = balance.store_number)",
    ),
    "I4": (
        "SELECT entry_key, position, amount_fen FROM posting"
        " WHERE amount_fen <= 0 OR amount_fen > 9999999999",
    ),
    "I6": (*_EVENTS_WITHOUT_ENTRY, *_ENTRIES_WITHOUT_EVENT, *_OTHER_AMOUNTS),
    "I7": (
        "SELECT entry_key, reverses FROM entry WHERE (kind = 'reversal')"
        " <> (reverses IS NOT NULL) OR (reverses IS NOT NULL AND (reason = '' OR actor = ''))",
        "SELECT mirror.entry_key, mirror.account FROM ("
        "SELECT back.entry_key, posting.account FROM entry AS back"
        " JOIN posting ON posting.entry_key IN (back.entry_key, back.reverses)"
        " WHERE back.reverses IS NOT NULL GROUP BY back.entry_key, posting.account"
        f" HAVING SUM({SIGNED}) <> 0) AS mirror",
    ),
}
