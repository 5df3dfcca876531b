"""The tables' later steps: what goods brought back, customs' lines, counters and months need."""

from refund.core.money import FEN_MAX
from refund.storage.guards import postgresql_guards, sqlite_guards
from refund.storage.protocol import Step

_OPERATION_COLUMNS = (
    "reference, idempotency_key, form_id, store_number, kind, attempt, amount_fen, state,"
    " created_at, lease_until, hold_reference, card_token, payout_token, payout_label, method,"
    " purpose, reason, actor, network_id, refusal, answered_at"
)
_ENTRY_COLUMNS = "entry_key, kind, form_id, store_number, posted_at, actor, reverses, reason"

# SQLite changes no constraint of a table, so the table is made anew.  The references to it are
# judged at the commit, when all of its rows are back.
_SQLITE_ANEW = (
    "PRAGMA defer_foreign_keys = ON",
    f"CREATE TABLE operation_kept AS SELECT {_OPERATION_COLUMNS} FROM operation",
    f"CREATE TABLE entry_kept AS SELECT {_ENTRY_COLUMNS} FROM entry",
    "DROP TRIGGER entry_no_delete",
    "DROP TABLE operation",
    "DROP TABLE entry",
    f"""CREATE TABLE operation (
        reference {{text}} NOT NULL PRIMARY KEY, idempotency_key {{text}} NOT NULL UNIQUE,
        form_id {{text}} NOT NULL REFERENCES form (form_id), store_number {{integer}} NOT NULL,
        kind {{text}} NOT NULL
            CHECK (kind IN ('hold', 'advance', 'release', 'capture', 'refund')),
        attempt {{integer}} NOT NULL CHECK (attempt > 0),
        amount_fen {{integer}} NOT NULL CHECK (amount_fen BETWEEN 1 AND {FEN_MAX}),
        state {{text}} NOT NULL CHECK (state IN ('pending', 'succeeded', 'refused')),
        created_at {{text}} NOT NULL, lease_until {{text}} NOT NULL,
        hold_reference {{text}} NOT NULL, card_token {{text}} NOT NULL,
        payout_token {{text}} NOT NULL, payout_label {{text}} NOT NULL, method {{text}} NOT NULL,
        purpose {{text}} NOT NULL, reason {{text}} NOT NULL, actor {{text}} NOT NULL,
        network_id {{text}} NOT NULL, refusal {{text}} NOT NULL, answered_at {{text}},
        part_fen {{integer}} NOT NULL DEFAULT 0,
        joint_reference {{text}} NOT NULL DEFAULT '', joint_fen {{integer}} NOT NULL DEFAULT 0,
        UNIQUE (form_id, kind, attempt)){{strict}}""",
    "CREATE UNIQUE INDEX operation_one_live_advance ON operation (form_id)"
    " WHERE kind = 'advance' AND state <> 'refused'",
    "CREATE UNIQUE INDEX operation_one_pending ON operation (form_id) WHERE state = 'pending'",
    "CREATE INDEX operation_pending ON operation (lease_until) WHERE state = 'pending'",
    f"INSERT INTO operation ({_OPERATION_COLUMNS}) SELECT {_OPERATION_COLUMNS} FROM operation_kept",
    "DROP TABLE operation_kept",
    """CREATE TABLE entry (
        entry_key {text} NOT NULL PRIMARY KEY, kind {text} NOT NULL,
        form_id {text} REFERENCES form (form_id), store_number {integer} NOT NULL,
        posted_at {text} NOT NULL, actor {text} NOT NULL,
        reverses {text} UNIQUE REFERENCES entry (entry_key), reason {text} NOT NULL,
        CHECK (reverses IS NULL OR (reason <> '' AND kind = 'reversal'))){strict}""",
    "CREATE INDEX entry_form ON entry (form_id)",
    f"INSERT INTO entry ({_ENTRY_COLUMNS}) SELECT {_ENTRY_COLUMNS} FROM entry_kept",
    "DROP TABLE entry_kept",
    *sqlite_guards(["entry"]),
)

