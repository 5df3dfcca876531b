"""The tables' step for an audit that goes on all the time, in one process after the other."""

from refund.storage.protocol import Step

# One term for each kind, so that either engine sees that it may use the index.
_RARE = " OR ".join(
    f"kind = '{kind}'"
    for kind in ("payout_returned", "difference", "reversal", "write_off", "freed", "withdrawal")
)

AUDIT = Step(
    9,
    "whose turn it is to audit",
    (
        """CREATE TABLE audit_turn (
            name {text} NOT NULL PRIMARY KEY CHECK (name = 'audit'),
            until {text} NOT NULL){strict}""",
        "CREATE INDEX guarantee_change_hold ON guarantee_change (reference, at)",
        "CREATE INDEX approval_case ON approval (case_id)",
        f"CREATE INDEX entry_rare ON entry (kind) WHERE {_RARE}",
        "INSERT INTO guarantee_change (operation, reference, at, expires_at, amount_fen)"
        " SELECT reference, reference, held_at, expires_at, amount_fen FROM guarantee"
        " WHERE NOT EXISTS (SELECT 1 FROM guarantee_change"
        " WHERE guarantee_change.reference = guarantee.reference)",
    ),
)
"""Step 9; from now on every hold's first terms are kept as its later ones are."""
