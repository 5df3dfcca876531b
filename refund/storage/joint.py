"""Claims of several forms in one go, as rows."""

from refund.core.operation import Operation
from refund.storage.records import operation_of
from refund.storage.rows import Rows


class JointQueries(Rows):
    """Claims of several forms in one go."""

    __slots__ = ()

    def joint_operations(self, joint_reference: str) -> list[Operation]:
        """The shares of one request that covers several forms, by form."""
        rows = self._session.rows(
            "SELECT * FROM operation WHERE joint_reference = :joint_reference"
            " AND joint_reference <> '' ORDER BY form_id",
            joint_reference=joint_reference,
        )
        return [operation_of(row) for row in rows]