_POSTGRESQL_ANEW = (
    "ALTER TABLE operation DROP CONSTRAINT operation_kind_check",
    "ALTER TABLE operation ADD CONSTRAINT operation_kind_check"
    " CHECK (kind IN ('hold', 'advance', 'release', 'capture', 'refund'))",
    "ALTER TABLE operation ADD COLUMN part_fen {integer} NOT NULL DEFAULT 0,"
    " ADD COLUMN joint_reference {text} NOT NULL DEFAULT '',"
    " ADD COLUMN joint_fen {integer} NOT NULL DEFAULT 0",
    "ALTER TABLE entry ALTER COLUMN form_id DROP NOT NULL",
)

_ANEW = (
    "ALTER TABLE form ADD COLUMN replaces {text}",
    "CREATE UNIQUE INDEX form_replaces ON form (replaces) WHERE replaces IS NOT NULL",
    "ALTER TABLE guarantee ADD COLUMN hold_reference {text} NOT NULL DEFAULT ''",
    "CREATE TABLE verification_kept AS SELECT * FROM verification",
    "DROP TABLE verification",
    """CREATE TABLE verification (
        form_id {text} NOT NULL REFERENCES form (form_id), sequence {integer} NOT NULL,
        officer_id {text} NOT NULL REFERENCES staff (staff_id), port {text} NOT NULL,
        verified_at {text} NOT NULL,
        decision {text} NOT NULL CHECK (decision IN ('confirmed', 'partly', 'refused')),
        place {text} NOT NULL, inspection {text} NOT NULL, reason {text} NOT NULL,
        note {text} NOT NULL,
        PRIMARY KEY (form_id, sequence)){strict}""",
    "CREATE INDEX verification_port ON verification (port, verified_at)",
    "INSERT INTO verification (form_id, sequence, officer_id, port, verified_at, decision, place,"
    " inspection, reason, note) SELECT form_id, 1, officer_id, port, verified_at, decision, '',"
    " '', '', '' FROM verification_kept",
    "DROP TABLE verification_kept",
    """CREATE TABLE confirmed_line (
        form_id {text} NOT NULL, sequence {integer} NOT NULL,
        invoice_position {integer} NOT NULL, position {integer} NOT NULL,
        quantity {integer} NOT NULL CHECK (quantity >= 0), seal {text} NOT NULL,
        PRIMARY KEY (form_id, sequence, invoice_position, position),
        FOREIGN KEY (form_id, sequence) REFERENCES verification (form_id, sequence)){strict}""",
)

_CUSTOMS = (
    """CREATE TABLE sampling_seed (
        port {text} NOT NULL, day {text} NOT NULL, seed {text} NOT NULL,
        PRIMARY KEY (port, day)){strict}""",
    """CREATE TABLE inspection_draw (
        form_id {text} NOT NULL PRIMARY KEY REFERENCES form (form_id),
        port {text} NOT NULL, day {text} NOT NULL,
        drawn_bp {integer} NOT NULL CHECK (drawn_bp BETWEEN 0 AND 9999),
        share_bp {integer} NOT NULL CHECK (share_bp BETWEEN 0 AND 10000),
        why {text} NOT NULL CHECK (why IN ('all_forms', 'from_amount', 'drawn', 'not_drawn')),
        inspected {integer} NOT NULL, drawn_at {text} NOT NULL,
        CHECK ((why = 'not_drawn') = (inspected = 0)),
        FOREIGN KEY (port, day) REFERENCES sampling_seed (port, day)){strict}""",
    "CREATE INDEX inspection_draw_day ON inspection_draw (port, day)",
)

_RULES = (
    """CREATE TABLE rule_row (
        row_id {text} NOT NULL PRIMARY KEY, sequence {integer} NOT NULL UNIQUE,
        parameter {text} NOT NULL, value {integer} NOT NULL, valid_from {text} NOT NULL,
        source {text} NOT NULL, grade {text} NOT NULL, added_at {text} NOT NULL,
        added_by {text} NOT NULL){strict}""",
)

