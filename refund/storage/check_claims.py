"""What must hold of advances and how they end, as queries: each gives the rows that break it."""

from refund.core.form import ENDED
from refund.storage.check_words import (
    ABOVE_ONE_PERSON,
    DONE,
    SIGNED,
    approved,
    own_operation,
    posted,
    words,
)
from refund.storage.exits import LEFT_AFTER_PURCHASE

_RETURNED = "EXISTS (SELECT 1 FROM goods_return WHERE goods_return.form_id = form.form_id)"
# A day is over at 16:00 UTC, which is midnight in Shanghai.
_PROMISE_OVER = "operation.created_at >= form.depart_by || 'T16:00:00'"

_VERIFIED = (
    "EXISTS (SELECT 1 FROM verification WHERE verification.form_id = entry.form_id"
    " AND verification.decision <> 'refused' AND verification.verified_at <= entry.posted_at)"
)
_GIVEN_UP = "operation.purpose = 'request_waive'"
_OWED_BEFORE = (
    f"(SELECT COALESCE(SUM({SIGNED}), 0) FROM entry AS earlier"
    " JOIN posting ON posting.entry_key = earlier.entry_key"
    " WHERE earlier.form_id = entry.form_id AND earlier.entry_key <> entry.entry_key"
    " AND posting.account = 'advance'"
    " AND (earlier.posted_at < entry.posted_at"
    " OR (earlier.posted_at = entry.posted_at AND earlier.kind <> 'pay_again')))"
)


_OF_A_FORM = "'advance', 'guarantee_held', 'guarantee_given'"
# Forms in the order of their entries' index, so that nothing is sorted.
_WITH_MONEY = (
    "SELECT entry.form_id FROM entry JOIN posting ON posting.entry_key = entry.entry_key"
    " WHERE entry.form_id IS NOT NULL GROUP BY entry.form_id HAVING "
    + " OR ".join(
        f"SUM(CASE posting.account WHEN {account} THEN {SIGNED} ELSE 0 END) <> 0"
        for account in _OF_A_FORM.split(", ")
    )
)


def _decided(decision: str) -> str:
    return (
        "EXISTS (SELECT 1 FROM verification WHERE verification.form_id = form.form_id"
        f" AND verification.decision = '{decision}')"
    )


_ADVANCED_ONCE = (
    f"SELECT form_id, COUNT(*) AS advances FROM operation WHERE kind = 'advance' AND {DONE}"
    " GROUP BY form_id HAVING COUNT(*) > 1",
    "SELECT form_id, COUNT(*) AS advances FROM entry WHERE kind = 'advance'"
    " GROUP BY form_id HAVING COUNT(*) > 1",
    f"SELECT reference, form_id FROM operation WHERE kind = 'advance' AND {DONE}"
    " AND NOT EXISTS (SELECT 1 FROM advance WHERE advance.reference = operation.reference"
    " AND advance.form_id = operation.form_id)",
    "SELECT reference, form_id FROM advance WHERE NOT EXISTS (SELECT 1 FROM operation"
    " WHERE operation.reference = advance.reference AND operation.form_id = advance.form_id"
    f" AND operation.kind = 'advance' AND {DONE})",
    # Whatever was paid and paid again, less what came back, is never more than what is due.
    "SELECT paid.form_id, form.net_fen, paid.paid_fen FROM ("
    f"SELECT entry.form_id, -SUM({SIGNED}) AS paid_fen FROM posting"
    " JOIN entry ON entry.entry_key = posting.entry_key"
    " WHERE posting.account IN ('network', 'till') AND entry.form_id IS NOT NULL"
    " GROUP BY entry.form_id) AS paid JOIN form ON form.form_id = paid.form_id"
    " WHERE paid.paid_fen > form.net_fen",
)

