"""The tables of shifts without the network: devices, decisions that came late, their reviews."""

from refund.storage.guards import postgresql_guards, sqlite_guards
from refund.storage.protocol import Step

APPEND_ONLY = ("offline_decision", "offline_resolution")

OFFLINE = Step(
    13,
    "customs without the network",
    (
        """CREATE TABLE offline_shift (
            shift_id {text} NOT NULL PRIMARY KEY, device_id {text} NOT NULL CHECK (device_id <> ''),
            staff_id {text} NOT NULL REFERENCES staff (staff_id), port {text} NOT NULL,
            began_at {text} NOT NULL, ended_at {text},
            taken {integer} NOT NULL CHECK (taken >= 0)){strict}""",
        """CREATE TABLE offline_decision (
            decision_id {text} NOT NULL PRIMARY KEY,
            shift_id {text} NOT NULL REFERENCES offline_shift (shift_id),
            sequence {integer} NOT NULL CHECK (sequence > 0), form_id {text} NOT NULL,
            staff_id {text} NOT NULL REFERENCES staff (staff_id), port {text} NOT NULL,
            act {text} NOT NULL CHECK (act IN ('confirm', 'lines', 'refuse')),
            decided_at {text} NOT NULL, scanned_at {text} NOT NULL, received_at {text} NOT NULL,
            outcome {text} NOT NULL CHECK (outcome IN ('applied', 'agreed', 'review')),
            why {text} NOT NULL, content {text} NOT NULL, fingerprint {text} NOT NULL,
            CHECK ((outcome = 'review') = (why <> '')),
            UNIQUE (shift_id, sequence)){strict}""",
        "CREATE INDEX offline_decision_form ON offline_decision (form_id, decided_at)",
        "CREATE INDEX offline_decision_review ON offline_decision (port, received_at)"
        " WHERE outcome = 'review'",
        """CREATE TABLE offline_resolution (
            decision_id {text} NOT NULL PRIMARY KEY REFERENCES offline_decision (decision_id),
            resolved {text} NOT NULL CHECK (resolved IN ('applied', 'set_aside')),
            reason {text} NOT NULL CHECK (reason <> ''), resolved_by {text} NOT NULL,
            resolved_at {text} NOT NULL){strict}""",
    ),
    sqlite=sqlite_guards(APPEND_ONLY),
    postgresql=postgresql_guards(APPEND_ONLY),
)
"""Step 13."""
