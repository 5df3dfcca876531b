"""A calendar file of deadlines with reminders, for the phone's own calendar (RFC 5545)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

OCTETS_MAX = 75
"""A line of a calendar file is no longer, its end not counted (section 3.1)."""

REMINDERS_DAYS = (7, 3, 1)
"""How many days before its last day a form is spoken of, at nine in the morning."""

_HOUR = 9
_ESCAPED = {ord("\\"): "\\\\", ord(";"): "\\;", ord(","): "\\,", ord("\n"): "\\n", ord("\r"): None}
"""What a text may not hold as it is (section 3.3.11)."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A last day, as a calendar shows it.

    Args:
        uid: the same for the same deadline for ever, so that a later file replaces it.
        sequence: grows with every change.
        day: the last day, which counts whole.
        summary, description, location: in the reader's language.
        url: where it is looked after.
    """

    uid: str
    sequence: int
    day: date
    summary: str
    description: str
    location: str
    url: str


def calendar_file(deadlines: Iterable[Deadline], at: datetime, today: date) -> str:
    """Return a calendar file: a whole day for each deadline, with the reminders still ahead.

    Args:
        deadlines: the last days.
        at: the moment at which the file is made.
        today: reminders of earlier days are left out; calendars would sound them at once.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Instant refund//Simulation//EN"]
    lines += ["CALSCALE:GREGORIAN", "METHOD:PUBLISH"]
    for deadline in deadlines:
        lines += _event(deadline, at, today)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def reminder_days(day: date, today: date) -> tuple[date, ...]:
    """The days on which a last day is spoken of, as far as they are not over."""
    days = (day - timedelta(days=count) for count in REMINDERS_DAYS)
    return tuple(one for one in days if one >= today)


def _event(deadline: Deadline, at: datetime, today: date) -> Iterator[str]:
    after = deadline.day + timedelta(days=1)
    yield "BEGIN:VEVENT"
    yield f"UID:{_text(deadline.uid)}"
    yield f"SEQUENCE:{deadline.sequence}"
    yield f"DTSTAMP:{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;VALUE=DATE:{deadline.day:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{after:%Y%m%d}"
    yield "TRANSP:TRANSPARENT"
    yield f"SUMMARY:{_text(deadline.summary)}"
    yield f"DESCRIPTION:{_text(deadline.description)}"
    yield f"LOCATION:{_text(deadline.location)}"
    yield f"URL:{deadline.url}"
    for day in reminder_days(deadline.day, today):
        yield "BEGIN:VALARM"
        yield "ACTION:DISPLAY"
        yield f"TRIGGER:{_before((deadline.day - day).days)}"
        yield f"DESCRIPTION:{_text(deadline.summary)}"
        yield "END:VALARM"
    yield "END:VEVENT"


def _before(days: int) -> str:
    """Nine in the morning that many days before, counted from the day's first moment."""
    hours = 24 - _HOUR
    return f"-P{days - 1}DT{hours}H" if days > 1 else f"-PT{hours}H"


def _text(text: str) -> str:
    return text.translate(_ESCAPED)


def _folded(line: str) -> Iterator[str]:
    """Split a line so that no piece is too long; each further one begins with a blank.

    No character is cut in two, though some calendars would put it together again.
    """
    piece, room = "", OCTETS_MAX
    for character in line:
        size = len(character.encode())
        if size > room:
            yield piece
            piece, room = " ", OCTETS_MAX - 1
        piece += character
        room -= size
    yield piece
