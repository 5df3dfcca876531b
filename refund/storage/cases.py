"""Cases, their history, and what waits for a second person, as rows."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime

from refund.core.case import Approval, Case, CaseEvent, CaseKind, Fix
from refund.storage.protocol import Row, Value
from refund.storage.records import moment, moment_or_none, text, whole, written, written_or_none
from refund.storage.rows import Rows


class CaseQueries(Rows):
    """Cases, their history, and what waits for a second person."""

    __slots__ = ()

    def add_case(self, case: Case) -> bool:
        """Open a case; False when one of this kind is open for the subject already."""
        touched = self._session.run(
            "INSERT INTO case_record (case_id, kind, subject, form_id, store_number, amount_fen,"
            " facts, found_at, opened_at, owner, closed_at, closed_by, reason, fix,"
            " fixed_by, under_way) VALUES"
            " (:case_id, :kind, :subject, :form_id, :store_number, :amount_fen, :facts, :found_at,"
            " :opened_at, :owner, NULL, '', '', '', '', '')"
            " ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO NOTHING",
            case_id=case.case_id,
            kind=case.kind.value,
            subject=case.subject,
            form_id=case.form_id or None,
            store_number=case.store_number,
            amount_fen=case.amount_fen,
            facts=_facts_text(case.facts),
            found_at=written(case.found_at),
            opened_at=written(case.opened_at),
            owner=case.owner,
        )
        return touched == 1

    def renew_case(self, case_id: str, amount_fen: int, facts: Mapping[str, object]) -> None:
        """Tell an open case what is known of its anomaly now."""
        self._session.run(
            "UPDATE case_record SET amount_fen = :amount_fen, facts = :facts"
            " WHERE case_id = :case_id AND closed_at IS NULL",
            amount_fen=amount_fen,
            facts=_facts_text(facts),
            case_id=case_id,
        )

    def posted_difference_fen(self, kind: CaseKind, subject: str) -> int:
        """What cases of a kind and subject have posted on the network's account, fen; signed.

        What was taken back since does not count.
        """
        row = self._session.row(
            "SELECT COALESCE(SUM(CASE posting.side WHEN 'debit' THEN posting.amount_fen"
            " ELSE -posting.amount_fen END), 0) AS total FROM case_record"
            " JOIN posting ON posting.entry_key IN (case_record.case_id || '-difference',"
            " case_record.case_id || '-difference-reversed')"
            " WHERE case_record.kind = :kind AND case_record.subject = :subject"
            " AND posting.account = 'network'",
            kind=kind.value,
            subject=subject,
        )
        return 0 if row is None else whole(row["total"])

    def hold_case(self, case_id: str) -> Case | None:
        """A case that nobody else changes until this transaction ends.

        SQLite has one writer at a time, so there nobody else can.
        """
        lock = " FOR UPDATE" if self._session.engine == "postgresql" else ""
        row = self._session.row(
            f"SELECT * FROM case_record WHERE case_id = :case_id{lock}", case_id=case_id
        )
        return None if row is None else case_of(row)

    def case(self, case_id: str) -> Case | None:
        """A case by its id."""
        row = self._session.row(
            "SELECT * FROM case_record WHERE case_id = :case_id", case_id=case_id
        )
        return None if row is None else case_of(row)

    def open_case_of(self, kind: CaseKind, subject: str) -> Case | None:
        """The open case of a kind for a subject."""
        row = self._session.row(
            "SELECT * FROM case_record WHERE kind = :kind AND subject = :subject"
            " AND closed_at IS NULL",
            kind=kind.value,
            subject=subject,
        )
        return None if row is None else case_of(row)

    def open_cases_of(self, kinds: Collection[CaseKind], subject: str) -> list[Case]:
        """The open cases of some kinds for a subject, in the order of the kinds."""
        values: dict[str, Value] = {f"k{i}": kind.value for i, kind in enumerate(kinds)}
        rows = self._session.rows(
            "SELECT * FROM case_record WHERE subject = :subject AND closed_at IS NULL"
            f" AND kind IN ({', '.join(f':{name}' for name in values)})",
            subject=subject,
            **values,
        )
        found = {case.kind: case for case in map(case_of, rows)}
        return [found[kind] for kind in kinds if kind in found]

    def open_cases(
        self, kinds: Collection[CaseKind] = (), owner: str | None = None, limit: int = 200
    ) -> list[Case]:
        """Open cases, the oldest first; of some kinds, of one owner (or nobody's: an empty one)."""
        values: dict[str, Value] = {f"k{i}": kind.value for i, kind in enumerate(kinds)}
        terms = "closed_at IS NULL"
        if values:
            terms += f" AND kind IN ({', '.join(f':{name}' for name in values)})"
        if owner is not None:
            values["owner"] = owner
            terms += " AND owner = :owner"
        return self._cases(
            f"WHERE {terms} ORDER BY found_at, case_id LIMIT :limit_rows",
            limit_rows=limit,
            **values,
        )

    def count_open_cases(self) -> dict[CaseKind, tuple[int, int, datetime]]:
        """How many are open of each kind, their sum in fen, and since when the oldest."""
        rows = self._session.rows(
            "SELECT kind, COUNT(*) AS cases, SUM(amount_fen) AS fen,"
            " MIN(found_at) AS oldest FROM case_record WHERE closed_at IS NULL"
            " GROUP BY kind ORDER BY kind"
        )
        return {
            CaseKind(row["kind"]): (whole(row["cases"]), whole(row["fen"]), moment(row["oldest"]))
            for row in rows
        }

    def cases_of(self, form_id: str) -> list[Case]:
        """All cases of a form, oldest first."""
        return self._cases("WHERE form_id = :form_id ORDER BY opened_at, case_id", form_id=form_id)

    def closed_cases(self, limit: int) -> list[Case]:
        """The cases that were closed last."""
        return self._cases(
            "WHERE closed_at IS NOT NULL ORDER BY closed_at DESC, case_id LIMIT :limit_rows",
            limit_rows=limit,
        )

    def _cases(self, rest: str, **values: Value) -> list[Case]:
        rows = self._session.rows(f"SELECT * FROM case_record {rest}", **values)
        return [case_of(row) for row in rows]

    def take_case(self, case_id: str, owner: str) -> None:
        """Give a case an owner."""
        self._session.run(
            "UPDATE case_record SET owner = :owner WHERE case_id = :case_id AND closed_at IS NULL",
            owner=owner,
            case_id=case_id,
        )

    def last_case_of(self, kind: CaseKind, subject: str) -> Case | None:
        """The case of a kind for a subject that was opened last, whether it is open or not."""
        found = self._cases(
            "WHERE subject = :subject AND kind = :kind ORDER BY opened_at DESC, case_id DESC"
            " LIMIT 1",
            subject=subject,
            kind=kind.value,
        )
        return found[0] if found else None

    def begin_fix(self, case: Case) -> None:
        """Store what is asked of the network about an open case, or that nothing is any more."""
        self._session.run(
            "UPDATE case_record SET owner = :owner, reason = :reason, fix = :fix,"
            " fixed_by = :fixed_by, under_way = :under_way"
            " WHERE case_id = :case_id AND closed_at IS NULL",
            owner=case.owner,
            reason=case.reason,
            fix="" if case.fix is None else case.fix.value,
            fixed_by=case.fixed_by,
            under_way=case.under_way,
            case_id=case.case_id,
        )

    def cases_under_way(self) -> list[Case]:
        """Open cases about which the network was asked, oldest first."""
        return self._cases("WHERE under_way <> '' AND closed_at IS NULL ORDER BY found_at, case_id")

    def close_case(self, case: Case) -> bool:
        """Store who closed it, when, why and by which fix; False when it was closed before."""
        touched = self._session.run(
            "UPDATE case_record SET closed_at = :closed_at, closed_by = :closed_by,"
            " reason = :reason, fix = :fix, fixed_by = :fixed_by"
            " WHERE case_id = :case_id AND closed_at IS NULL",
            closed_at=written_or_none(case.closed_at),
            closed_by=case.closed_by,
            reason=case.reason,
            fix="" if case.fix is None else case.fix.value,
            fixed_by=case.fixed_by,
            case_id=case.case_id,
        )
        return touched == 1

    def add_case_event(
        self, case_id: str, kind: str, at: datetime, actor: str, detail: str
    ) -> None:
        """Add to a case's history."""
        row = self._session.row(
            "SELECT COALESCE(MAX(sequence), 0) + 1 AS next FROM case_event"
            " WHERE case_id = :case_id",
            case_id=case_id,
        )
        self._insert(
            "case_event",
            {
                "case_id": case_id,
                "sequence": 1 if row is None else whole(row["next"]),
                "kind": kind,
                "at": written(at),
                "actor": actor,
                "detail": detail,
            },
        )

    def case_events(self, case_id: str) -> list[CaseEvent]:
        """A case's history, oldest first."""
        rows = self._session.rows(
            "SELECT * FROM case_event WHERE case_id = :case_id ORDER BY sequence", case_id=case_id
        )
        return [
            CaseEvent(
                case_id=text(row["case_id"]),
                sequence=whole(row["sequence"]),
                kind=text(row["kind"]),
                at=moment(row["at"]),
                actor=text(row["actor"]),
                detail=text(row["detail"]),
            )
            for row in rows
        ]

    def add_approval(self, approval: Approval) -> bool:
        """Ask for a second person; False when one request of this case waits already."""
        touched = self._session.run(
            "INSERT INTO approval (approval_id, case_id, fix, amount_fen, reason, asked_by,"
            " asked_at, seen, decided_by, decided_at, is_approved) VALUES (:approval_id, :case_id,"
            " :fix, :amount_fen, :reason, :asked_by, :asked_at, :seen, '', NULL, 0)"
            " ON CONFLICT (case_id) WHERE decided_at IS NULL DO NOTHING",
            approval_id=approval.approval_id,
            case_id=approval.case_id,
            fix=approval.fix.value,
            amount_fen=approval.amount_fen,
            reason=approval.reason,
            asked_by=approval.asked_by,
            asked_at=written(approval.asked_at),
            seen=approval.seen,
        )
        return touched == 1

    def approval_of(self, case_id: str) -> Approval | None:
        """The request that waits, if any."""
        row = self._session.row(
            "SELECT * FROM approval WHERE case_id = :case_id AND decided_at IS NULL",
            case_id=case_id,
        )
        return None if row is None else _approval(row)

    def decide_approval(self, approval: Approval) -> bool:
        """Store the decision; False when it was decided before."""
        touched = self._session.run(
            "UPDATE approval SET decided_by = :decided_by, decided_at = :decided_at,"
            " is_approved = :is_approved"
            " WHERE approval_id = :approval_id AND decided_at IS NULL",
            decided_by=approval.decided_by,
            decided_at=written_or_none(approval.decided_at),
            is_approved=int(approval.is_approved),
            approval_id=approval.approval_id,
        )
        return touched == 1

    def approvals_waiting(self) -> list[Approval]:
        """All requests that wait, oldest first."""
        rows = self._session.rows(
            "SELECT * FROM approval WHERE decided_at IS NULL ORDER BY asked_at, approval_id"
        )
        return [_approval(row) for row in rows]


def _facts_text(facts: Mapping[str, object]) -> str:
    return json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def case_of(row: Row) -> Case:
    """A case as its row has it."""
    form_id, fix = row["form_id"], text(row["fix"])
    return Case(
        case_id=text(row["case_id"]),
        kind=CaseKind(row["kind"]),
        subject=text(row["subject"]),
        form_id="" if form_id is None else text(form_id),
        store_number=whole(row["store_number"]),
        amount_fen=whole(row["amount_fen"]),
        facts=json.loads(text(row["facts"])),
        found_at=moment(row["found_at"]),
        opened_at=moment(row["opened_at"]),
        owner=text(row["owner"]),
        closed_at=moment_or_none(row["closed_at"]),
        closed_by=text(row["closed_by"]),
        reason=text(row["reason"]),
        fix=Fix(fix) if fix else None,
        fixed_by=text(row["fixed_by"]),
        under_way=text(row["under_way"]),
    )


def _approval(row: Row) -> Approval:
    return Approval(
        approval_id=text(row["approval_id"]),
        case_id=text(row["case_id"]),
        fix=Fix(row["fix"]),
        amount_fen=whole(row["amount_fen"]),
        reason=text(row["reason"]),
        asked_by=text(row["asked_by"]),
        asked_at=moment(row["asked_at"]),
        seen=text(row["seen"]),
        decided_by=text(row["decided_by"]),
        decided_at=moment_or_none(row["decided_at"]),
        is_approved=bool(row["is_approved"]),
    )