_RETURNS = (
    f"""CREATE TABLE goods_return (
        return_id {{text}} NOT NULL PRIMARY KEY,
        form_id {{text}} NOT NULL REFERENCES form (form_id),
        store_number {{integer}} NOT NULL, returned_at {{text}} NOT NULL,
        staff_id {{text}} NOT NULL REFERENCES staff (staff_id), recovery {{text}} NOT NULL
            CHECK (recovery IN ('none', 'store', 'capture')),
        recovered_fen {{integer}} NOT NULL CHECK (recovered_fen BETWEEN 0 AND {FEN_MAX}),
        is_whole {{integer}} NOT NULL, reason {{text}} NOT NULL,
        submission_key {{text}} NOT NULL, UNIQUE (store_number, submission_key)){{strict}}""",
    "CREATE INDEX goods_return_form ON goods_return (form_id)",
    """CREATE TABLE returned_line (
        return_id {text} NOT NULL REFERENCES goods_return (return_id),
        invoice_position {integer} NOT NULL, position {integer} NOT NULL,
        quantity {integer} NOT NULL CHECK (quantity > 0),
        PRIMARY KEY (return_id, invoice_position, position)){strict}""",
)

_COUNTER = (
    f"""CREATE TABLE till (
        till_id {{text}} NOT NULL PRIMARY KEY, port {{text}} NOT NULL,
        opened_at {{text}} NOT NULL, opened_by {{text}} NOT NULL,
        float_fen {{integer}} NOT NULL CHECK (float_fen BETWEEN 1 AND {FEN_MAX}),
        paid_fen {{integer}} NOT NULL CHECK (paid_fen BETWEEN 0 AND float_fen),
        closed_at {{text}}, closed_by {{text}} NOT NULL DEFAULT '', counted_fen {{integer}},
        note {{text}} NOT NULL DEFAULT '',
        CHECK ((closed_at IS NULL) = (counted_fen IS NULL)),
        CHECK (note <> '' OR counted_fen IS NULL OR counted_fen = float_fen - paid_fen)
        ){{strict}}""",
    "CREATE UNIQUE INDEX till_open ON till (port) WHERE closed_at IS NULL",
    """CREATE TABLE receipt_counter (
        port {text} NOT NULL, day {text} NOT NULL, last_sequence {integer} NOT NULL,
        PRIMARY KEY (port, day)){strict}""",
    """CREATE TABLE receipt (
        receipt_number {text} NOT NULL PRIMARY KEY,
        form_id {text} NOT NULL REFERENCES form (form_id), port {text} NOT NULL,
        staff_id {text} NOT NULL, written_at {text} NOT NULL, way {text} NOT NULL,
        label {text} NOT NULL, till_id {text} REFERENCES till (till_id),
        sales_fen {integer} NOT NULL, gross_fen {integer} NOT NULL, fee_fen {integer} NOT NULL,
        net_fen {integer} NOT NULL CHECK (net_fen > 0), submission {text} NOT NULL UNIQUE,
        signature_kind {text} NOT NULL, signature_sealed {bytes} NOT NULL, owner_sealed {bytes},
        paid_at {text}, void_at {text},
        CHECK ((way = 'cash') = (till_id IS NOT NULL)), CHECK (gross_fen - fee_fen = net_fen),
        CHECK (paid_at IS NULL OR void_at IS NULL)){strict}""",
    "CREATE UNIQUE INDEX receipt_of_form ON receipt (form_id) WHERE void_at IS NULL",
    "CREATE INDEX receipt_till ON receipt (till_id)",
    "CREATE INDEX receipt_port ON receipt (port, written_at)",
    """CREATE TABLE document_shown (
        form_id {text} NOT NULL REFERENCES form (form_id), port {text} NOT NULL,
        staff_id {text} NOT NULL, document_index {text} NOT NULL, shown_at {text} NOT NULL,
        PRIMARY KEY (form_id, port, staff_id)){strict}""",
)

