"""The counter's second screen: a live sum, then the form that was issued, kept for minutes."""

from dataclasses import dataclass, replace
from datetime import datetime

from refund.core.counter_display import STAYS, WATCHED, Display, Shown
from refund.core.form import Form
from refund.core.people import Actor
from refund.core.policy import Assessment
from refund.ports import Ports
from refund.services.issue import store_number_of
from refund.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Screen:
    """What a second screen shows now: nothing, a sum, or a form."""

    language: str
    shown: Shown | None
    form: Form | None

    @property
    def seen(self) -> str:
        """One short word for what it shows; it changes when that does."""
        if self.form is not None:
            return f"{self.form.form_id}-{self.form.version}-{self.language}"
        if self.shown is None:
            return f"idle-{self.language}"
        sums = self.shown.amounts
        word = "ready" if self.shown.is_ready else "typing"
        return f"{word}-{sums.sales_fen}-{sums.net_fen}-{self.shown.depart_by}-{self.language}"


IDLE = Screen("", None, None)


def watch(ports: Ports, clerk: Actor, session_hash: str) -> Screen:
    """What the second screen of a session shows; from now on the counter keeps it for it.

    Raises:
        Refused: `store_unknown`.
    """
    now, number = ports.clock.now(), store_number_of(clerk)
    before = ports.storage.read(lambda tx: tx.display(session_hash))
    # Not every look is written down: a screen asks every second or two.
    if before is None or now - before.watched_at > WATCHED / 4:
        fresh = replace(before, watched_at=now) if before else Display(now, now)
        ports.storage.write(lambda tx: tx.put_display(session_hash, fresh))
    if before is None or now - before.shown_at > STAYS:
        return IDLE

    def read(tx: Transaction) -> Screen:
        form = tx.form(before.form_id) if before.form_id else None
        if form is not None and form.store_number != number:
            return IDLE
        return Screen(before.language, before.shown, form)

    return ports.storage.read(read)


def show_sum(ports: Ports, session_hash: str, assessment: Assessment, language: str) -> None:
    """Let the second screen of a session show what a purchase comes to, if there is a screen."""
    now = ports.clock.now()
    display = _watched(ports, session_hash, now)
    if display is None:
        return
    sums = assessment.amounts
    shown = Shown(sums, assessment.depart_by, "", assessment.may_issue) if sums.sales_fen else None
    after = Display(display.watched_at, now, language, shown)
    ports.storage.write(lambda tx: tx.put_display(session_hash, after))


def show_form(ports: Ports, session_hash: str, form: Form, language: str) -> None:
    """Let the second screen of a session show a form that was just issued, if there is a screen."""
    now = ports.clock.now()
    display = _watched(ports, session_hash, now)
    if display is None:
        return
    after = Display(display.watched_at, now, language or display.language, None, form.form_id)
    ports.storage.write(lambda tx: tx.put_display(session_hash, after))


def show_nothing(ports: Ports, session_hash: str) -> None:
    """Clear the second screen of a session, if there is one."""
    now = ports.clock.now()
    display = _watched(ports, session_hash, now)
    if display is None or (display.shown is None and not display.form_id):
        return
    after = Display(display.watched_at, now)
    ports.storage.write(lambda tx: tx.put_display(session_hash, after))


def _watched(ports: Ports, session_hash: str, now: datetime) -> Display | None:
    display = ports.storage.read(lambda tx: tx.display(session_hash))
    return display if display is not None and now - display.watched_at <= WATCHED else None


def drop_unwatched(ports: Ports) -> int:
    """Forget screens that nobody looks at any more; how many were forgotten."""
    before = ports.clock.now() - STAYS
    if not ports.storage.read(lambda tx: tx.is_display_older(before)):
        return 0
    return ports.storage.write(lambda tx: tx.drop_displays_before(before))
