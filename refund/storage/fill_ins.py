"""What travellers filled in once, as rows; sealed, and of one day alone."""

import json
from datetime import date, datetime

from refund.core.fill_in import FilledIn
from refund.storage.protocol import Row
from refund.storage.records import (
    day,
    identity_bytes,
    identity_of,
    moment,
    raw,
    text,
    whole,
    written,
)
from refund.storage.rows import Rows

_PLACE = ("fill_in", "identity_sealed")
_OPENED = (
    "EXISTS (SELECT 1 FROM fill_in_opening WHERE fill_in_opening.fill_in_id = fill_in.fill_in_id"
    " AND store_number = :store_number)"
)


class FillInQueries(Rows):
    """What travellers filled in once for all stores of a mall."""

    __slots__ = ()

    def add_fill_in(self, filled: FilledIn, pick_up_index: str, session_hash: str) -> None:
        """Seal what a phone filled in."""
        known = {"code": filled.code, "traveller": identity_bytes(filled.traveller).decode()}
        sealed = self._sealer.seal(*_PLACE, filled.fill_in_id, json.dumps(known).encode())
        self._insert(
            "fill_in",
            {
                "fill_in_id": filled.fill_in_id,
                "mall": filled.mall,
                "day": filled.day.isoformat(),
                "pick_up_index": pick_up_index,
                "session_hash": session_hash,
                "identity_sealed": sealed,
                "language": filled.language,
                "given_at": written(filled.given_at),
            },
        )

    def fill_in_of_code(self, mall: str, day: date, pick_up_index: str) -> FilledIn | None:
        """What a pick-up code of a day opens."""
        row = self._session.row(
            "SELECT * FROM fill_in WHERE mall = :mall AND day = :day"
            " AND pick_up_index = :pick_up_index",
            mall=mall,
            day=day.isoformat(),
            pick_up_index=pick_up_index,
        )
        return None if row is None else self._filled(row)

    def fill_ins_of_phone(self, session_hash: str, day: date) -> list[FilledIn]:
        """What a phone filled in on a day, oldest first."""
        rows = self._session.rows(
            "SELECT * FROM fill_in WHERE session_hash = :session_hash AND day = :day"
            " ORDER BY given_at, fill_in_id",
            session_hash=session_hash,
            day=day.isoformat(),
        )
        return [self._filled(row) for row in rows]

    def fill_ins_of_mall(self, mall: str, day: date, limit: int) -> list[FilledIn]:
        """Who filled in for a mall on a day, newest first."""
        rows = self._session.rows(
            "SELECT * FROM fill_in WHERE mall = :mall AND day = :day"
            " ORDER BY given_at DESC, fill_in_id LIMIT :limit_rows",
            mall=mall,
            day=day.isoformat(),
            limit_rows=limit,
        )
        return [self._filled(row) for row in rows]

    def count_fill_ins_of_mall(self, mall: str, day: date) -> int:
        """How many filled in for a mall on a day."""
        row = self._session.row(
            "SELECT COUNT(*) AS n FROM fill_in WHERE mall = :mall AND day = :day",
            mall=mall,
            day=day.isoformat(),
        )
        return 0 if row is None else whole(row["n"])

    def open_fill_in(
        self, fill_in_id: str, store_number: int, opened_by: str, at: datetime
    ) -> None:
        """Let a store in; a second time changes nothing."""
        self._session.run(
            "INSERT INTO fill_in_opening (fill_in_id, store_number, opened_at, opened_by)"
            " VALUES (:fill_in_id, :store_number, :opened_at, :opened_by)"
            " ON CONFLICT (fill_in_id, store_number) DO NOTHING",
            fill_in_id=fill_in_id,
            store_number=store_number,
            opened_at=written(at),
            opened_by=opened_by,
        )

    def opened_fill_in(self, fill_in_id: str, store_number: int, day: date) -> FilledIn | None:
        """What a store was let in to on that day."""
        row = self._session.row(
            f"SELECT * FROM fill_in WHERE fill_in_id = :fill_in_id AND day = :day AND {_OPENED}",
            fill_in_id=fill_in_id,
            store_number=store_number,
            day=day.isoformat(),
        )
        return None if row is None else self._filled(row)

    def fill_ins_opened(self, store_number: int, mall: str, day: date) -> frozenset[str]:
        """Which of a day a store was let in to."""
        rows = self._session.rows(
            f"SELECT fill_in_id FROM fill_in WHERE mall = :mall AND day = :day AND {_OPENED}",
            mall=mall,
            day=day.isoformat(),
            store_number=store_number,
        )
        return frozenset(text(row["fill_in_id"]) for row in rows)

    def drop_fill_in(self, fill_in_id: str, session_hash: str) -> int:
        """Forget what a phone filled in; how many were forgotten."""
        self._session.run(
            "DELETE FROM fill_in_opening WHERE fill_in_id IN (SELECT fill_in_id FROM fill_in"
            " WHERE fill_in_id = :fill_in_id AND session_hash = :session_hash)",
            fill_in_id=fill_in_id,
            session_hash=session_hash,
        )
        return self._session.run(
            "DELETE FROM fill_in WHERE fill_in_id = :fill_in_id AND session_hash = :session_hash",
            fill_in_id=fill_in_id,
            session_hash=session_hash,
        )

    def is_fill_in_older(self, day: date) -> bool:
        """Whether anything is left of the days before a day."""
        row = self._session.row(
            "SELECT fill_in_id FROM fill_in WHERE day < :day LIMIT 1", day=day.isoformat()
        )
        return row is not None

    def drop_fill_ins_before(self, day: date) -> int:
        """Forget what was filled in before a day; how many were forgotten."""
        self._session.run(
            "DELETE FROM fill_in_opening WHERE fill_in_id IN"
            " (SELECT fill_in_id FROM fill_in WHERE day < :day)",
            day=day.isoformat(),
        )
        return self._session.run("DELETE FROM fill_in WHERE day < :day", day=day.isoformat())

    def _filled(self, row: Row) -> FilledIn:
        fill_in_id = text(row["fill_in_id"])
        sealed = raw(row["identity_sealed"])
        known = json.loads(self._sealer.open(*_PLACE, fill_in_id, sealed))
        return FilledIn(
            fill_in_id=fill_in_id,
            mall=text(row["mall"]),
            day=day(row["day"]),
            code=known["code"],
            traveller=identity_of(known["traveller"].encode()),
            language=text(row["language"]),
            given_at=moment(row["given_at"]),
        )
