"""Card sessions: the page on which a traveller gives the network a card, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from refund.sandbox.answers import stamp
from refund.sandbox.entry import CardEntry, masked_label
from refund.sandbox.errors import Rejected
from refund.sandbox.store import BookFile

SESSION_LIFETIME = timedelta(minutes=30)
PURPOSES = ("guarantee", "refund")

_COLUMNS = """
    s.session_id, s.reference, s.amount_fen, s.method, s.return_url, s.language, s.purpose,
    s.page_token,
    CASE WHEN s.state = 'open' AND s.expires_at <= :now THEN 'expired' ELSE s.state END,
    s.expires_at, c.token, c.brand, c.last4, c.expiry, p.token, p.label
    FROM card_session s LEFT JOIN card c ON c.token = s.card_token
    LEFT JOIN payout p ON p.token = s.payout_token
"""
_BY_ID = f"SELECT {_COLUMNS} WHERE s.session_id = :wanted"
_BY_REFERENCE = f"SELECT {_COLUMNS} WHERE s.reference = :wanted"
_INSERT = """
    INSERT INTO card_session (session_id, reference, amount_fen, method, return_url, language,
        purpose, page_token, state, expires_at)
    VALUES (:session_id, :reference, :amount_fen, :method, :return_url, :language,
        :purpose, :page_token, 'open', :expires_at)
"""


@dataclass(frozen=True, slots=True)
class SessionRequest:
    """What the merchant asks for; `method` is how the traveller wants the money.

    `purpose` is `guarantee` for a card that is to stand for an advance, or `refund` for where a
    refund is to go: then no card is asked for, unless the money goes to one.
    """

    reference: str
    amount_fen: int
    method: str
    return_url: str
    language: str
    purpose: str = "guarantee"

    @property
    def wants_card(self) -> bool:
        """Whether a card is to be given."""
        return self.purpose == "guarantee" or self.method == "card"


@dataclass(frozen=True, slots=True)
class KnownCard:
    """What is kept of a card."""

    token: str
    brand: str
    last4: str
    expiry: str


@dataclass(frozen=True, slots=True)
class CardSession:
    """One visit to the network's page; `state` is open, entered, cancelled or expired.

    `page_token` is the page's own proof that a form it sent is posted back.
    """

    session_id: str
    request: SessionRequest
    page_token: str
    state: str
    expires_at: str
    card: KnownCard | None = None
    payout_token: str = ""
    payout_label: str = ""


class CardDesk:
    """Opens sessions and turns what is typed into tokens; numbers are forgotten at once."""

    def __init__(
        self, file: BookFile, clock: Callable[[], datetime], new_id: Callable[[str], str]
    ) -> None:
        self._file = file
        self._clock = clock
        self._new_id = new_id

    def open_session(self, request: SessionRequest) -> CardSession:
        """Open a session; the same request again returns the session it opened.

        Raises: Rejected `duplicate_reference` when the reference was used for another request.
        """
        now = self._clock()
        with self._file.write() as db:
            earlier = self._find(_BY_REFERENCE, request.reference)
            if earlier is not None:
                if earlier.request != request:
                    raise Rejected(409, "duplicate_reference", "The reference was used before.")
                return earlier
            session = CardSession(
                session_id=self._new_id("session"),
                request=request,
                page_token=self._new_id("page"),
                state="open",
                expires_at=stamp(now + SESSION_LIFETIME),
            )
            db.execute(
                _INSERT,
                {
                    "session_id": session.session_id,
                    "reference": request.reference,
                    "amount_fen": request.amount_fen,
                    "method": request.method,
                    "return_url": request.return_url,
                    "language": request.language,
                    "purpose": request.purpose,
                    "page_token": session.page_token,
                    "expires_at": session.expires_at,
                },
            )
        return session

    def session(self, session_id: str) -> CardSession | None:
        """Return a session as it stands now, None when there is none."""
        return self._find(_BY_ID, session_id)

    def enter(self, session_id: str, entry: CardEntry) -> CardSession:
        """Keep tokens for the card and the account; a session takes one card, once.

        Raises: Rejected `unknown_session`, or `session_not_open` when it is over.
        """
        with self._file.write() as db:
            session = self._open_session(session_id)
            card_token = None
            if entry.card is not None:
                card_token = self._new_id("card")
                db.execute(
                    "INSERT INTO card VALUES (:token, :brand, :last4, :expiry, :behaviour)",
                    {
                        "token": card_token,
                        "brand": entry.card.brand,
                        "last4": entry.card.last4,
                        "expiry": entry.expiry,
                        "behaviour": entry.card.behaviour.value,
                    },
                )
            payout_token = None
            if session.request.method != "card":
                payout_token = self._new_id("payout")
                db.execute(
                    "INSERT INTO payout VALUES (:token, :method, :label, :last4, :behaviour)",
                    {
                        "token": payout_token,
                        "method": session.request.method,
                        "label": masked_label(session.request.method, entry.account),
                        "last4": entry.last4,
                        "behaviour": entry.behaviour.value,
                    },
                )
            db.execute(
                "UPDATE card_session SET state = 'entered', card_token = :card,"
                " payout_token = :payout WHERE session_id = :session_id",
                {"session_id": session_id, "card": card_token, "payout": payout_token},
            )
            return self._known(session_id)

    def cancel(self, session_id: str) -> CardSession:
        """End a session without a card.

        Raises: Rejected `unknown_session`, or `session_not_open` when it is over.
        """
        with self._file.write() as db:
            self._open_session(session_id)
            db.execute(
                "UPDATE card_session SET state = 'cancelled' WHERE session_id = :session_id",
                {"session_id": session_id},
            )
            return self._known(session_id)

    def _known(self, session_id: str) -> CardSession:
        session = self.session(session_id)
        if session is None:
            raise Rejected(404, "unknown_session", "There is no such card session.")
        return session

    def _open_session(self, session_id: str) -> CardSession:
        session = self._known(session_id)
        if session.state != "open":
            raise Rejected(409, "session_not_open", f"The card session is {session.state}.")
        return session

    def _find(self, sql: str, wanted: str) -> CardSession | None:
        row = self._file.row(sql, {"wanted": wanted, "now": stamp(self._clock())})
        return None if row is None else _read(row)


def _read(row: tuple[Any, ...]) -> CardSession:
    return CardSession(
        session_id=row[0],
        request=SessionRequest(*row[1:7]),
        page_token=row[7],
        state=row[8],
        expires_at=row[9],
        card=KnownCard(*row[10:14]) if row[10] else None,
        payout_token=row[14] or "",
        payout_label=row[15] or "",
    )
