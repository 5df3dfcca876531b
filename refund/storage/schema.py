"""The tables, step by step, append only, one text for both engines."""

from refund.core.money import FEN_MAX
from refund.storage.guards import REFUSE_CHANGE, postgresql_guards, sqlite_guards
from refund.storage.protocol import Step
from refund.storage.schema_audit import AUDIT
from refund.storage.schema_counter_day import COUNTER_DAY
from refund.storage.schema_exits import EXITS
from refund.storage.schema_jobs import JOBS
from refund.storage.schema_later import LATER
from refund.storage.schema_match import MATCH
from refund.storage.schema_network import NETWORK
from refund.storage.schema_office import IN_ORDER, OFFICE
from refund.storage.schema_offline import OFFLINE
from refund.storage.schema_phones import PHONES
from refund.storage.schema_reissue import REISSUE

# Moments are text in UTC with six decimals, days are text: both sort as they read.
# What names a person stands in columns that end in _sealed, and nowhere else.

_STORES = (
    """CREATE TABLE store (
        store_number {integer} NOT NULL PRIMARY KEY CHECK (store_number BETWEEN 1 AND 9999),
        name_zh {text} NOT NULL, name_en {text} NOT NULL, taxpayer_number {text} NOT NULL,
        address_zh {text} NOT NULL, address_en {text} NOT NULL, phone {text} NOT NULL,
        tax_credit_grade {text} NOT NULL, general_taxpayer {integer} NOT NULL,
        goods_ledger_kept {integer} NOT NULL, sign_displayed {integer} NOT NULL,
        status {text} NOT NULL CHECK (status IN ('active', 'suspended', 'terminated')),
        filed_on {text}, instant_from {text}, instant_to {text},
        illustrative {integer} NOT NULL, source {text} NOT NULL, note {text} NOT NULL){strict}""",
    """CREATE TABLE goods (
        goods_code {text} NOT NULL PRIMARY KEY, name_zh {text} NOT NULL, name_en {text} NOT NULL,
        unit_zh {text} NOT NULL, unit_en {text} NOT NULL, vat {text} NOT NULL,
        pinyin {text} NOT NULL, restricted {text} NOT NULL){strict}""",
)

_PEOPLE = (
    """CREATE TABLE staff (
        staff_id {text} NOT NULL PRIMARY KEY, role {text} NOT NULL,
        store_number {integer} REFERENCES store (store_number), port {text} NOT NULL,
        login {text} NOT NULL, name {text} NOT NULL, password_hash {text} NOT NULL,
        disabled_at {text}, UNIQUE (role, login),
        CHECK ((role = 'clerk') = (store_number IS NOT NULL))){strict}""",
    """CREATE TABLE staff_session (
        session_hash {text} NOT NULL PRIMARY KEY,
        staff_id {text} NOT NULL REFERENCES staff (staff_id),
        created_at {text} NOT NULL, last_seen_at {text} NOT NULL, ended_at {text}){strict}""",
    "CREATE INDEX staff_session_staff ON staff_session (staff_id)",
    """CREATE TABLE throttle (
        throttle_key {text} NOT NULL PRIMARY KEY, failures {integer} NOT NULL,
        since {text} NOT NULL){strict}""",
)

