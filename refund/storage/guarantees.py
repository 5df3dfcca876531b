"""Holds and advances, as rows."""

from datetime import datetime

from refund.core.calendar import day_of
from refund.core.operation import Advance, Guarantee
from refund.storage.records import (
    guarantee_of,
    moment,
    moment_or_none,
    text,
    whole,
    written,
    written_or_none,
)
from refund.storage.rows import Rows
from refund.storage.schema_office import TIME_SECONDS_MAX


class GuaranteeQueries(Rows):
    """Holds and advances."""

    __slots__ = ()

    def add_guarantee(self, guarantee: Guarantee) -> None:
        """Add a hold; the database refuses a second live one."""
        self._insert(
            "guarantee",
            {
                "reference": guarantee.reference,
                "form_id": guarantee.form_id,
                "amount_fen": guarantee.amount_fen,
                "brand": guarantee.brand,
                "last4": guarantee.last4,
                "authorisation_code": guarantee.authorisation_code,
                "held_at": written(guarantee.held_at),
                "expires_at": written(guarantee.expires_at),
                "state": guarantee.state.value,
                "card_token": guarantee.card_token,
                "payout_token": guarantee.payout_token,
                "payout_label": guarantee.payout_label,
                "captured_fen": 0,
                "released_fen": 0,
                "hold_reference": guarantee.hold_reference,
                "extendable": int(guarantee.extendable),
                "needed_until": written_or_none(guarantee.needed_until),
            },
        )
        self._note_terms(guarantee, guarantee.reference, guarantee.held_at)

    def live_guarantee(self, form_id: str) -> Guarantee | None:
        """The hold that stands."""
        row = self._session.row(
            "SELECT * FROM guarantee WHERE form_id = :form_id AND state = 'held'", form_id=form_id
        )
        return None if row is None else guarantee_of(row)

    def guarantees_of(self, form_id: str) -> list[Guarantee]:
        """All holds of a form, oldest first."""
        rows = self._session.rows(
            "SELECT * FROM guarantee WHERE form_id = :form_id ORDER BY held_at", form_id=form_id
        )
        return [guarantee_of(row) for row in rows]

    def guarantees_under(self, network_reference: str) -> list[Guarantee]:
        """All shares of the network's hold of a reference, whatever their state."""
        rows = self._session.rows(
            "SELECT * FROM guarantee WHERE reference = :reference AND hold_reference = ''"
            " UNION ALL SELECT * FROM guarantee WHERE hold_reference = :reference"
            " AND hold_reference <> ''",
            reference=network_reference,
        )
        return sorted((guarantee_of(row) for row in rows), key=lambda one: one.reference)

    def holds_ending(
        self, before: datetime, limit: int, after: Guarantee | None = None
    ) -> list[Guarantee]:
        """Holds that stand and end by themselves before a moment, the first to end first."""
        rows = self._session.rows(
            "SELECT * FROM guarantee WHERE state = 'held' AND expires_at < :before"
            " AND expires_at >= :at AND (expires_at > :at OR reference > :reference)"
            " ORDER BY expires_at, reference LIMIT :limit_rows",
            before=written(before),
            at="" if after is None else written(after.expires_at),
            reference="" if after is None else after.reference,
            limit_rows=limit,
        )
        return [guarantee_of(row) for row in rows]

    def advanced_without_hold(self, limit: int, after: str = "") -> list[str]:
        """Forms whose advance is out and for which no hold stands, by their ids."""
        rows = self._session.rows(
            "SELECT form.form_id FROM form WHERE form.status IN ('advanced', 'verified',"
            " 'verified_partly', 'customs_refused', 'uncollected') AND form.form_id > :after"
            " AND NOT EXISTS (SELECT 1 FROM guarantee WHERE guarantee.form_id = form.form_id"
            " AND guarantee.state = 'held') ORDER BY form.form_id LIMIT :limit_rows",
            after=after,
            limit_rows=limit,
        )
        return [text(row["form_id"]) for row in rows]

    def change_guarantee(self, guarantee: Guarantee, operation: str, at: datetime) -> None:
        """Store that a hold lasts longer or became larger, and by which operation."""
        self._note_terms(guarantee, operation, at)
        touched = self._session.run(
            "UPDATE guarantee SET amount_fen = :amount_fen, expires_at = :expires_at"
            " WHERE reference = :reference AND state = 'held'",
            amount_fen=guarantee.amount_fen,
            expires_at=written(guarantee.expires_at),
            reference=guarantee.reference,
        )
        if touched != 1:
            raise LookupError(guarantee.reference)

    def _note_terms(self, guarantee: Guarantee, operation: str, at: datetime) -> None:
        """Keep how large a hold is and how long it lasts, by which operation and since when."""
        self._insert(
            "guarantee_change",
            {
                "operation": operation,
                "reference": guarantee.reference,
                "at": written(at),
                "expires_at": written(guarantee.expires_at),
                "amount_fen": guarantee.amount_fen,
            },
        )

    def end_guarantee(self, guarantee: Guarantee, at: datetime) -> None:
        """Store how a hold ended, once."""
        touched = self._session.run(
            "UPDATE guarantee SET state = :state, captured_fen = :captured_fen,"
            " released_fen = :released_fen, ended_at = :at"
            " WHERE reference = :reference AND state = 'held'",
            state=guarantee.state.value,
            captured_fen=guarantee.captured_fen,
            released_fen=guarantee.released_fen,
            at=written(at),
            reference=guarantee.reference,
        )
        if touched != 1:
            raise LookupError(guarantee.reference)

    def add_advance(self, advance: Advance) -> None:
        """Add the advance; the database refuses a second one for ever."""
        self._insert(
            "advance",
            {
                "form_id": advance.form_id,
                "reference": advance.reference,
                "amount_fen": advance.amount_fen,
                "method": advance.method,
                "label": advance.label,
                "advanced_at": written(advance.advanced_at),
            },
        )
        self._count_advance(advance)

    def _count_advance(self, advance: Advance) -> None:
        """Add an advance to its day's figures, with the time from the first scan, if any."""
        row = self._session.row(
            "SELECT store_number, (SELECT MIN(opened_at) FROM visit"
            " WHERE visit.form_id = form.form_id) AS scanned_at"
            " FROM form WHERE form_id = :form_id",
            form_id=advance.form_id,
        )
        if row is None:
            raise LookupError(advance.form_id)
        store_number, scanned_at = whole(row["store_number"]), moment_or_none(row["scanned_at"])
        day = day_of(advance.advanced_at)
        self._add_to_day("advanced", day, store_number, advance.amount_fen)
        if scanned_at is None or scanned_at > advance.advanced_at:
            return
        seconds = int((advance.advanced_at - scanned_at).total_seconds())
        self._insert_all(
            "daily_time",
            [
                {
                    "day": day.isoformat(),
                    "store_number": store_number,
                    "seconds": min(seconds, TIME_SECONDS_MAX),
                    "count": 1,
                }
            ],
            " ON CONFLICT (day, store_number, seconds) DO UPDATE SET count = daily_time.count + 1",
        )

    def advance_of(self, form_id: str) -> Advance | None:
        """The advance that was paid."""
        row = self._session.row("SELECT * FROM advance WHERE form_id = :form_id", form_id=form_id)
        if row is None:
            return None
        return Advance(
            text(row["form_id"]),
            text(row["reference"]),
            whole(row["amount_fen"]),
            text(row["method"]),
            text(row["label"]),
            moment(row["advanced_at"]),
        )
