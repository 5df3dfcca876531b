"""The tables' step for long jobs: what was asked, how far it is, who has it in hand."""

from refund.storage.protocol import Step

JOBS = Step(
    14,
    "long jobs, which go on without the page that asked for them",
    (
        """CREATE TABLE job (
            job_id {text} NOT NULL PRIMARY KEY, kind {text} NOT NULL CHECK (kind <> ''),
            asked_by {text} NOT NULL CHECK (asked_by <> ''), asked_at {text} NOT NULL,
            asked {text} NOT NULL, file_name {text} NOT NULL,
            state {text} NOT NULL
                CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
            done_units {integer} NOT NULL CHECK (done_units >= 0),
            total_units {integer} CHECK (total_units IS NULL OR total_units >= done_units),
            outcome {text} NOT NULL, result_name {text} NOT NULL, started_at {text},
            ended_at {text}, lease_until {text} NOT NULL,
            fence {integer} NOT NULL CHECK (fence >= 0), tries {integer} NOT NULL
                CHECK (tries BETWEEN 0 AND fence), cancel_by {text} NOT NULL,
            CHECK ((state IN ('done', 'failed', 'cancelled')) = (ended_at IS NOT NULL)),
            CHECK (state NOT IN ('running', 'done', 'failed') OR started_at IS NOT NULL),
            CHECK (state <> 'cancelled' OR cancel_by <> ''),
            CHECK (result_name = '' OR state = 'done')){strict}""",
        "CREATE INDEX job_open ON job (lease_until, job_id) WHERE state IN ('queued', 'running')",
        "CREATE INDEX job_asked ON job (asked_at, job_id)",
    ),
)
"""Step 14."""
