"""The tables' step for links that open one phone's forms on another."""

from refund.storage.protocol import Step

PHONES = Step(
    12,
    "one phone opens its forms on another",
    (
        """CREATE TABLE share (
            share_id {text} NOT NULL PRIMARY KEY, owner {text} NOT NULL,
            code_hash {text} NOT NULL UNIQUE, made_at {text} NOT NULL, until {text} NOT NULL,
            used_at {text}, used_by {text} NOT NULL, revoked_at {text},
            CHECK ((used_at IS NULL) = (used_by = ''))){strict}""",
        "CREATE INDEX share_owner ON share (owner, made_at)",
        """CREATE TABLE share_form (
            share_id {text} NOT NULL REFERENCES share (share_id),
            form_id {text} NOT NULL REFERENCES form (form_id),
            gave {text} NOT NULL CHECK (gave IN ('visit', 'unlocked')),
            PRIMARY KEY (share_id, form_id)){strict}""",
    ),
)
"""Step 12; of a link's code only the hash is kept, as of a session."""
