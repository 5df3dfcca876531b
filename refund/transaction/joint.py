"""Claims of several forms in one go."""

from typing import Protocol

from refund.core.operation import Operation


class JointRows(Protocol):
    """Claims of several forms in one go."""

    def joint_operations(self, joint_reference: str) -> list[Operation]:
        """The shares of one request that covers several forms, by form."""
        ...
