"""What a traveller's phone leaves behind: visits, details, the agreement, card pages."""

from datetime import datetime

from refund.core.agreement import Agreement, Details, Signature
from refund.core.form import Method
from refund.core.trail import CardVisit, Visit
from refund.storage.records import (
    details_bytes,
    details_of,
    moment,
    moment_or_none,
    raw,
    text,
    whole,
    written,
)
from refund.storage.rows import Rows


class ClaimQueries(Rows):
    """What a traveller's phone leaves behind."""

    __slots__ = ()

    def put_visit(self, session_hash: str, form_id: str, at: datetime) -> None:
        """Note that a phone scanned a form; a second scan changes nothing."""
        self._session.run(
            "INSERT INTO visit (session_hash, form_id, opened_at)"
            " VALUES (:session_hash, :form_id, :at)"
            " ON CONFLICT (session_hash, form_id) DO NOTHING",
            session_hash=session_hash,
            form_id=form_id,
            at=written(at),
        )

    def unlock_visit(self, session_hash: str, form_id: str, at: datetime) -> None:
        """Note that the phone gave the right claim code."""
        self._session.run(
            "UPDATE visit SET unlocked_at = :at"
            " WHERE session_hash = :session_hash AND form_id = :form_id AND unlocked_at IS NULL",
            session_hash=session_hash,
            form_id=form_id,
            at=written(at),
        )

    def visit(self, session_hash: str, form_id: str) -> Visit | None:
        """Whether a phone scanned a form, and may act for it."""
        row = self._session.row(
            "SELECT form_id, opened_at, unlocked_at FROM visit"
            " WHERE session_hash = :session_hash AND form_id = :form_id",
            session_hash=session_hash,
            form_id=form_id,
        )
        if row is None:
            return None
        return Visit(
            text(row["form_id"]), moment(row["opened_at"]), moment_or_none(row["unlocked_at"])
        )

    def visits(self, session_hash: str) -> list[Visit]:
        """All forms that a phone scanned, newest first."""
        rows = self._session.rows(
            "SELECT form_id, opened_at, unlocked_at FROM visit"
            " WHERE session_hash = :session_hash ORDER BY opened_at DESC",
            session_hash=session_hash,
        )
        return [
            Visit(
                text(row["form_id"]), moment(row["opened_at"]), moment_or_none(row["unlocked_at"])
            )
            for row in rows
        ]

    def put_details(self, form_id: str, details: Details, at: datetime) -> None:
        """Seal what the traveller filled in; until the signature it can change."""
        sealed = self._sealer.seal(
            "claim_details", "details_sealed", form_id, details_bytes(details)
        )
        self._session.run(
            "INSERT INTO claim_details (form_id, details_sealed, method, given_at)"
            " VALUES (:form_id, :sealed, :method, :at)"
            " ON CONFLICT (form_id) DO UPDATE SET details_sealed = excluded.details_sealed,"
            " method = excluded.method, given_at = excluded.given_at",
            form_id=form_id,
            sealed=sealed,
            method=details.method.value,
            at=written(at),
        )

    def details_of(self, form_id: str) -> Details | None:
        """What the traveller filled in."""
        row = self._session.row(
            "SELECT details_sealed, method FROM claim_details WHERE form_id = :form_id",
            form_id=form_id,
        )
        if row is None:
            return None
        plaintext = self._sealer.open(
            "claim_details", "details_sealed", form_id, raw(row["details_sealed"])
        )
        return details_of(plaintext, row["method"])

    def method_of(self, form_id: str) -> Method | None:
        """How the traveller wants to be paid; nothing that is sealed is opened for it."""
        row = self._session.row(
            "SELECT method FROM claim_details WHERE form_id = :form_id", form_id=form_id
        )
        return None if row is None else Method(row["method"])

    def add_agreement(self, agreement: Agreement, signature: Signature) -> None:
        """Seal the signature."""
        sealed = self._sealer.seal(
            "agreement", "signature_sealed", agreement.form_id, signature.text.encode()
        )
        self._insert(
            "agreement",
            {
                "form_id": agreement.form_id,
                "agreed_at": written(agreement.agreed_at),
                "language": agreement.language,
                "wording": agreement.wording,
                "signature_kind": agreement.signature_kind,
                "signature_sealed": sealed,
            },
        )

    def agreement_of(self, form_id: str) -> Agreement | None:
        """The agreement that was signed."""
        row = self._session.row(
            "SELECT form_id, agreed_at, language, wording, signature_kind FROM agreement"
            " WHERE form_id = :form_id",
            form_id=form_id,
        )
        if row is None:
            return None
        return Agreement(
            text(row["form_id"]),
            moment(row["agreed_at"]),
            text(row["language"]),
            whole(row["wording"]),
            text(row["signature_kind"]),
        )

    def signature_of(self, form_id: str) -> Signature | None:
        """The signature itself."""
        row = self._session.row(
            "SELECT signature_kind, signature_sealed FROM agreement WHERE form_id = :form_id",
            form_id=form_id,
        )
        if row is None:
            return None
        sealed = raw(row["signature_sealed"])
        plaintext = self._sealer.open("agreement", "signature_sealed", form_id, sealed)
        return Signature(text(row["signature_kind"]), plaintext.decode())

    def put_card_visit(self, visit: CardVisit) -> None:
        """Note that a card page was opened for a form."""
        self._session.run(
            "INSERT INTO card_visit (session_id, form_id, opened_at)"
            " VALUES (:session_id, :form_id, :at) ON CONFLICT (session_id) DO NOTHING",
            session_id=visit.session_id,
            form_id=visit.form_id,
            at=written(visit.opened_at),
        )

    def card_visit(self, session_id: str) -> CardVisit | None:
        """The form for which a card page was opened."""
        row = self._session.row(
            "SELECT session_id, form_id, opened_at FROM card_visit WHERE session_id = :session_id",
            session_id=session_id,
        )
        if row is None:
            return None
        return CardVisit(text(row["session_id"]), text(row["form_id"]), moment(row["opened_at"]))

    def count_card_visits(self, form_id: str) -> int:
        """How many card pages were opened for a form."""
        row = self._session.row(
            "SELECT COUNT(*) AS opened FROM card_visit WHERE form_id = :form_id", form_id=form_id
        )
        return 0 if row is None else whole(row["opened"])
