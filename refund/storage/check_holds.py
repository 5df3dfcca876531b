"""What must hold of holds and what they secure, as queries: each gives the rows that break it."""

from refund.core.form import ENDED, Status
from refund.storage.check_words import SIGNED, words

_OF_HOLD = (
    "operation.form_id = guarantee.form_id"
    " AND operation.hold_reference IN (guarantee.reference, guarantee.hold_reference)"
)
_ENDS_IT = f"{_OF_HOLD} AND operation.kind IN ('release', 'capture')"

_WITHOUT_ADVANCE = frozenset({Status.ISSUED, Status.AGREED, Status.ORDINARY, Status.HOLDING})
_LIVE = words(status.value for status in Status if status not in ENDED | _WITHOUT_ADVANCE)

_GROWN = (
    "COALESCE((SELECT SUM(operation.amount_fen) FROM operation"
    f" WHERE {_OF_HOLD} AND operation.kind = 'increase' AND operation.state = 'succeeded'), 0)"
)

HOLDS: dict[str, tuple[str, ...]] = {
    "I10": (
        "SELECT form_id, COUNT(*) AS live FROM guarantee WHERE state = 'held'"
        " GROUP BY form_id HAVING COUNT(*) > 1",
    ),
    "I11": (
        "SELECT form_id, hold_reference, COUNT(*) AS ends FROM operation"
        " WHERE kind IN ('release', 'capture') AND state = 'succeeded'"
        " GROUP BY form_id, hold_reference HAVING COUNT(*) > 1",
        "SELECT reference, form_id, state FROM guarantee WHERE state <> 'held' AND NOT EXISTS ("
        f"SELECT 1 FROM operation WHERE {_ENDS_IT} AND CASE guarantee.state"
        " WHEN 'released' THEN operation.kind = 'release' AND operation.state = 'succeeded'"
        " WHEN 'captured' THEN operation.kind = 'capture' AND operation.state = 'succeeded'"
        " ELSE operation.state = 'refused' END)"
        " AND NOT (state = 'ended' AND EXISTS (SELECT 1 FROM entry"
        " WHERE entry.entry_key = guarantee.reference || '-lapsed'"
        " AND entry.form_id = guarantee.form_id))",
        "SELECT reference, form_id, state FROM guarantee WHERE state = 'held' AND EXISTS ("
        f"SELECT 1 FROM operation WHERE {_ENDS_IT} AND operation.state = 'succeeded')",
    ),
    "I12": (
        "SELECT reference, amount_fen, captured_fen, released_fen FROM guarantee"
        " WHERE captured_fen < 0 OR released_fen < 0 OR captured_fen + released_fen"
        " <> CASE state WHEN 'held' THEN 0 ELSE amount_fen END",
        "SELECT reference, captured_fen, charged_fen FROM (SELECT guarantee.reference,"
        " guarantee.captured_fen, COALESCE((SELECT SUM(operation.charged_fen) FROM operation"
        f" WHERE {_OF_HOLD} AND operation.kind = 'capture' AND operation.state = 'succeeded'), 0)"
        " AS charged_fen FROM guarantee) AS both_sides WHERE captured_fen <> charged_fen",
        "SELECT reference, amount_fen, charged_fen FROM operation WHERE charged_fen < 0"
        " OR charged_fen > CASE WHEN kind = 'capture' AND state = 'succeeded'"
        " THEN amount_fen ELSE 0 END"
        " OR (kind = 'capture' AND state = 'succeeded' AND charged_fen = 0)",
        # A hold is as large and lasts as long as its last change says.
        "SELECT reference, amount_fen, expires_at FROM guarantee WHERE EXISTS ("
        "SELECT 1 FROM guarantee_change WHERE guarantee_change.reference = guarantee.reference)"
        " AND NOT EXISTS (SELECT 1 FROM guarantee_change"
        " WHERE guarantee_change.reference = guarantee.reference"
        " AND guarantee_change.amount_fen = guarantee.amount_fen"
        " AND guarantee_change.expires_at = guarantee.expires_at"
        " AND guarantee_change.at = (SELECT MAX(latest.at) FROM guarantee_change AS latest"
        " WHERE latest.reference = guarantee.reference))",
        "SELECT reference, amount_fen, granted_fen FROM (SELECT guarantee.reference,"
        " guarantee.amount_fen, COALESCE((SELECT SUM(posting.amount_fen) FROM posting"
        " WHERE posting.entry_key = guarantee.reference AND posting.account = 'guarantee_held'"
        f" AND posting.side = 'debit'), 0) + {_GROWN} AS granted_fen FROM guarantee) AS both_sides"
        " WHERE amount_fen <> granted_fen",
        "SELECT form_id, SUM(held_fen) AS held_fen, SUM(posted_fen) AS posted_fen FROM ("
        "SELECT form_id, amount_fen AS held_fen, 0 AS posted_fen FROM guarantee"
        " WHERE state = 'held'"
        f" UNION ALL SELECT entry.form_id, 0, {SIGNED} FROM posting"
        " JOIN entry ON entry.entry_key = posting.entry_key"
        " WHERE posting.account = 'guarantee_held') AS both_sides"
        " GROUP BY form_id HAVING SUM(held_fen) <> SUM(posted_fen)",
    ),
    "I15": (
        "SELECT form_id, status, outstanding_fen FROM (SELECT form.form_id, form.status,"
        f" COALESCE((SELECT SUM({SIGNED}) FROM entry"
        " JOIN posting ON posting.entry_key = entry.entry_key"
        " WHERE entry.form_id = form.form_id AND posting.account = 'advance'), 0)"
        f" AS outstanding_fen FROM form WHERE form.status IN ({_LIVE})) AS live"
        " WHERE outstanding_fen > 0"
        " AND NOT EXISTS (SELECT 1 FROM guarantee WHERE guarantee.form_id = live.form_id"
        " AND guarantee.state = 'held' AND guarantee.expires_at > :now"
        " AND (guarantee.extendable = 1 OR guarantee.needed_until IS NULL"
        " OR guarantee.expires_at >= guarantee.needed_until))"
        " AND NOT EXISTS (SELECT 1 FROM case_record WHERE case_record.form_id = live.form_id"
        " AND case_record.closed_at IS NULL)"
        # What the network was asked about such a hold, its answer will say.
        " AND NOT EXISTS (SELECT 1 FROM operation WHERE operation.form_id = live.form_id"
        " AND operation.state = 'pending' AND operation.kind IN ('release', 'capture'))",
    ),
}
