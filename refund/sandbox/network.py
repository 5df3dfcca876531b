"""The network's book and its rules: holds, payouts, releases, captures, each booked once."""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from refund.sandbox.answers import Answer, stamp, written
from refund.sandbox.cards import Behaviour, has_expired
from refund.sandbox.entry import CardEntry
from refund.sandbox.errors import Rejected
from refund.sandbox.sessions import CardDesk, CardSession, SessionRequest
from refund.sandbox.store import BookFile

CURRENCY = "CNY"
HOLD_LIFETIME = timedelta(days=30)
KEY_LIFETIME = timedelta(hours=24)
SLOW_SECONDS = 2.0
LOOKUPS_MAX = 500
PAGE_MAX = 500

_REFUSED_HOLDS = {Behaviour.DECLINED, Behaviour.INSUFFICIENT, Behaviour.EXPIRED}


@dataclass(frozen=True, slots=True)
class _Request:
    """One operation as it is asked for; the same fields again are the same request."""

    reference: str
    kind: str
    amount_fen: int
    hold_reference: str = ""
    token: str = ""
    method: str = ""
    part_fen: int = 0

    @property
    def parameters(self) -> str:
        told = (self.kind, str(self.amount_fen), self.hold_reference, self.token, self.method)
        # Without a part as it was before there were parts, for what is booked stays comparable.
        return "|".join((*told, str(self.part_fen)) if self.part_fen else told)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What the network decides: a status, a state, and what it tells besides."""

    status: int
    state: str
    told: dict[str, Any]
    amount_fen: int = 0
    behaviour: Behaviour = Behaviour.APPROVED


class Book:
    """The payment network without its HTTP: every call is one durable transaction.

    Args: `database` a path or `:memory:`; `clock` gives aware moments; `new_id` takes a kind
    (session, page, card, payout, hold, advance, refund, release, capture) and gives an id that
    nobody can guess.

    An operation is known by its reference for ever: the same request again gets the first
    answer, another request under a used reference is Rejected as `duplicate_reference`. What is
    refused is booked too.
    """

    def __init__(
        self, database: str, clock: Callable[[], datetime], new_id: Callable[[str], str]
    ) -> None:
        self.file = BookFile(database)
        self.clock = clock
        self._new_id = new_id
        self._desk = CardDesk(self.file, clock, new_id)

    def open_card_session(self, request: SessionRequest) -> CardSession:
        """Open the page for a traveller's card; the same request again opens nothing new."""
        return self._desk.open_session(request)

    def card_session(self, session_id: str) -> CardSession | None:
        """Return a card session as it stands now, None when there is none."""
        return self._desk.session(session_id)

    def submit_card(self, session_id: str, entry: CardEntry) -> CardSession:
        """Take the card of an open session; keeps tokens, never numbers."""
        return self._desk.enter(session_id, entry)

    def cancel_card_session(self, session_id: str) -> CardSession:
        """End an open session without a card."""
        return self._desk.cancel(session_id)

    def hold(self, reference: str, card_token: str, amount_fen: int) -> Answer:
        """Reserve an amount on a card for 30 days: 201 held, or 402 refused with its reason.

        Raises: Rejected `unknown_card`, `duplicate_reference`.
        """
        request = _Request(reference, "hold", amount_fen, token=card_token)
        return self._book(request, self._decide_hold)

    def advance(self, reference: str, token: str, method: str, amount_fen: int) -> Answer:
        """Pay money out: to the card of a card token, or to the account of a payout token.

        Raises: Rejected `unknown_card`, `unknown_payout`, `duplicate_reference`.
        """
        request = _Request(reference, "advance", amount_fen, token=token, method=method)
        return self._book(request, self._decide_payout)

    def refund(self, reference: str, token: str, method: str, amount_fen: int) -> Answer:
        """Pay an ordinary refund out, as `advance` pays an advance.

        Raises: Rejected `unknown_card`, `unknown_payout`, `duplicate_reference`.
        """
        request = _Request(reference, "refund", amount_fen, token=token, method=method)
        return self._book(request, self._decide_payout)

    def release(self, reference: str, hold_reference: str, part_fen: int = 0) -> Answer:
        """Give back what stands of a hold: 201, 402 `hold_expired` or 409 `hold_already_ended`.

        `part_fen` above zero gives back that much, and the rest goes on standing.

        Raises: Rejected `unknown_hold`, `amount_above_hold`, `duplicate_reference`.
        """
        request = _Request(reference, "release", 0, hold_reference, part_fen=part_fen)
        return self._book(request, self._decide_end)

    def capture(
        self, reference: str, hold_reference: str, amount_fen: int, part_fen: int = 0
    ) -> Answer:
        """Charge what stands of a hold, all or some; what is not charged is released with it.

        `part_fen` above zero ends that much of the hold, and the rest goes on standing.

        Raises: Rejected `unknown_hold`, `amount_above_hold`, `duplicate_reference`.
        """
        request = _Request(reference, "capture", amount_fen, hold_reference, part_fen=part_fen)
        return self._book(request, self._decide_end)

    def look_up(self, reference: str) -> Answer | None:
        """Return the recorded answer of an operation, None when it never reached the book."""
        row = self.file.row(
            "SELECT status, answer FROM operation WHERE reference = :reference",
            {"reference": reference},
        )
        return None if row is None else Answer(row[0], row[1], replayed=True)

    def look_up_many(self, references: Iterable[str]) -> dict[str, Answer | None]:
        """Return the recorded answer of each reference, None for each that is not booked."""
        return {reference: self.look_up(reference) for reference in references}

    def hold_state(self, reference: str) -> dict[str, Any] | None:
        """Return where a hold stands now: held, released, captured or expired; None if unknown."""
        row = self.file.row(
            "SELECT amount_fen, CASE WHEN state = 'held' AND expires_at <= :now THEN 'expired'"
            " ELSE state END, expires_at, captured_fen, released_fen"
            " FROM hold WHERE reference = :reference",
            {"reference": reference, "now": stamp(self.clock())},
        )
        if row is None:
            return None
        names = ("amount_fen", "state", "expires_at", "captured_fen", "released_fen")
        return {"reference": reference, **dict(zip(names, row, strict=True))}

    def answer_once(self, key: str, fingerprint: str, ask: Callable[[], Answer]) -> Answer:
        """Answer a keyed request; within 24 h the same key gets the same text again.

        The operation and its answer are kept in one transaction.

        Raises: Rejected `key_reused` when the key came with another request.
        """
        now = self.clock()
        with self.file.write() as db:
            db.execute("DELETE FROM idempotency_key WHERE kept_until <= :now", {"now": stamp(now)})
            row = self.file.row(
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

    def book_totals(self) -> dict[str, Any]:
        """Return the whole book in figures; `balance_fen` is what our account gained."""
        now = stamp(self.clock())
        rows = self.file.rows(
            "SELECT state, count(*), sum(amount_fen) FROM operation GROUP BY state"
        )
        counts = {state: count for state, count, _ in rows}
        sums = {state: total for state, _, total in rows}
        open_holds = self.file.rows(
            "SELECT count(*), coalesce(sum(amount_fen - captured_fen - released_fen), 0) FROM hold"
            " WHERE state = 'held' AND expires_at > :now",
            {"now": now},
        )[0]
        payouts, captures = sums.get("paid", 0), sums.get("captured", 0)
        return {
            "payouts_fen": payouts,
            "captures_fen": captures,
            "balance_fen": captures - payouts,
            "holds_open": open_holds[0],
            "held_open_fen": open_holds[1],
            "operations": sum(counts.values()),
            "at": now,
        }

    def operations_after(self, cursor: int, limit: int = PAGE_MAX) -> list[dict[str, Any]]:
        """Return booked operations in the order of booking, at most `limit`, after a cursor."""
        rows = self.file.rows(
            "SELECT o.cursor, o.reference, o.kind, o.state, o.amount_fen, o.booked_at,"
            " o.hold_reference, CASE WHEN h.state = 'held' AND h.expires_at <= :now"
            " THEN 'expired' ELSE h.state END"
            " FROM operation o LEFT JOIN hold h ON h.reference ="
            " CASE o.kind WHEN 'hold' THEN o.reference ELSE o.hold_reference END"
            " WHERE o.cursor > :cursor ORDER BY o.cursor LIMIT :limit",
            {"now": stamp(self.clock()), "cursor": cursor, "limit": limit},
        )
        names = (
            *("cursor", "reference", "kind", "state", "amount_fen", "at"),
            *("hold_reference", "hold_state"),
        )
        return [dict(zip(names, row, strict=True)) for row in rows]

    def close(self) -> None:
        """Close the book's file."""
        self.file.close()

    def _book(self, request: _Request, decide: Callable[[_Request, datetime], _Verdict]) -> Answer:
        """Return the first answer of this reference, or decide, book and answer."""
        with self.file.write() as db:
            earlier = self.file.row(
                "SELECT parameters, status, answer FROM operation WHERE reference = :reference",
                {"reference": request.reference},
            )
            if earlier is not None:
                if earlier[0] != request.parameters:
                    raise Rejected(409, "duplicate_reference", "The reference was used before.")
                return Answer(earlier[1], earlier[2], replayed=True)
            now = self.clock()
            verdict = decide(request, now)
            answer = _answer(request, verdict, now)
            db.execute(
                "INSERT INTO operation (reference, kind, state, amount_fen, hold_reference,"
                " booked_at, parameters, status, answer) VALUES (:reference, :kind, :state,"
                " :amount_fen, :hold_reference, :at, :parameters, :status, :answer)",
                {
                    "reference": request.reference,
                    "kind": request.kind,
                    "state": verdict.state,
                    "amount_fen": verdict.amount_fen or request.amount_fen,
                    "hold_reference": request.hold_reference or None,
                    "at": stamp(now),
                    "parameters": request.parameters,
                    "status": answer.status,
                    "answer": answer.text,
                },
            )
            if verdict.state == "held":
                db.execute(
                    "INSERT INTO hold (reference, amount_fen, state, expires_at)"
                    " VALUES (:reference, :amount_fen, 'held', :expires_at)",
                    {
                        "reference": request.reference,
                        "amount_fen": request.amount_fen,
                        "expires_at": verdict.told["expires_at"],
                    },
                )
        return answer

    def _decide_hold(self, request: _Request, now: datetime) -> _Verdict:
        brand, last4, expiry, behaviour = self._card(request.token)
        if has_expired(expiry, now.date()):
            behaviour = Behaviour.EXPIRED
        if behaviour in _REFUSED_HOLDS:
            return _Verdict(402, "refused", {"reason": behaviour.value})
        network_id = self._new_id("hold")
        code = b32encode(hashlib.sha256(network_id.encode()).digest())[:6].decode()
        told = {
            "network_id": network_id,
            "authorisation_code": code,
            "expires_at": stamp(now + HOLD_LIFETIME),
            "brand": brand,
            "last4": last4,
        }
        return _Verdict(201, "held", told, behaviour=behaviour)

    def _decide_payout(self, request: _Request, now: datetime) -> _Verdict:
        if request.method == "card":
            behaviour = self._card(request.token)[3]
        else:
            behaviour = self._payout(request.token, request.method)
        told: dict[str, Any] = {"method": request.method}
        if behaviour is Behaviour.PAYOUT_REFUSED:
            return _Verdict(402, "refused", {**told, "reason": behaviour.value})
        told |= {"network_id": self._new_id(request.kind), "paid_at": stamp(now)}
        return _Verdict(201, "paid", told, behaviour=behaviour)

    def _decide_end(self, request: _Request, now: datetime) -> _Verdict:
        """Release or capture: each part of a hold ends once, and not after its time."""
        hold = self.hold_state(request.hold_reference)
        if hold is None:
            raise Rejected(404, "unknown_hold", "There is no such hold.")
        state = hold["state"]
        standing_fen = hold["amount_fen"] - hold["captured_fen"] - hold["released_fen"]
        part_fen = request.part_fen or standing_fen
        told = {"hold_reference": request.hold_reference, "hold_state": state}
        amount_fen = request.amount_fen or part_fen or hold["amount_fen"]
        if state == "expired":
            return _Verdict(402, "refused", {**told, "reason": "hold_expired"}, amount_fen)
        if state != "held":
            return _Verdict(409, "refused", {**told, "reason": "hold_already_ended"}, amount_fen)
        if not amount_fen <= part_fen <= standing_fen:
            raise Rejected(422, "amount_above_hold", "The amount is above what stands.")
        is_capture = request.kind == "capture"
        captured_fen = amount_fen if is_capture else 0
        self._end_part(request.hold_reference, captured_fen, part_fen - captured_fen)
        ended = self.hold_state(request.hold_reference) or hold
        done = "captured" if is_capture else "released"
        told |= {"hold_state": ended["state"], "network_id": self._new_id(request.kind)}
        told |= {"released_fen": part_fen - captured_fen, f"{done}_at": stamp(now)}
        return _Verdict(201, done, told, amount_fen)

    def _end_part(self, reference: str, captured_fen: int, released_fen: int) -> None:
        """Take a part off a hold; with its last part it is captured if any was, else released."""
        with self.file.write() as db:
            db.execute(
                "UPDATE hold SET captured_fen = captured_fen + :captured_fen,"
                " released_fen = released_fen + :released_fen, state = CASE"
                " WHEN captured_fen + released_fen + :captured_fen + :released_fen < amount_fen"
                " THEN 'held' WHEN captured_fen + :captured_fen > 0 THEN 'captured'"
                " ELSE 'released' END WHERE reference = :reference",
                {
                    "reference": reference,
                    "captured_fen": captured_fen,
                    "released_fen": released_fen,
                },
            )

    def _card(self, token: str) -> tuple[str, str, str, Behaviour]:
        row = self.file.row(
            "SELECT brand, last4, expiry, behaviour FROM card WHERE token = :token",
            {"token": token},
        )
        if row is None:
            raise Rejected(404, "unknown_card", "There is no such card token.")
        return row[0], row[1], row[2], Behaviour(row[3])

    def _payout(self, token: str, method: str) -> Behaviour:
        row = self.file.row(
            "SELECT behaviour FROM payout WHERE token = :token AND method = :method",
            {"token": token, "method": method},
        )
        if row is None:
            raise Rejected(404, "unknown_payout", "There is no such payout token of this method.")
        return Behaviour(row[0])


def _answer(request: _Request, verdict: _Verdict, now: datetime) -> Answer:
    """Write the answer down, with what happens to it on its way to the merchant."""
    text = written(
        {
            "reference": request.reference,
            "kind": request.kind,
            "state": verdict.state,
            "amount_fen": verdict.amount_fen or request.amount_fen,
            "currency": CURRENCY,
            "at": stamp(now),
            **verdict.told,
        }
    )
    answer = Answer(verdict.status, text)
    match verdict.behaviour:
        case Behaviour.SLOW:
            return replace(answer, delay_seconds=SLOW_SECONDS)
        case Behaviour.LOST_HOLD if request.kind == "hold":
            return replace(answer, lost=True)
        case Behaviour.LOST_ADVANCE if request.kind in {"advance", "refund"}:
            return replace(answer, lost=True)
        case _:
            return answer