_RELEASED_RIGHTLY = (
    "SELECT entry_key, kind, form_id FROM entry WHERE kind IN ('release', 'adjust')"
    f" AND NOT {_VERIFIED}",
    "SELECT entry_key, kind, form_id FROM entry WHERE kind = 'returned' AND NOT EXISTS ("
    "SELECT 1 FROM goods_return WHERE goods_return.form_id = entry.form_id)",
    # What was given up before any advance never secured one.
    "SELECT entry_key, kind, form_id FROM entry WHERE kind = 'withdrawal' AND EXISTS ("
    "SELECT 1 FROM advance JOIN operation AS paid ON paid.reference = advance.reference"
    " JOIN operation AS given ON given.reference = entry.entry_key"
    " WHERE advance.form_id = entry.form_id AND paid.hold_reference = given.hold_reference)",
    "SELECT entry_key, kind, form_id, owed_fen FROM (SELECT entry.entry_key, entry.kind,"
    f" entry.form_id, {_OWED_BEFORE} AS owed_fen FROM entry WHERE entry.kind = 'freed') AS freed"
    " WHERE owed_fen > 0",
    # Given up by hand: two persons, unless customs have verified and the sum is small.
    "SELECT entry_key, kind, form_id, 'decided by one person' AS wrong FROM entry"
    f" WHERE kind IN ('freed', 'write_off') AND {own_operation(_GIVEN_UP)}"
    f" AND NOT ({_VERIFIED} AND NOT {posted('guarantee_held', 'credit')} {ABOVE_ONE_PERSON}"
    f" AND NOT {posted('advance', 'credit')} {ABOVE_ONE_PERSON})"
    " AND NOT " + approved("= 'release'", case="case_record.form_id = entry.form_id"),
    "SELECT entry_key, kind, form_id, 'decided by one person' AS wrong FROM entry"
    " WHERE kind = 'write_off' AND entry_key = form_id || '-written-1'"
    f" AND {posted('advance', 'credit')} {ABOVE_ONE_PERSON}"
    " AND NOT " + approved("= 'write_off'", case="case_record.form_id = entry.form_id"),
)

_CHARGED_RIGHTLY = (
    "SELECT operation.reference, operation.purpose, operation.form_id FROM operation"
    " JOIN form ON form.form_id = operation.form_id"
    " WHERE operation.kind = 'capture' AND operation.state = 'succeeded'"
    " AND NOT CASE operation.purpose"
    f" WHEN 'request_return' THEN {_RETURNED}"
    f" WHEN 'request_adjust' THEN {_RETURNED} OR {_decided('partly')}"
    f" WHEN 'request_forfeit' THEN {LEFT_AFTER_PURCHASE} OR {_decided('refused')}"
    f" WHEN 'request_capture' THEN {LEFT_AFTER_PURCHASE} OR {_PROMISE_OVER}"
    " ELSE 1 = 0 END",
    "SELECT operation.reference, operation.form_id, 'decided by one person' AS wrong"
    " FROM case_record JOIN operation ON operation.reference = case_record.under_way"
    " WHERE case_record.under_way <> '' AND case_record.fix IN ('capture', 'release', 'pay_again')"
    f" AND operation.amount_fen {ABOVE_ONE_PERSON} AND NOT EXISTS (SELECT 1 FROM approval"
    " WHERE approval.case_id = case_record.case_id AND approval.fix = case_record.fix"
    " AND approval.is_approved = 1 AND approval.decided_by <> approval.asked_by)",
)

ADVANCES: dict[str, tuple[str, ...]] = {
    "I8": _ADVANCED_ONCE,
    "I9": (
        "SELECT form_id, reference, amount_fen FROM advance WHERE NOT EXISTS ("
        "SELECT 1 FROM guarantee JOIN operation ON operation.reference = guarantee.reference"
        " AND operation.kind = 'hold' AND operation.state = 'succeeded'"
        " WHERE guarantee.form_id = advance.form_id"
        " AND guarantee.amount_fen >= advance.amount_fen"
        " AND guarantee.held_at <= advance.advanced_at)",
    ),
    "I13": _RELEASED_RIGHTLY,
    "I14": _CHARGED_RIGHTLY,
    "I18": (
        "SELECT reference, kind, form_id, created_at FROM operation"
        " WHERE state = 'pending' AND created_at < :waiting_since"
        " AND NOT EXISTS (SELECT 1 FROM case_record WHERE case_record.closed_at IS NULL"
        " AND case_record.subject = operation.reference)"
        " AND NOT EXISTS (SELECT 1 FROM case_record WHERE case_record.closed_at IS NULL"
        " AND operation.joint_reference <> ''"
        " AND case_record.subject = operation.joint_reference)",
    ),
    # What the bank sent back after all was over is owed until a case of it is settled.
    "I19": (
        "SELECT form_id, status, account, left_fen FROM ("
        f"SELECT form.form_id, form.status, posting.account, SUM({SIGNED}) AS left_fen"
        f" FROM ({_WITH_MONEY}) AS with_money JOIN form ON form.form_id = with_money.form_id"
        f" AND form.status IN ({words(status.value for status in ENDED)})"
        " JOIN entry ON entry.form_id = form.form_id"
        " JOIN posting ON posting.entry_key = entry.entry_key"
        f" WHERE posting.account IN ({_OF_A_FORM})"
        f" GROUP BY form.form_id, form.status, posting.account HAVING SUM({SIGNED}) <> 0) AS over"
        " WHERE NOT (account = 'advance' AND left_fen < 0 AND EXISTS (SELECT 1 FROM case_record"
        " WHERE case_record.kind = 'advance_returned' AND case_record.subject = over.form_id"
        " AND (case_record.closed_at IS NULL OR case_record.fix = 'explain')))",
    ),
}
