"""What protects from booking twice: keys and references, kept for 24 hours and then forgotten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from refund.sandbox.answers import Answer, stamp
from refund.sandbox.errors import Rejected
from refund.sandbox.store import BookFile

KEY_LIFETIME = timedelta(hours=24)


class Keys:
    """The idempotency keys with their answers, and the references that are in use.

    Both are forgotten 24 hours after they were first used: then the same request books again.
    """

    def __init__(self, file: BookFile) -> None:
        self._file = file

    def answer_once(
        self, key: str, fingerprint: str, now: datetime, ask: Callable[[], Answer]
    ) -> Answer:
        """Answer a keyed request, or repeat the text that the key was answered with.

        Raises: Rejected `key_reused` when the key came with another request.
        """
        with self._file.write() as db:
            db.execute("DELETE FROM idempotency_key WHERE kept_until <= :now", {"now": stamp(now)})
            row = self._file.row(
                "SELECT fingerprint, status, answer FROM idempotency_key WHERE key = :key",
                {"key": key},
            )
            if row is not None:
                if row[0] != fingerprint:
                    raise Rejected(422, "key_reused", "The key was used for another request.")
                return Answer(row[1], row[2], replayed=True)
            answer = ask()
            db.execute(
                "INSERT INTO idempotency_key VALUES (:key, :fingerprint, :status, :answer, :until)",
                {
                    "key": key,
                    "fingerprint": fingerprint,
                    "status": answer.status,
                    "answer": answer.text,
                    "until": stamp(now + KEY_LIFETIME),
                },
            )
        return answer

    def protected(self, reference: str, now: datetime) -> int | None:
        """Return the booking for which a reference is in use, None when it is free."""
        row = self._file.row(
            "SELECT operation FROM reference_kept WHERE reference = :reference"
            " AND kept_until > :now",
            {"reference": reference, "now": stamp(now)},
        )
        return None if row is None else int(row[0])

    def protect(self, reference: str, operation: int, now: datetime) -> None:
        """Keep a reference for the operation that was booked under it."""
        with self._file.write() as db:
            db.execute("DELETE FROM reference_kept WHERE kept_until <= :now", {"now": stamp(now)})
            db.execute(
                "INSERT OR REPLACE INTO reference_kept VALUES (:reference, :operation, :until)",
                {
                    "reference": reference,
                    "operation": operation,
                    "until": stamp(now + KEY_LIFETIME),
                },
            )

    def forget(self, key: str) -> None:
        """Forget a key and what protects its reference at once, as if 24 hours had passed."""
        with self._file.write() as db:
            db.execute(
                "DELETE FROM reference_kept WHERE reference IN (SELECT"
                " json_extract(answer, '$.reference') FROM idempotency_key WHERE key = :key)",
                {"key": key},
            )
            db.execute("DELETE FROM idempotency_key WHERE key = :key", {"key": key})
