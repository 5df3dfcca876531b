"""Reading what the exit's desk types, ticks and uploads."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import BinaryIO, NoReturn, cast

from werkzeug.datastructures import FileStorage

from refund.core.errors import Refused
from refund.core.exit_file import ExitLine, read_exit
from refund.core.matching import BEGINNING, Action, Place, Proposal, Why
from refund.core.money import ASCII_BLANKS
from refund.services.departing import Since
from refund.services.reconcile import LIMIT, Chosen

SHANGHAI_OFFSET = "+08:00"
_PLACE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.([0-9a-f]{16})", re.ASCII)
_SINCE = re.compile(r"([0-9]{1,17})\.([0-9a-f]{1,64})", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICKET = re.compile(r"([0-9a-f]{16}):([a-z_]{1,40}):([a-z_]{1,40})", re.ASCII)


def given_file(upload: FileStorage | None) -> tuple[BinaryIO, str]:
    """The file that was given, and its name.

    Raises:
        Refused: `field_missing` without one.
    """
    if upload is None or not upload.filename:
        raise Refused("field_missing", "file")
    return cast("BinaryIO", upload.stream), upload.filename


def read_departure(
    typed: Mapping[str, str], now: datetime
) -> tuple[ExitLine | None, list[Refused]]:
    """Read one departure as typed; the time is Shanghai's.

    Returns:
        The departure, or None and every reason why it cannot be read.
    """
    time = typed.get("exited_at", "").strip(ASCII_BLANKS)
    return read_exit(typed, f"{time}{SHANGHAI_OFFSET}" if time else "", now)


def told_place(place: Place) -> str:
    """A place in the order of promised days, as an address carries it."""
    return f"{place.depart_by.isoformat()}.{place.form_id}"


def read_place(text: str) -> Place:
    """The place that an address tells; the beginning when it tells none.

    Raises:
        Refused: `bad_request` for what no page of ours sends.
    """
    if not text:
        return BEGINNING
    parts = _PLACE.fullmatch(text)
    try:
        return Place(date.fromisoformat(parts[1]), parts[2]) if parts else _unsent()
    except ValueError:
        return _unsent()


def told_since(since: Since) -> str:
    """A moment and an id, as an address carries them."""
    return f"{(since[0] - _EPOCH) // timedelta(microseconds=1)}.{since[1]}"


def read_since(text: str) -> Since | None:
    """The moment and the id that an address tells, if any.

    Raises:
        Refused: `bad_request` for what no page of ours sends.
    """
    if not text:
        return None
    parts = _SINCE.fullmatch(text)
    try:
        found = _EPOCH + timedelta(microseconds=int(parts[1])) if parts else None
    except OverflowError:
        found = None
    return _unsent() if found is None or parts is None else (found, parts[2])


def _unsent() -> NoReturn:
    raise Refused("bad_request")


def ticket(proposal: Proposal) -> str:
    """What a page carries of a proposal from one step to the next: `form:action:why`."""
    return f"{proposal.form.form_id}:{proposal.action.value}:{proposal.why.value}"


def read_tickets(texts: Iterable[str]) -> list[Chosen]:
    """Read what was ticked, each form once.

    Raises:
        Refused: `field_missing` when nothing was ticked; `bad_request` for what no page of ours
            sends.
    """
    chosen: dict[str, Chosen] = {}
    for text in texts:
        parts = _TICKET.fullmatch(text)
        if parts is None:
            raise Refused("bad_request")
        form_id, action, why = parts.groups()
        try:
            chosen.setdefault(form_id, Chosen(form_id, Action(action), Why(why)))
        except ValueError:
            raise Refused("bad_request") from None
    if not chosen:
        raise Refused("field_missing", "proposal")
    if len(chosen) > LIMIT:
        raise Refused("bad_request")
    return list(chosen.values())
