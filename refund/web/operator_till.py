"""The tills of the agency's counters: opened, counted by denominations, closed, listed."""

from collections.abc import Mapping, Sequence

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from refund.core.errors import REFUSALS, Refused
from refund.core.money import parse_yuan
from refund.core.till import COINS_FROM_FEN, DENOMINATIONS_FEN, PIECES_MAX
from refund.services import tills
from refund.services.counter_desk import counter_at
from refund.services.life import REASON_LENGTH_MAX
from refund.web.auth import actor
from refund.web.context import ports
from refund.web.counter_forms import read_pieces
from refund.web.filters import errors_by_field
from refund.web.operator import pages
from refund.web.parse import Reader, typed_fields

Answer = str | tuple[str, int] | Response

TILL = "/counter/<port>/till"


@pages.get("/counter/tills")
def counter_tills() -> Answer:
    """Every till that was opened lately, with what its count found."""
    return render_template("operator/counter/tills.html", seen=tills.till_list(ports()))


@pages.get("/counter/tills/<till_id>")
def counter_till_of(till_id: str) -> Answer:
    """One till, with every refund that was paid out of it."""
    seen = tills.till_view(ports(), till_id)
    return render_template("operator/counter/till.html", seen=seen)


@pages.get(TILL)
def counter_till(port: str) -> Answer:
    """The till of this counter: to be opened, or to be counted."""
    return _till(port, {}, [])


def _till(port: str, typed: Mapping[str, str], problems: Sequence[Refused]) -> str:
    counter = counter_at(actor(), port)
    seen = tills.till_list(ports())
    found = tills.cash_of(seen.tills).get(counter.port)
    return render_template(
        "operator/counter/count.html" if found else "operator/counter/open.html",
        counter=counter,
        till=found,
        seen=seen,
        denominations=DENOMINATIONS_FEN,
        coins_from=COINS_FROM_FEN,
        pieces_max=PIECES_MAX,
        typed=typed,
        errors=errors_by_field(problems),
        codes={problem.code for problem in problems},
        reason_max=REASON_LENGTH_MAX,
    )


@pages.post(TILL)
def counter_open_till(port: str) -> Answer:
    """Open the till with the cash that is in it."""
    counter = counter_at(actor(), port)
    typed, _ = typed_fields(request.form)
    try:
        float_fen = parse_yuan(typed.get("float", ""), "float")
    except Refused as refused:
        return _till(port, typed, [refused]), REFUSALS[refused.code].status
    try:
        tills.open_till(ports(), actor(), counter.port, float_fen)
    except Refused as refused:
        if refused.code != "till_already_open":
            raise
        return redirect(url_for("operator.counter_till", port=port), 303)
    return redirect(url_for("operator.counter_home", port=port), 303)


@pages.post(TILL + "/<till_id>")
def counter_close_till(port: str, till_id: str) -> Answer:
    """Close the till with its count; a difference needs its explanation."""
    counter_at(actor(), port)
    typed, problems = typed_fields(request.form)
    reader = Reader()
    reader.problems += problems
    pieces = read_pieces(typed, reader)
    if reader.problems:
        return _till(port, typed, reader.problems), 422
    try:
        tills.close_till(ports(), actor(), till_id, pieces, typed.get("note", ""))
    except Refused as refused:
        if refused.field == "note":
            return _till(port, typed, [refused]), REFUSALS[refused.code].status
        if refused.code != "till_not_open":
            raise
    return redirect(url_for("operator.counter_till_of", till_id=till_id), 303)
