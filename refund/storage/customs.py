"""Customs' decisions and draws, as rows."""

from datetime import date, datetime

from refund.core.customs import Decision, Inspection, Place, RefusalReason, Verification
from refund.core.entitlement import ConfirmedLine
from refund.core.sampling import Draw, DrawReason
from refund.storage.protocol import Row
from refund.storage.records import day as read_day
from refund.storage.records import moment, text, whole, written
from refund.storage.rows import Rows


class CustomsQueries(Rows):
    """What customs decided, and which forms were drawn for inspection."""

    __slots__ = ()

    def add_verification(self, verification: Verification) -> None:
        """Store what customs decided, with its lines."""
        self._insert(
            "verification",
            {
                "form_id": verification.form_id,
                "sequence": verification.sequence,
                "officer_id": verification.officer_id,
                "port": verification.port,
                "verified_at": written(verification.verified_at),
                "decision": verification.decision.value,
                "place": verification.place.value,
                "inspection": verification.inspection.value,
                "reason": verification.reason.value,
                "note": verification.note,
            },
        )
        if verification.lines:
            self._insert_all(
                "confirmed_line",
                [
                    {
                        "form_id": verification.form_id,
                        "sequence": verification.sequence,
                        "invoice_position": line.line[0],
                        "position": line.line[1],
                        "quantity": line.quantity,
                        "seal": line.seal,
                    }
                    for line in verification.lines
                ],
            )

    def verification_of(self, form_id: str) -> Verification | None:
        """What customs decided last."""
        row = self._session.row(
            "SELECT * FROM verification WHERE form_id = :form_id ORDER BY sequence DESC LIMIT 1",
            form_id=form_id,
        )
        return None if row is None else self._verification(row)

    def verifications_of(self, form_id: str) -> list[Verification]:
        """All that customs decided of a form, oldest first."""
        rows = self._session.rows(
            "SELECT * FROM verification WHERE form_id = :form_id ORDER BY sequence",
            form_id=form_id,
        )
        return [self._verification(row) for row in rows]

    def _verification(self, row: Row) -> Verification:
        lines = self._session.rows(
            "SELECT * FROM confirmed_line WHERE form_id = :form_id AND sequence = :sequence"
            " ORDER BY invoice_position, position",
            form_id=row["form_id"],
            sequence=row["sequence"],
        )
        return Verification(
            form_id=text(row["form_id"]),
            officer_id=text(row["officer_id"]),
            port=text(row["port"]),
            verified_at=moment(row["verified_at"]),
            decision=Decision(text(row["decision"])),
            sequence=whole(row["sequence"]),
            place=Place(text(row["place"])),
            inspection=Inspection(text(row["inspection"])),
            reason=RefusalReason(text(row["reason"])),
            note=text(row["note"]),
            lines=tuple(
                ConfirmedLine(
                    (whole(line["invoice_position"]), whole(line["position"])),
                    whole(line["quantity"]),
                    text(line["seal"]),
                )
                for line in lines
            ),
        )

    def decisions_between(
        self, start: datetime, end: datetime, before: tuple[datetime, str], limit: int
    ) -> list[Verification]:
        """What customs decided in a span of time, the newest first, before a moment and a form."""
        rows = self._session.rows(
            "SELECT * FROM verification WHERE verified_at >= :start_at AND verified_at < :end_at"
            " AND (verified_at, form_id) < (:before_at, :before_id)"
            " ORDER BY verified_at DESC, form_id DESC LIMIT :limit_rows",
            start_at=written(start),
            end_at=written(end),
            before_at=written(before[0]),
            before_id=before[1],
            limit_rows=limit,
        )
        return [self._verification(row) for row in rows]

    def verifications_on(self, port: str, start: datetime, end: datetime) -> int:
        """How many decisions a port's officers took in a span of time."""
        row = self._session.row(
            "SELECT COUNT(*) AS decided FROM verification"
            " WHERE port = :port AND verified_at >= :start_at AND verified_at < :end_at",
            port=port,
            start_at=written(start),
            end_at=written(end),
        )
        return 0 if row is None else whole(row["decided"])

    def sampling_seed(self, port: str, day: date, fresh: str) -> str:
        """The seed of a port's day; the first to ask gives it."""
        self._session.run(
            "INSERT INTO sampling_seed (port, day, seed) VALUES (:port, :day, :seed)"
            " ON CONFLICT (port, day) DO NOTHING",
            port=port,
            day=day.isoformat(),
            seed=fresh,
        )
        seed = self.seed_of(port, day)
        if seed is None:
            raise LookupError("sampling_seed")
        return seed

    def seed_of(self, port: str, day: date) -> str | None:
        """The seed of a port's day; None when nobody has drawn."""
        row = self._session.row(
            "SELECT seed FROM sampling_seed WHERE port = :port AND day = :day",
            port=port,
            day=day.isoformat(),
        )
        return None if row is None else text(row["seed"])

    def add_draw(self, draw: Draw) -> None:
        """Record a draw; the first one of a form stays."""
        self._session.run(
            "INSERT INTO inspection_draw (form_id, port, day, drawn_bp, share_bp, why, inspected,"
            " drawn_at) VALUES (:form_id, :port, :day, :drawn_bp, :share_bp, :why, :inspected,"
            " :drawn_at) ON CONFLICT (form_id) DO NOTHING",
            form_id=draw.form_id,
            port=draw.port,
            day=draw.day.isoformat(),
            drawn_bp=draw.drawn_bp,
            share_bp=draw.share_bp,
            why=draw.why.value,
            inspected=int(draw.is_inspected),
            drawn_at=written(draw.drawn_at),
        )

    def draw_of(self, form_id: str) -> Draw | None:
        """What was drawn for a form, at whatever port."""
        row = self._session.row(
            "SELECT * FROM inspection_draw WHERE form_id = :form_id", form_id=form_id
        )
        return None if row is None else _draw(row)

    def draws_on(self, port: str, day: date) -> list[Draw]:
        """Every draw of a port's day, oldest first."""
        rows = self._session.rows(
            "SELECT * FROM inspection_draw WHERE port = :port AND day = :day"
            " ORDER BY drawn_at, form_id",
            port=port,
            day=day.isoformat(),
        )
        return [_draw(row) for row in rows]


def _draw(row: Row) -> Draw:
    return Draw(
        form_id=text(row["form_id"]),
        port=text(row["port"]),
        day=read_day(row["day"]),
        drawn_bp=whole(row["drawn_bp"]),
        share_bp=whole(row["share_bp"]),
        why=DrawReason(text(row["why"])),
        is_inspected=bool(whole(row["inspected"])),
        drawn_at=moment(row["drawn_at"]),
    )