_FORMS = (
    f"""CREATE TABLE form (
        form_id {{text}} NOT NULL PRIMARY KEY, form_number {{text}} NOT NULL UNIQUE,
        store_number {{integer}} NOT NULL REFERENCES store (store_number),
        staff_id {{text}} NOT NULL REFERENCES staff (staff_id),
        submission_key {{text}} NOT NULL, submission_fingerprint {{text}} NOT NULL,
        status {{text}} NOT NULL, version {{integer}} NOT NULL, channel {{text}} NOT NULL,
        issued_at {{text}} NOT NULL, issue_day {{text}} NOT NULL,
        document_index {{text}} NOT NULL, identity_sealed {{bytes}} NOT NULL,
        sales_fen {{integer}} NOT NULL CHECK (sales_fen BETWEEN 1 AND {FEN_MAX}),
        gross_fen {{integer}} NOT NULL CHECK (gross_fen BETWEEN 1 AND sales_fen),
        fee_fen {{integer}} NOT NULL CHECK (fee_fen BETWEEN 0 AND gross_fen),
        net_fen {{integer}} NOT NULL CHECK (net_fen = gross_fen - fee_fen AND net_fen > 0),
        port {{text}} NOT NULL, port_any {{integer}} NOT NULL,
        depart_by {{text}} NOT NULL, export_by {{text}} NOT NULL, code {{text}} NOT NULL UNIQUE,
        tries_left {{integer}} NOT NULL CHECK (tries_left BETWEEN 0 AND 5),
        claim_hash {{text}} NOT NULL,
        UNIQUE (store_number, submission_key)){{strict}}""",
    "CREATE INDEX form_store_day ON form (store_number, issue_day, form_id)",
    "CREATE INDEX form_document ON form (document_index, issue_day)",
    "CREATE INDEX form_status_due ON form (status, depart_by, form_id)",
    """CREATE TABLE form_counter (
        store_number {integer} NOT NULL, day {text} NOT NULL,
        last_sequence {integer} NOT NULL CHECK (last_sequence BETWEEN 1 AND 9999),
        PRIMARY KEY (store_number, day)){strict}""",
    """CREATE TABLE invoice (
        form_id {text} NOT NULL REFERENCES form (form_id), position {integer} NOT NULL,
        number {text} NOT NULL, day {text} NOT NULL, kind {text} NOT NULL,
        live {integer} NOT NULL CHECK (live IN (0, 1)),
        PRIMARY KEY (form_id, position)){strict}""",
    "CREATE UNIQUE INDEX invoice_on_one_live_form ON invoice (number) WHERE live = 1",
    f"""CREATE TABLE invoice_line (
        form_id {{text}} NOT NULL, invoice_position {{integer}} NOT NULL,
        position {{integer}} NOT NULL,
        goods_code {{text}} NOT NULL, name_zh {{text}} NOT NULL, name_en {{text}} NOT NULL,
        unit_zh {{text}} NOT NULL, unit_en {{text}} NOT NULL, vat {{text}} NOT NULL,
        pinyin {{text}} NOT NULL, restricted {{text}} NOT NULL, specification {{text}} NOT NULL,
        quantity {{integer}} NOT NULL CHECK (quantity BETWEEN 1 AND 999),
        unit_price_fen {{integer}} NOT NULL CHECK (unit_price_fen BETWEEN 1 AND {FEN_MAX}),
        PRIMARY KEY (form_id, invoice_position, position),
        FOREIGN KEY (form_id, invoice_position)
            REFERENCES invoice (form_id, position)){{strict}}""",
)

_CLAIMS = (
    """CREATE TABLE visit (
        session_hash {text} NOT NULL, form_id {text} NOT NULL REFERENCES form (form_id),
        opened_at {text} NOT NULL, unlocked_at {text},
        PRIMARY KEY (session_hash, form_id)){strict}""",
    """CREATE TABLE claim_details (
        form_id {text} NOT NULL PRIMARY KEY REFERENCES form (form_id),
        details_sealed {bytes} NOT NULL, method {text} NOT NULL,
        given_at {text} NOT NULL){strict}""",
    """CREATE TABLE agreement (
        form_id {text} NOT NULL PRIMARY KEY REFERENCES form (form_id),
        agreed_at {text} NOT NULL, language {text} NOT NULL, wording {integer} NOT NULL,
        signature_kind {text} NOT NULL, signature_sealed {bytes} NOT NULL){strict}""",
    """CREATE TABLE card_visit (
        session_id {text} NOT NULL PRIMARY KEY,
        form_id {text} NOT NULL REFERENCES form (form_id), opened_at {text} NOT NULL){strict}""",
    "CREATE INDEX card_visit_form ON card_visit (form_id)",
)

