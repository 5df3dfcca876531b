"""What a clerk typed about goods brought back: read, stepped, and shown again."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from refund.core.entitlement import LineKey, Recovery
from refund.core.errors import Refused
from refund.core.returning import Known, line_field
from refund.services.returns import BroughtBack
from refund.web.parse import typed_fields

_LINE = re.compile(r"lines-([0-9]{1,2})-([0-9]{1,2})")
_QUANTITY = re.compile(r"[0-9]{1,3}", re.ASCII)
_STEP = re.compile(r"([0-9]{1,2})-([0-9]{1,2})([+-])")
_SUBMISSION = re.compile(r"[A-Za-z0-9_-]{16,64}")


@dataclass(frozen=True, slots=True)
class TypedReturn:
    """What stands on the page for returns, and what of it could not be read.

    `is_taken` says that the clerk has the cash in hand.
    """

    quantities: Mapping[LineKey, int]
    texts: Mapping[str, str]
    problems: tuple[Refused, ...] = ()

    def __getitem__(self, name: str) -> str:
        """What was typed into a field; nothing for one that was not sent."""
        return self.texts.get(name, "")

    @property
    def asked(self) -> bool:
        """Whether the form is to end whatever comes back."""
        return self["asked"] == "yes"

    @property
    def recovery(self) -> Recovery:
        """How the money is to return; NONE while it is not said."""
        known = {way.value: way for way in Recovery}
        return known.get(self["recovery"], Recovery.NONE)

    @property
    def is_blank(self) -> bool:
        """Whether nothing was said that could be offered."""
        return not any(self.quantities.values()) and not self.asked and not self.problems

    def stepped(self, step: str, known: Known) -> "TypedReturn":
        """The same page after one more or one less of a line, never more than there is."""
        match = _STEP.fullmatch(step)
        if match is None:
            return self
        key = (int(match[1]), int(match[2]))
        if key not in known.remaining:
            return self
        wanted = self.quantities.get(key, 0) + (1 if match[3] == "+" else -1)
        quantity = max(0, min(wanted, known.remaining.get(key, 0)))
        texts = {**self.texts, line_field(key): str(quantity)}
        return replace(self, quantities={**self.quantities, key: quantity}, texts=texts)

    def brought(self) -> BroughtBack:
        """What is to be done.

        Raises:
            Refused: `bad_request` for a page that is not ours.
        """
        if not _SUBMISSION.fullmatch(self["submission"]):
            raise Refused("bad_request")
        return BroughtBack(
            quantities=self.quantities,
            recovery=self.recovery,
            reason=self["reason"],
            submission_key=self["submission"],
            asked=self.asked,
            seen=self["seen"],
        )


def new_return(submission: str, mistake: str = "") -> TypedReturn:
    """A page on which nothing was brought back yet; `mistake` says why the form is to end."""
    said = {"asked": "yes", "mistake": "yes", "reason": mistake} if mistake else {}
    return TypedReturn({}, {"submission": submission, **said})


def read_return(form: Mapping[str, str]) -> TypedReturn:
    """What a browser sent; an empty quantity is none."""
    texts, problems = typed_fields(form)
    quantities: dict[LineKey, int] = {}
    wrong = [problem for problem in problems if problem.field in ("reason", "submission")]
    for name, text in texts.items():
        match = _LINE.fullmatch(name)
        if match is None:
            continue
        written = text.strip() or "0"
        if _QUANTITY.fullmatch(written):
            quantities[int(match[1]), int(match[2])] = int(written)
        else:
            wrong.append(Refused("quantity_above_remaining", name))
    return TypedReturn(quantities, texts, tuple(wrong))
