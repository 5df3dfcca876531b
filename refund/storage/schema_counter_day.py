"""The tables of a counter's day: who filled in, the second screen, what the till sold."""

from refund.core.money import FEN_MAX
from refund.storage.protocol import Step

COUNTER_DAY = Step(
    11,
    "the counter's day",
    (
        "ALTER TABLE goods ADD COLUMN syllables {text} NOT NULL DEFAULT ''",
        """CREATE TABLE fill_in (
            fill_in_id {text} NOT NULL PRIMARY KEY, mall {text} NOT NULL, day {text} NOT NULL,
            pick_up_index {text} NOT NULL, session_hash {text} NOT NULL,
            identity_sealed {bytes} NOT NULL, language {text} NOT NULL, given_at {text} NOT NULL,
            UNIQUE (mall, day, pick_up_index)){strict}""",
        "CREATE INDEX fill_in_phone ON fill_in (session_hash, day)",
        "CREATE INDEX fill_in_day ON fill_in (day)",
        """CREATE TABLE fill_in_opening (
            fill_in_id {text} NOT NULL REFERENCES fill_in (fill_in_id),
            store_number {integer} NOT NULL REFERENCES store (store_number),
            opened_at {text} NOT NULL, opened_by {text} NOT NULL,
            PRIMARY KEY (fill_in_id, store_number)){strict}""",
        """CREATE TABLE counter_display (
            session_hash {text} NOT NULL PRIMARY KEY REFERENCES staff_session (session_hash),
            watched_at {text} NOT NULL, shown_at {text} NOT NULL, language {text} NOT NULL,
            facts {text} NOT NULL, form_id {text} REFERENCES form (form_id)){strict}""",
        "CREATE INDEX counter_display_watched ON counter_display (watched_at)",
        """CREATE TABLE till_file (
            file_id {text} NOT NULL PRIMARY KEY,
            store_number {integer} NOT NULL REFERENCES store (store_number),
            digest {text} NOT NULL, file_name {text} NOT NULL, row_count {integer} NOT NULL,
            overseas_count {integer} NOT NULL CHECK (overseas_count BETWEEN 0 AND row_count),
            read_at {text} NOT NULL, read_by {text} NOT NULL,
            UNIQUE (store_number, digest)){strict}""",
        f"""CREATE TABLE till_sale (
            store_number {{integer}} NOT NULL REFERENCES store (store_number),
            invoice_number {{text}} NOT NULL, day {{text}} NOT NULL,
            amount_fen {{integer}} NOT NULL CHECK (amount_fen BETWEEN 1 AND {FEN_MAX}),
            file_id {{text}} NOT NULL REFERENCES till_file (file_id),
            decided_at {{text}}, decided_by {{text}} NOT NULL, reason {{text}} NOT NULL,
            PRIMARY KEY (store_number, invoice_number),
            CHECK ((decided_at IS NULL) = (decided_by = '')),
            CHECK ((decided_at IS NULL) = (reason = ''))){{strict}}""",
        "CREATE INDEX till_sale_open ON till_sale (store_number, day) WHERE decided_at IS NULL",
    ),
)
"""Step 11."""
