"""What must hold of advances and holds, as queries: each gives the rows that break it."""

from collections.abc import Iterable

from refund.core.form import ENDED

SIGNED = "CASE side WHEN 'debit' THEN amount_fen ELSE -amount_fen END"
"""A posting's amount, debits above zero and credits below."""


def words(values: Iterable[str]) -> str:
    """Words of ours as a list of SQL."""
    return ", ".join(f"'{value}'" for value in sorted(values))


_ENDS_IT = (
    "operation.form_id = guarantee.form_id AND operation.kind IN ('release', 'capture')"
    " AND operation.hold_reference IN (guarantee.reference, guarantee.hold_reference)"
)
_LEFT = (
    "EXISTS (SELECT 1 FROM exit_record WHERE exit_record.document_index = form.document_index"
    " AND exit_record.exited_at >= form.issued_at)"
)
_RETURNED = "EXISTS (SELECT 1 FROM goods_return WHERE goods_return.form_id = form.form_id)"
# A day is over at 16:00 UTC, which is midnight in Shanghai.
_PROMISE_OVER = "operation.created_at >= form.depart_by || 'T16:00:00'"


def _decided(decision: str) -> str:
    return (
        "EXISTS (SELECT 1 FROM verification WHERE verification.form_id = form.form_id"
        f" AND verification.decision = '{decision}')"
    )


ADVANCES: dict[str, tuple[str, ...]] = {
    "I8": (
        "SELECT form_id, COUNT(*) AS advances FROM operation WHERE kind = 'advance'"
        " AND state = 'succeeded' GROUP BY form_id HAVING COUNT(*) > 1",
        "SELECT form_id, COUNT(*) AS advances FROM entry WHERE kind = 'advance'"
        " GROUP BY form_id HAVING COUNT(*) > 1",
        "SELECT reference, form_id FROM operation WHERE kind = 'advance' AND state = 'succeeded'"
        " AND NOT EXISTS (SELECT 1 FROM advance WHERE advance.reference = operation.reference"
        " AND advance.form_id = operation.form_id)",
        "SELECT reference, form_id FROM advance WHERE NOT EXISTS (SELECT 1 FROM operation"
        " WHERE operation.reference = advance.reference AND operation.form_id = advance.form_id"
        " AND operation.kind = 'advance' AND operation.state = 'succeeded')",
    ),
    "I9": (
        "SELECT form_id, reference, amount_fen FROM advance WHERE NOT EXISTS ("
        "SELECT 1 FROM guarantee JOIN operation ON operation.reference = guarantee.reference"
        " AND operation.kind = 'hold' AND operation.state = 'succeeded'"
        " WHERE guarantee.form_id = advance.form_id"
        " AND guarantee.amount_fen >= advance.amount_fen"
        " AND guarantee.held_at <= advance.advanced_at)",
    ),
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
        " ELSE operation.state = 'refused' END)",
        "SELECT reference, form_id, state FROM guarantee WHERE state = 'held' AND EXISTS ("
        f"SELECT 1 FROM operation WHERE {_ENDS_IT} AND operation.state = 'succeeded')",
    ),
    "I12": (
        "SELECT reference, amount_fen, captured_fen, released_fen FROM guarantee"
        " WHERE captured_fen < 0 OR released_fen < 0 OR captured_fen + released_fen"
        " <> CASE state WHEN 'held' THEN 0 ELSE amount_fen END",
        "SELECT reference, captured_fen, charged_fen FROM (SELECT guarantee.reference,"
        " guarantee.captured_fen, COALESCE((SELECT SUM(operation.amount_fen) FROM operation"
        f" WHERE {_ENDS_IT} AND operation.kind = 'capture' AND operation.state = 'succeeded'), 0)"
        " AS charged_fen FROM guarantee) AS both_sides WHERE captured_fen <> charged_fen",
        "SELECT form_id, held_fen, posted_fen FROM (SELECT form.form_id,"
        " COALESCE((SELECT SUM(guarantee.amount_fen) FROM guarantee"
        " WHERE guarantee.form_id = form.form_id AND guarantee.state = 'held'), 0) AS held_fen,"
        f" COALESCE((SELECT SUM({SIGNED}) FROM entry"
        " JOIN posting ON posting.entry_key = entry.entry_key"
        " WHERE entry.form_id = form.form_id AND posting.account = 'guarantee_held'), 0)"
        " AS posted_fen FROM form) AS both_sides WHERE held_fen <> posted_fen",
    ),
    "I13": (
        "SELECT entry_key, kind, form_id FROM entry WHERE kind IN ('release', 'adjust')"
        " AND NOT EXISTS (SELECT 1 FROM verification WHERE verification.form_id = entry.form_id"
        " AND verification.decision <> 'refused'"
        " AND verification.verified_at <= entry.posted_at)",
        "SELECT entry_key, kind, form_id FROM entry WHERE kind = 'returned' AND NOT EXISTS ("
        "SELECT 1 FROM goods_return WHERE goods_return.form_id = entry.form_id)",
        "SELECT entry_key, kind, form_id FROM entry WHERE kind = 'withdrawal' AND EXISTS ("
        "SELECT 1 FROM advance WHERE advance.form_id = entry.form_id)",
    ),
    "I14": (
        "SELECT operation.reference, operation.purpose, operation.form_id FROM operation"
        " JOIN form ON form.form_id = operation.form_id"
        " WHERE operation.kind = 'capture' AND operation.state = 'succeeded'"
        " AND NOT CASE operation.purpose"
        f" WHEN 'request_return' THEN {_RETURNED}"
        f" WHEN 'request_adjust' THEN {_RETURNED} OR {_decided('partly')}"
        f" WHEN 'request_forfeit' THEN {_LEFT} OR {_decided('refused')}"
        f" WHEN 'request_capture' THEN {_LEFT} OR {_PROMISE_OVER}"
        " ELSE 1 = 0 END",
    ),
    "I19": (
        f"SELECT form.form_id, form.status, posting.account, SUM({SIGNED}) AS left_fen"
        " FROM form JOIN entry ON entry.form_id = form.form_id"
        " JOIN posting ON posting.entry_key = entry.entry_key"
        f" WHERE form.status IN ({words(status.value for status in ENDED)})"
        " AND posting.account IN ('advance', 'guarantee_held', 'guarantee_given')"
        f" GROUP BY form.form_id, form.status, posting.account HAVING SUM({SIGNED}) <> 0",
    ),
}
