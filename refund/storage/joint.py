"""Claims of several forms in one go, as rows."""

from refund.core.joint import JointClaim
from refund.core.operation import Operation
from refund.storage.protocol import Row
from refund.storage.records import moment, operation_of, text, written
from refund.storage.rows import Rows


class JointQueries(Rows):
    """Claims of several forms in one go."""

    __slots__ = ()

    def add_joint(self, joint: JointClaim) -> None:
        """Add a claim with its forms."""
        self._insert(
            "joint_claim",
            {
                "joint_id": joint.joint_id,
                "document_index": joint.document_index,
                "opened_at": written(joint.opened_at),
                "opened_by": joint.opened_by,
            },
        )
        self._insert_all(
            "joint_form",
            [{"joint_id": joint.joint_id, "form_id": form_id} for form_id in joint.form_ids],
        )

    def joint(self, joint_id: str) -> JointClaim | None:
        """A claim, its forms in the order of their numbers."""
        row = self._session.row(
            "SELECT * FROM joint_claim WHERE joint_id = :joint_id", joint_id=joint_id
        )
        return None if row is None else self._joint(row)

    def joint_of(self, form_id: str) -> JointClaim | None:
        """The claim that a form was last part of."""
        row = self._session.row(
            "SELECT joint_claim.* FROM joint_claim JOIN joint_form"
            " ON joint_form.joint_id = joint_claim.joint_id WHERE joint_form.form_id = :form_id"
            " ORDER BY joint_claim.opened_at DESC LIMIT 1",
            form_id=form_id,
        )
        return None if row is None else self._joint(row)

    def _joint(self, row: Row) -> JointClaim:
        forms = self._session.rows(
            "SELECT form.form_id FROM joint_form JOIN form ON form.form_id = joint_form.form_id"
            " WHERE joint_form.joint_id = :joint_id ORDER BY form.form_number",
            joint_id=row["joint_id"],
        )
        return JointClaim(
            joint_id=text(row["joint_id"]),
            document_index=text(row["document_index"]),
            form_ids=tuple(text(form["form_id"]) for form in forms),
            opened_at=moment(row["opened_at"]),
            opened_by=text(row["opened_by"]),
        )

    def joint_operations(self, joint_reference: str) -> list[Operation]:
        """The shares of one request that covers several forms, by form."""
        rows = self._session.rows(
            "SELECT * FROM operation WHERE joint_reference = :joint_reference"
            " AND joint_reference <> '' ORDER BY form_id",
            joint_reference=joint_reference,
        )
        return [operation_of(row) for row in rows]
