"""The table of the faults that are switched on, as the schema makes it."""

FAULT_TABLE = """
    CREATE TABLE fault (
        fault_id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        last4 TEXT NOT NULL CHECK (length(last4) IN (0, 4)),
        kind TEXT NOT NULL,
        probability_bp INTEGER NOT NULL CHECK (probability_bp BETWEEN 1 AND 10000),
        seed INTEGER NOT NULL,
        times INTEGER CHECK (times > 0),
        draws INTEGER NOT NULL DEFAULT 0 CHECK (draws >= 0),
        hits INTEGER NOT NULL DEFAULT 0,
        created_at TEXT NOT NULL,
        CHECK (hits BETWEEN 0 AND draws),
        CHECK (times IS NULL OR hits <= times)
    ) STRICT
"""
"""The table of what is switched on; `times` is NULL where nobody set an end."""
