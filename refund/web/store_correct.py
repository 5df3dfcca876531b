"""The clerk's page for a form that is corrected: the issue page, filled in, beside what differs."""

from dataclasses import dataclass

from flask import redirect, render_template, request, url_for

from refund.core.calendar import day_of
from refund.core.errors import REFUSALS, Refused
from refund.services.amend import (
    ToCorrect,
    differences,
    dry_replacement,
    form_to_correct,
    replace_form,
)
from refund.services.issue import Issue, form_seen_by_store
from refund.web.auth import actor
from refund.web.context import ports
from refund.web.filters import errors_by_field
from refund.web.parse import typed_fields
from refund.web.store import Page, pages
from refund.web.store_forms import Typed, changed, newest, read_typed, typed_of
from refund.web.store_issue import read_page
from refund.web.store_reading import Reading


@dataclass(frozen=True, slots=True)
class Correcting:
    """What stands on the page: the form that is to be replaced, what was typed, and why."""

    old: ToCorrect
    typed: Typed
    reason: str
    reading: Reading | None = None

    def page(
        self, outcome: Issue | None, besides: tuple[Refused, ...] = (), focus: str = ""
    ) -> str:
        """The whole page, with what is wrong with it."""
        return render_template(
            "store/replace.html", **self._shown(outcome, besides), focus=focus, live=False
        )

    def side(self, outcome: Issue) -> str:
        """The live sum with what differs."""
        return render_template("store/_dry_run.html", **self._shown(outcome, ()), live=True)

    def _shown(self, outcome: Issue | None, besides: tuple[Refused, ...]) -> dict[str, object]:
        told = list(besides)
        if self.reading is not None and outcome is not None:
            told += self.reading.put_right(outcome.refusals)
        draft = self.old.draft if self.reading is None else self.reading.draft
        return {
            "old": self.old.form,
            "typed": self.typed,
            "reason": self.reason,
            "reading": self.reading,
            "outcome": outcome,
            "told": told,
            "errors": errors_by_field(told),
            "differences": differences(self.old.draft, draft),
        }


@pages.get("/forms/<form_id>/replace")
def correcting(form_id: str) -> Page:
    """The issue page with everything that a form says; an advance that is out comes back first."""
    try:
        old = form_to_correct(ports(), actor(), form_id)
    except Refused as refused:
        if refused.code != "advance_outstanding":
            raise
        return redirect(url_for("store.returning", form_id=form_id, mistake="yes"), 303)
    typed = typed_of(old.draft, ports().ids.token())
    reading = read_page(typed)
    outcome = dry_replacement(ports(), actor(), form_id, reading.draft)
    return Correcting(old, typed, "", reading).page(None if outcome.refusals else outcome)


@pages.post("/forms/<form_id>/replace")
def correct(form_id: str) -> Page:
    """Issue the corrected form in the old one's place, check it, or change the page's lines."""
    form_seen_by_store(ports(), actor(), form_id)
    other = changed(read_typed(request.form), request.form, day_of(ports().clock.now()))
    if other is not None:
        return _typed(form_id, other).page(None, focus=newest(other, request.form))
    typed, reason = read_typed(request.form), _reason()
    draft = read_page(typed).draft
    if "check" in request.form:
        outcome = dry_replacement(ports(), actor(), form_id, draft)
        return _typed(form_id, typed).page(outcome), 422 if outcome.refusals else 200
    try:
        outcome = replace_form(ports(), actor(), form_id, draft, typed.submission, reason)
    except Refused as refused:
        if refused.field != "reason" and refused.code != "submission_differs":
            raise
        outcome = dry_replacement(ports(), actor(), form_id, draft)
        page = _typed(form_id, typed).page(outcome, (refused,))
        return page, REFUSALS[refused.code].status
    if outcome.form is None:
        return _typed(form_id, typed).page(outcome), 422
    return redirect(url_for("store.form", form_id=outcome.form.form_id), 303)


@pages.post("/forms/<form_id>/replace/dry-run")
def check_correction(form_id: str) -> str:
    """The live sum of the corrected form, with what differs from the old one."""
    typed = read_typed(request.form)
    outcome = dry_replacement(ports(), actor(), form_id, read_page(typed).draft)
    return _typed(form_id, typed).side(outcome)


def _typed(form_id: str, typed: Typed) -> Correcting:
    """The page as it was typed, beside the form as it is."""
    old = form_to_correct(ports(), actor(), form_id, again=True)
    return Correcting(old, typed, _reason(), read_page(typed))


def _reason() -> str:
    return typed_fields(request.form)[0].get("reason", "")
