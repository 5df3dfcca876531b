"""The tables of a results file: every column with its meaning and unit, its keys beside them."""

from __future__ import annotations

from collections.abc import Mapping

from refund.simulation.described import ABOUT, MOMENT, Column, Table

FEN = "fen"
SECONDS = "s"
DAY = "day of Shanghai"
COUNT = "number"


def _fen(meaning: str) -> Column:
    return Column(int, meaning, FEN)


def _count(meaning: str) -> Column:
    return Column(int, meaning, COUNT)


def _seconds(meaning: str) -> Column:
    return Column(float, meaning, SECONDS)


def _moment(meaning: str) -> Column:
    return Column(str, meaning, MOMENT)


def _text(meaning: str) -> Column:
    return Column(str, meaning)


RUN = Table(
    "run",
    "The run: one row",
    {
        "scenario": _text("Which scenario was run"),
        "seed": Column(int, "From which number all chance was drawn"),
        "days": _count("On how many days people bought"),
        "began_on": Column(str, "The first of these days", DAY),
        "ended_on": Column(str, "The last day of the run, by which all came to rest", DAY),
        "is_whole": Column(int, "1 when every form came to rest, 0 when the run was cut", "0 or 1"),
        "engine": _text("The storage: sqlite or postgresql"),
        "program_version": _text("The version of the program"),
        "digest": _text("SHA-256 of forms and ledger: the same for the same seed everywhere"),
        "audit": _text("What the audit found: nothing, or the invariants that do not hold"),
        "parameters": Column(str, "Every parameter that counted, with its value", "JSON"),
    },
    "scenario",
)

FIGURE = Table(
    "figure",
    "One number each for the whole run: what a what-if compares",
    {
        "name": _text("Which figure"),
        "value": Column(float, "How much it came to; empty where nothing was measured"),
        "unit": _text("In what it is counted"),
        "meaning": _text("What it says"),
    },
    "name",
)

DAY_ROWS = Table(
    "day",
    "The money of each day, by the ledger, and how things stood at its end",
    {
        "day": Column(str, "Which day", DAY),
        "issued": _count("Forms issued"),
        "issued_net_fen": _fen("What these were worth to travellers"),
        "paid_fen": _fen("Advances paid, and what came back and was paid once more"),
        "returned_fen": _fen("Payouts that came back from the bank"),
        "captured_fen": _fen("Charged to cards"),
        "released_fen": _fen("Holds given back, whole or what was left of them"),
        "lapsed_fen": _fen("Holds that ended by themselves"),
        "refunded_fen": _fen("Ordinary refunds at the agency's counter"),
        "recovered_fen": _fen("Taken back by stores from travellers"),
        "written_off_fen": _fen("Given up"),
        "network_fees_fen": _fen("Charged by the payment network"),
        "outstanding_fen": _fen("Advances that travellers owed at the day's end"),
        "unsecured_fen": _fen("Of these, what no hold covered at the day's end"),
        "open_cases": _count("Cases open at the day's end"),
    },
    "day",
)

STORE = Table(
    "store",
    "The stores, and what each issued",
    {
        "number": Column(int, "The store's number"),
        "name": _text("Its name"),
        "forms": _count("Forms issued"),
        "net_fen": _fen("What these were worth to travellers"),
    },
    "number",
)

FORM = Table(
    "form",
    "Every form, with the moments of its life",
    {
        "form_number": _text("Fifteen digits, as printed"),
        "store_number": Column(int, "Which store issued it"),
        "day": Column(str, "The day of its issue", DAY),
        "channel": _text("instant or ordinary, as it was asked for"),
        "status": _text("Where it stood at the end"),
        "gross_fen": _fen("The refund before the fee"),
        "fee_fen": _fen("The agency's fee"),
        "net_fen": _fen("What the traveller was to get"),
        "issued_at": _moment("When it was issued"),
        "scanned_at": _moment(
            "When a phone first scanned its code, or the traveller came to the point"
        ),
        "paid_at": _moment("When the advance was paid"),
        "refunded_at": _moment("When the ordinary refund was paid, at the agency's counter"),
        "verified_at": _moment("When customs decided, the last time"),
        "left_at": _moment("When the traveller left"),
        "ended_at": _moment("When it came to rest; empty where no money was ever out"),
    },
    "form_number",
    (("store_number", "store", "number"), ("day", "day", "day")),
)

DESK = Table(
    "desk",
    "The desks at which people queue",
    {
        "name": _text("Which desk"),
        "kind": _text("counter, point, customs or agency"),
        "staff": _count("The most people who stood there at once"),
        "served": _count("People served"),
        "left": _count("People who left the queue without being served"),
        "wait_p50_s": _seconds("Half of the served waited no longer"),
        "wait_p95_s": _seconds("95 of 100 of the served waited no longer"),
        "wait_mean_s": _seconds("Mean wait of the served"),
        "serving_s": _seconds("Time that the travellers of the run were served, added up"),
        "open_s": _seconds("Time in which staff stood there on the days of buying, added up"),
    },
    "name",
)

DESK_HOUR = Table(
    "desk_hour",
    "The desks by the hour of the day in which people came, all days together",
    {
        "desk": _text("Which desk"),
        "hour": Column(int, "The hour of arrival in Shanghai", "0 to 23"),
        "served": _count("People who came then and were served"),
        "wait_mean_s": _seconds("Their mean wait"),
    },
    ("desk", "hour"),
    (("desk", "desk", "name"),),
)

REFUSAL = Table(
    "refusal",
    "What was refused, and how often",
    {
        "code": _text("The refusal's code"),
        "times": _count("How often somebody was told so"),
    },
    "code",
)

CASE = Table(
    "case_opened",
    "Cases for operators, in the order in which they were opened",
    {
        "number": Column(int, "Counts the cases of the run from 1"),
        "kind": _text("What was wrong"),
        "form_number": _text("The form it was about; empty where it was about none"),
        "amount_fen": _fen("What was at stake"),
        "opened_at": _moment("When it was opened"),
        "closed_at": _moment("When it was closed; empty while open"),
        "closed_by": _text("worker where it closed by itself, else an operator"),
        "fix": _text("What was done about it; empty where it went away"),
    },
    "number",
    (("form_number", "form", "form_number"),),
)

SETTLEMENT = Table(
    "settlement",
    "The months settled with the treasury",
    {
        "month": _text("Which month"),
        "number": _text("The settlement's number"),
        "closed_at": _moment("When it was closed"),
        "lines": _count("Claims in it"),
        "gross_fen": _fen("What is claimed of the treasury"),
        "fee_fen": _fen("Of it, the agency's fees"),
        "net_fen": _fen("Of it, what travellers got"),
        "paid_on": Column(str, "When the treasury paid; empty while it has not", DAY),
    },
    "month",
)

TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        RUN,
        FIGURE,
        DAY_ROWS,
        STORE,
        FORM,
        DESK,
        DESK_HOUR,
        REFUSAL,
        CASE,
        SETTLEMENT,
        ABOUT,
    )
}
"""Every table, those first to which others point."""
