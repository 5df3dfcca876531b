"""Links by which one phone opens its forms on another, as rows."""

from datetime import datetime

from refund.core.sharing import Share
from refund.storage.protocol import Row
from refund.storage.records import moment, moment_or_none, text, written
from refund.storage.rows import Rows


class SharingQueries(Rows):
    """Links by which one phone opens its forms on another, and a phone that forgets."""

    __slots__ = ()

    def add_share(self, share: Share) -> None:
        """Keep a link that was made."""
        self._insert(
            "share",
            {
                "share_id": share.share_id,
                "owner": share.owner,
                "code_hash": share.code_hash,
                "made_at": written(share.made_at),
                "until": written(share.until),
                "used_at": None,
                "used_by": "",
                "revoked_at": None,
            },
        )

    def share(self, share_id: str) -> Share | None:
        """A link by its id."""
        row = self._session.row("SELECT * FROM share WHERE share_id = :share_id", share_id=share_id)
        return None if row is None else _share_of(row)

    def share_by_code(self, code_hash: str) -> Share | None:
        """A link by what is kept of its code."""
        row = self._session.row(
            "SELECT * FROM share WHERE code_hash = :code_hash", code_hash=code_hash
        )
        return None if row is None else _share_of(row)

    def links_of(self, owner: str) -> list[Share]:
        """A phone's links, newest first."""
        rows = self._session.rows(
            "SELECT * FROM share WHERE owner = :owner ORDER BY made_at DESC, share_id DESC",
            owner=owner,
        )
        return [_share_of(row) for row in rows]

    def use_share(self, share_id: str, used_by: str, at: datetime) -> bool:
        """Note that a link was used; False when it was used or revoked before."""
        changed = self._session.run(
            "UPDATE share SET used_at = :at, used_by = :used_by"
            " WHERE share_id = :share_id AND used_at IS NULL AND revoked_at IS NULL",
            at=written(at),
            used_by=used_by,
            share_id=share_id,
        )
        return changed == 1

    def revoke_share(self, share_id: str, at: datetime) -> None:
        """End a link; a second time changes nothing."""
        self._session.run(
            "UPDATE share SET revoked_at = :at WHERE share_id = :share_id AND revoked_at IS NULL",
            at=written(at),
            share_id=share_id,
        )

    def open_visit_by(
        self, share_id: str, session_hash: str, form_id: str, at: datetime, *, unlocked: bool
    ) -> None:
        """Open a form on the second phone, as far as it was not; what the link did is kept."""
        new = self._session.run(
            "INSERT INTO visit (session_hash, form_id, opened_at, unlocked_at)"
            " VALUES (:session_hash, :form_id, :at, :unlocked_at)"
            " ON CONFLICT (session_hash, form_id) DO NOTHING",
            session_hash=session_hash,
            form_id=form_id,
            at=written(at),
            unlocked_at=written(at) if unlocked else None,
        )
        gave = "visit" if new else ""
        if not new and unlocked:
            opened = self._session.run(
                "UPDATE visit SET unlocked_at = :at WHERE session_hash = :session_hash"
                " AND form_id = :form_id AND unlocked_at IS NULL",
                at=written(at),
                session_hash=session_hash,
                form_id=form_id,
            )
            gave = "unlocked" if opened else ""
        if gave:
            self._insert("share_form", {"share_id": share_id, "form_id": form_id, "gave": gave})

    def close_visits_by(self, share_id: str, session_hash: str) -> None:
        """Take from the second phone what the link gave it, and nothing else."""
        given = "SELECT form_id FROM share_form WHERE share_id = :share_id AND gave = :gave"
        self._session.run(
            f"DELETE FROM visit WHERE session_hash = :session_hash AND form_id IN ({given})",
            session_hash=session_hash,
            share_id=share_id,
            gave="visit",
        )
        self._session.run(
            "UPDATE visit SET unlocked_at = NULL"
            f" WHERE session_hash = :session_hash AND form_id IN ({given})",
            session_hash=session_hash,
            share_id=share_id,
            gave="unlocked",
        )

    def drop_visits(self, session_hash: str) -> int:
        """Forget what a phone opened; how many forms that were."""
        return self._session.run(
            "DELETE FROM visit WHERE session_hash = :session_hash", session_hash=session_hash
        )


def _share_of(row: Row) -> Share:
    return Share(
        share_id=text(row["share_id"]),
        owner=text(row["owner"]),
        code_hash=text(row["code_hash"]),
        made_at=moment(row["made_at"]),
        until=moment(row["until"]),
        used_at=moment_or_none(row["used_at"]),
        used_by=text(row["used_by"]),
        revoked_at=moment_or_none(row["revoked_at"]),
    )
