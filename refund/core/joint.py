"""A claim of several forms in one go, at a mall's refund point."""

from dataclasses import dataclass
from datetime import datetime

FORMS_MAX = 20
"""Forms of one claim. Source: project decision."""


@dataclass(frozen=True, slots=True)
class JointClaim:
    """The forms of one traveller that share one agreement, one hold and one advance.

    Once the advance is paid each form goes its own way.
    """

    joint_id: str
    document_index: str
    form_ids: tuple[str, ...]
    opened_at: datetime
    opened_by: str