_MONEY = (
    f"""CREATE TABLE operation (
        reference {{text}} NOT NULL PRIMARY KEY, idempotency_key {{text}} NOT NULL UNIQUE,
        form_id {{text}} NOT NULL REFERENCES form (form_id), store_number {{integer}} NOT NULL,
        kind {{text}} NOT NULL CHECK (kind IN ('hold', 'advance', 'release', 'capture')),
        attempt {{integer}} NOT NULL CHECK (attempt > 0),
        amount_fen {{integer}} NOT NULL CHECK (amount_fen BETWEEN 1 AND {FEN_MAX}),
        state {{text}} NOT NULL CHECK (state IN ('pending', 'succeeded', 'refused')),
        created_at {{text}} NOT NULL, lease_until {{text}} NOT NULL,
        hold_reference {{text}} NOT NULL, card_token {{text}} NOT NULL,
        payout_token {{text}} NOT NULL, payout_label {{text}} NOT NULL, method {{text}} NOT NULL,
        purpose {{text}} NOT NULL, reason {{text}} NOT NULL, actor {{text}} NOT NULL,
        network_id {{text}} NOT NULL, refusal {{text}} NOT NULL, answered_at {{text}},
        UNIQUE (form_id, kind, attempt)){{strict}}""",
    "CREATE UNIQUE INDEX operation_one_live_advance ON operation (form_id)"
    " WHERE kind = 'advance' AND state <> 'refused'",
    "CREATE UNIQUE INDEX operation_one_pending ON operation (form_id) WHERE state = 'pending'",
    "CREATE INDEX operation_pending ON operation (lease_until) WHERE state = 'pending'",
    """CREATE TABLE guarantee (
        reference {text} NOT NULL PRIMARY KEY, form_id {text} NOT NULL REFERENCES form (form_id),
        amount_fen {integer} NOT NULL CHECK (amount_fen > 0), brand {text} NOT NULL,
        last4 {text} NOT NULL, authorisation_code {text} NOT NULL, held_at {text} NOT NULL,
        expires_at {text} NOT NULL,
        state {text} NOT NULL CHECK (state IN ('held', 'released', 'captured', 'ended')),
        card_token {text} NOT NULL, payout_token {text} NOT NULL, payout_label {text} NOT NULL,
        captured_fen {integer} NOT NULL, released_fen {integer} NOT NULL, ended_at {text},
        CHECK (captured_fen >= 0 AND released_fen >= 0),
        CHECK ((state = 'held') = (captured_fen + released_fen = 0)),
        CHECK (state = 'held' OR captured_fen + released_fen = amount_fen)){strict}""",
    "CREATE UNIQUE INDEX guarantee_one_live ON guarantee (form_id) WHERE state = 'held'",
    "CREATE INDEX guarantee_form ON guarantee (form_id)",
    """CREATE TABLE advance (
        form_id {text} NOT NULL PRIMARY KEY REFERENCES form (form_id),
        reference {text} NOT NULL UNIQUE REFERENCES operation (reference),
        amount_fen {integer} NOT NULL CHECK (amount_fen > 0), method {text} NOT NULL,
        label {text} NOT NULL, advanced_at {text} NOT NULL){strict}""",
    """CREATE TABLE entry (
        entry_key {text} NOT NULL PRIMARY KEY, kind {text} NOT NULL,
        form_id {text} NOT NULL REFERENCES form (form_id), store_number {integer} NOT NULL,
        posted_at {text} NOT NULL, actor {text} NOT NULL,
        reverses {text} UNIQUE REFERENCES entry (entry_key), reason {text} NOT NULL,
        CHECK (reverses IS NULL OR (reason <> '' AND kind = 'reversal'))){strict}""",
    "CREATE INDEX entry_form ON entry (form_id)",
    f"""CREATE TABLE posting (
        entry_key {{text}} NOT NULL REFERENCES entry (entry_key), position {{integer}} NOT NULL,
        account {{text}} NOT NULL, side {{text}} NOT NULL CHECK (side IN ('debit', 'credit')),
        amount_fen {{integer}} NOT NULL CHECK (amount_fen BETWEEN 1 AND {FEN_MAX}),
        PRIMARY KEY (entry_key, position)){{strict}}""",
    """CREATE TABLE balance (
        account {text} NOT NULL, store_number {integer} NOT NULL,
        debit_fen {integer} NOT NULL, credit_fen {integer} NOT NULL,
        PRIMARY KEY (account, store_number)){strict}""",
)

_EXITS = (
    """CREATE TABLE verification (
        form_id {text} NOT NULL PRIMARY KEY REFERENCES form (form_id),
        officer_id {text} NOT NULL REFERENCES staff (staff_id), port {text} NOT NULL,
        verified_at {text} NOT NULL,
        decision {text} NOT NULL CHECK (decision IN ('confirmed', 'partly', 'refused'))){strict}""",
    "CREATE INDEX verification_port ON verification (port, verified_at)",
    """CREATE TABLE exit_import (
        import_id {text} NOT NULL PRIMARY KEY, file_name {text} NOT NULL,
        row_count {integer} NOT NULL, imported_at {text} NOT NULL,
        imported_by {text} NOT NULL){strict}""",
    """CREATE TABLE exit_record (
        exit_id {text} NOT NULL PRIMARY KEY, document_index {text} NOT NULL, port {text} NOT NULL,
        exited_at {text} NOT NULL, recorded_at {text} NOT NULL, source {text} NOT NULL,
        import_id {text} REFERENCES exit_import (import_id)){strict}""",
    "CREATE INDEX exit_record_document ON exit_record (document_index, exited_at)",
    "CREATE INDEX exit_record_moment ON exit_record (exited_at)",
    """CREATE TABLE audit_event (
        event_id {text} NOT NULL PRIMARY KEY, at {text} NOT NULL, actor {text} NOT NULL,
        kind {text} NOT NULL, form_id {text}, version {integer}, from_status {text} NOT NULL,
        to_status {text} NOT NULL, detail {text} NOT NULL,
        UNIQUE (form_id, version)){strict}""",
)

APPEND_ONLY = ("entry", "posting", "audit_event", "advance", "agreement", "exit_record")


STEPS: tuple[Step, ...] = (
    Step(1, "stores, people, forms", (*_STORES, *_PEOPLE, *_FORMS)),
    Step(2, "claims, money, exits", (*_CLAIMS, *_MONEY, *_EXITS)),
    Step(
        3,
        "what is posted stays",
        (),
        sqlite=sqlite_guards(APPEND_ONLY),
        postgresql=(REFUSE_CHANGE, *postgresql_guards(APPEND_ONLY)),
    ),
    *LATER,
    NETWORK,
    MATCH,
    EXITS,
    AUDIT,
    OFFICE,
    COUNTER_DAY,
    PHONES,
    OFFLINE,
    JOBS,
    REISSUE,
    IN_ORDER,
)
