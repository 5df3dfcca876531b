"""What a second process does to a database in the engine tests: one verb, then its answer."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

from refund.storage.engine import (
    Conflict,
    Engine,
    OutcomeUnknown,
    Session,
    Step,
    open_engine,
)

COUNTER = "CREATE TABLE counter (id {integer} PRIMARY KEY, value {integer} NOT NULL){strict}"
CLAIM = "CREATE TABLE claim (form_id {text} PRIMARY KEY, who {text} NOT NULL){strict}"
ACCOUNT = "CREATE TABLE account (id {integer} PRIMARY KEY, owner {text} NOT NULL UNIQUE){strict}"
POSTING = """
CREATE TABLE posting (
    id {integer} PRIMARY KEY,
    account_id {integer} NOT NULL REFERENCES account (id) DEFERRABLE INITIALLY DEFERRED,
    amount_fen {integer} NOT NULL CHECK (amount_fen <> 0),
    note {bytes}
){strict}
"""
STAYS_SQLITE = """
CREATE TRIGGER posting_stays BEFORE DELETE ON posting
BEGIN SELECT RAISE(ABORT, 'posting is append-only'); END
"""
STAYS_POSTGRESQL = (
    """
CREATE FUNCTION posting_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'posting is append-only'; END $$
""",
    """
CREATE TRIGGER posting_stays BEFORE DELETE ON posting
FOR EACH ROW EXECUTE FUNCTION posting_stays()
""",
)
FIRST = "INSERT INTO counter (id, value) VALUES (1, 0)"
STEPS = (
    Step(1, "counter and claim", (COUNTER, CLAIM)),
    Step(2, "posting", (ACCOUNT, POSTING, FIRST), (STAYS_SQLITE,), STAYS_POSTGRESQL),
)


def increment(session: Session) -> int:
    """Read the counter, then write one more: the sequence that loses updates when it can."""
    row = session.row("SELECT value FROM counter WHERE id = :id", id=1)
    assert row is not None
    value = row["value"]
    assert isinstance(value, int)
    session.run("UPDATE counter SET value = :value WHERE id = :id", value=value + 1, id=1)
    return value + 1


def claim(engine: Engine, form_id: str, who: str) -> str:
    """Claim a form for somebody and return who has it now."""

    def check_then_insert(session: Session) -> str:
        row = session.row("SELECT who FROM claim WHERE form_id = :form_id", form_id=form_id)
        if row is not None:
            return str(row["who"])
        session.run(
            "INSERT INTO claim (form_id, who) VALUES (:form_id, :who)", form_id=form_id, who=who
        )
        return who

    return engine.write(check_then_insert)


def insert_claim(engine: Engine, form_id: str, who: str) -> str:
    """Insert a claim without looking first and return `won` or `conflict`."""
    try:
        engine.write(
            lambda session: session.run(
                "INSERT INTO claim (form_id, who) VALUES (:form_id, :who)",
                form_id=form_id,
                who=who,
            )
        )
    except Conflict as conflict:
        return f"conflict {conflict.table}"
    return "won"


def acknowledge(engine: Engine) -> None:
    """Write rows until killed, and say each number only after its write has returned."""
    number = 0
    while True:
        number += 1
        claim(engine, f"form-{number}", "writer")
        say(str(number))


def overflow(engine: Engine, path: str) -> None:
    """Let the disk refuse the write-ahead log's growth within a COMMIT, then read back."""
    claim(engine, "before", "writer")
    size = Path(path + "-wal").stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, hard))
    try:
        claim(engine, "within", "writer")
    except OutcomeUnknown:
        say("unknown")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    say(claim(engine, "after", "writer"))
    found = engine.read(lambda session: session.rows("SELECT form_id FROM claim ORDER BY form_id"))
    say(" ".join(str(row["form_id"]) for row in found))


def fork(engine: Engine) -> None:
    """Use the engine in a forked child, which must be refused, then in the parent."""
    child = os.fork()
    if child == 0:
        try:
            engine.write(increment)
        except RuntimeError as error:
            os._exit(0 if "forked" in str(error) else 2)
        os._exit(1)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
        say("the child was refused")
    if engine.write(increment) == 1:
        say("the parent goes on")


def say(line: str) -> None:
    """Write a line that the test can read at once."""
    os.write(1, f"{line}\n".encode())


def main(verb: str, url: str, *words: str) -> None:
    """Say that it is ready, wait for the starting signal, and do one thing."""
    if verb == "migrate":
        say("ready")
        sys.stdin.readline()
        engine = open_engine(url)
        say(str(engine.migrate(STEPS, 1)))
        engine.close()
        return
    engine = open_engine(url)
    say("ready")
    sys.stdin.readline()
    match verb:
        case "increment":
            for _ in range(int(words[0])):
                engine.write(increment)
            say("done")
        case "claim":
            say(insert_claim(engine, words[0], words[1]))
        case "acknowledge":
            acknowledge(engine)
        case "fork":
            fork(engine)
        case "overflow":
            overflow(engine, words[0])
        case _:
            raise ValueError(verb)
    engine.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
