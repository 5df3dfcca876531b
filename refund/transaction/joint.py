"""Claims of several forms in one go."""

from typing import Protocol

from refund.core.joint import JointClaim
from refund.core.operation import Operation


class JointRows(Protocol):
    """Claims of several forms in one go."""

    def add_joint(self, joint: JointClaim) -> None:
        """Add a claim with its forms."""
        ...

    def joint(self, joint_id: str) -> JointClaim | None:
        """A claim, its forms in the order of their numbers."""
        ...

    def joint_of(self, form_id: str) -> JointClaim | None:
        """The claim that a form was last part of."""
        ...

    def joint_operations(self, joint_reference: str) -> list[Operation]:
        """The shares of one request that covers several forms, by form."""
        ...