# What a month claimed is written out, so that no later change of a store or form touches it. The
# lines come before their month, whose digest is taken from them: that reference waits.
_MONTHS = (
    """CREATE TABLE settlement (
        month {text} NOT NULL PRIMARY KEY, settlement_number {text} NOT NULL UNIQUE,
        closed_at {text} NOT NULL, closed_by {text} NOT NULL, line_count {integer} NOT NULL,
        sales_fen {integer} NOT NULL, gross_fen {integer} NOT NULL, fee_fen {integer} NOT NULL,
        net_fen {integer} NOT NULL, digest {text} NOT NULL,
        CHECK (net_fen = gross_fen - fee_fen)){strict}""",
    """CREATE TABLE settlement_line (
        entry_key {text} NOT NULL PRIMARY KEY REFERENCES entry (entry_key),
        month {text} NOT NULL REFERENCES settlement (month) DEFERRABLE INITIALLY DEFERRED,
        position {integer} NOT NULL CHECK (position > 0),
        form_id {text} NOT NULL REFERENCES form (form_id), form_number {text} NOT NULL,
        store_number {integer} NOT NULL, store_zh {text} NOT NULL, store_en {text} NOT NULL,
        issue_day {text} NOT NULL, verified_at {text}, way {text} NOT NULL,
        is_correction {integer} NOT NULL, sales_fen {integer} NOT NULL,
        gross_fen {integer} NOT NULL, fee_fen {integer} NOT NULL, net_fen {integer} NOT NULL,
        posted_at {text} NOT NULL, UNIQUE (month, position),
        CHECK (net_fen = gross_fen - fee_fen)){strict}""",
    """CREATE TABLE treasury_payment (
        month {text} NOT NULL PRIMARY KEY REFERENCES settlement (month),
        amount_fen {integer} NOT NULL, paid_on {text} NOT NULL, recorded_at {text} NOT NULL,
        recorded_by {text} NOT NULL, note {text} NOT NULL){strict}""",
    "CREATE INDEX posting_treasury ON posting (entry_key) WHERE account = 'treasury'",
)

_REGISTER = (
    "ALTER TABLE store ADD COLUMN status_from {text}",
    "ALTER TABLE store ADD COLUMN before_status {text} NOT NULL DEFAULT 'active'",
    "ALTER TABLE store ADD COLUMN before_from {text}",
    "ALTER TABLE store ADD COLUMN filing {text} NOT NULL DEFAULT ''",
    "ALTER TABLE store ADD COLUMN received_on {text}",
    "ALTER TABLE store ADD COLUMN version {integer} NOT NULL DEFAULT 0",
    """CREATE TABLE store_event (
        event_id {text} NOT NULL PRIMARY KEY,
        store_number {integer} NOT NULL REFERENCES store (store_number),
        sequence {integer} NOT NULL CHECK (sequence > 0), kind {text} NOT NULL,
        at {text} NOT NULL, actor {text} NOT NULL, reason {text} NOT NULL, facts {text} NOT NULL,
        UNIQUE (store_number, sequence)){strict}""",
)

_JOINT = (
    """CREATE TABLE joint_claim (
        joint_id {text} NOT NULL PRIMARY KEY, document_index {text} NOT NULL,
        opened_at {text} NOT NULL, opened_by {text} NOT NULL){strict}""",
    """CREATE TABLE joint_form (
        joint_id {text} NOT NULL REFERENCES joint_claim (joint_id),
        form_id {text} NOT NULL REFERENCES form (form_id),
        PRIMARY KEY (joint_id, form_id)){strict}""",
    "CREATE INDEX joint_form_form ON joint_form (form_id)",
    "CREATE INDEX operation_joint ON operation (joint_reference) WHERE joint_reference <> ''",
)

STAYS = (
    *("rule_row", "goods_return", "returned_line"),
    *("verification", "confirmed_line", "sampling_seed", "inspection_draw"),
    *("settlement", "settlement_line", "treasury_payment", "store_event"),
)


LATER: tuple[Step, ...] = (
    Step(4, "operations of more kinds", _ANEW, sqlite=_SQLITE_ANEW, postgresql=_POSTGRESQL_ANEW),
    Step(
        5,
        "customs, rules, returns, counters, months",
        (*_CUSTOMS, *_RULES, *_RETURNS, *_COUNTER, *_MONTHS, *_REGISTER, *_JOINT),
        sqlite=sqlite_guards(STAYS),
        postgresql=postgresql_guards(STAYS),
    ),
)
"""Steps 4 and on."""
