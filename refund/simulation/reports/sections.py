"""A results file as sections of a report: each a chart with the table behind it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from markupsafe import Markup

from refund.simulation.reports.charts import Bars, Series, across, by_day
from refund.simulation.reports.results_read import Results, Row
from refund.simulation.reports.wording import refusal_words
from refund.simulation.runs.figure_words import MAIN, Speech, ordered

SPANS_S = (15, 30, 60, 120, 300, 600, 1800, 3600, 86400)
"""Between these seconds the forms are counted that were paid after their first scan."""

STORES_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, a sentence, a picture with its legend, and the table behind it.

    Args:
        key: of the section in the page.
        legend: words for the tones 1, 2, …
        said: sentences before the picture.
        columns: words over the columns; all but the first hold numbers.
        empty: what is said where there is nothing to show.
    """

    key: str
    title: str
    text: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    picture: Markup = field(default_factory=Markup)
    legend: Sequence[str] = ()
    said: Sequence[str] = ()
    empty: str = ""


def headline(results: Results, speech: Speech) -> list[tuple[str, str]]:
    """The figures that people ask for first, in words."""
    figures = results.figures()
    return [(speech.name(one), speech.value(one, figures[one])) for one in MAIN if one in figures]


def sections_of(results: Results, speech: Speech) -> list[Section]:
    """Every section of a run's report, in order."""
    return list(_sections(results, speech))


def _sections(results: Results, speech: Speech) -> Iterator[Section]:
    yield _paid(results, speech)
    yield _exposure(results, speech)
    yield _ends(results, speech)
    yield _scan_to_money(results, speech)
    yield _waits(results, speech)
    yield _hours(results, speech)
    yield _refusals(results, speech)
    yield _cases(results, speech)
    yield _settlement(results, speech)
    yield _stores(results, speech)
    yield _figures(results, speech)


def _days(
    results: Results, speech: Speech, columns: Sequence[tuple[str, str]], kind: str, label: str
) -> tuple[Markup, list[list[str]]]:
    """A picture of columns of money by day, and its rows; days on which all are 0 have none."""
    days = results.tables["day"]
    last = max((n for n, day in enumerate(days) if any(day[one] for one, _ in columns)), default=0)
    kept = days[: last + 1]
    series = [
        Series(word, [day[name] / 100 for day in kept], kind, tone)
        for tone, (name, word) in enumerate(columns, 1)
    ]
    picture = by_day([day["day"] for day in kept], series, lambda one: f"{one:,.0f}", label)
    rows = [
        [day["day"], *(speech.yuan(day[name]) for name, _ in columns)]
        for day in kept
        if any(day[name] for name, _ in columns)
    ]
    return picture, rows


def _by_day(
    results: Results,
    speech: Speech,
    key: str,
    words: tuple[str, str],
    columns: Sequence[tuple[str, str]],
    kind: str,
) -> Section:
    _, (title, text) = speech, words
    picture, rows = _days(results, speech, columns, kind, title)
    legend = [word for _, word in columns]
    return Section(
        key,
        title,
        text,
        [_("Day"), *legend],
        rows,
        picture,
        legend,
        empty=_("Nothing of this happened in the run."),
    )


def _paid(results: Results, speech: Speech) -> Section:
    _ = speech
    return _by_day(
        results,
        speech,
        "paid",
        (
            _("Issued and paid by day"),
            _("Net worth of the forms of each day, advances paid, and ordinary refunds, in yuan."),
        ),
        [
            ("paid_fen", _("Advances paid")),
            ("issued_net_fen", _("Issued net")),
            ("refunded_fen", _("Ordinary refunds")),
        ],
        "bars",
    )


def _exposure(results: Results, speech: Speech) -> Section:
    _ = speech
    return _by_day(
        results,
        speech,
        "exposure",
        (
            _("Outstanding exposure by day"),
            _(
                "Advances that travellers owe at the end of each day until goods and person have "
                "left, and what of them no hold covers, in yuan."
            ),
        ),
        [("outstanding_fen", _("Outstanding")), ("unsecured_fen", _("Unsecured"))],
        "area",
    )


def _ends(results: Results, speech: Speech) -> Section:
    _ = speech
    return _by_day(
        results,
        speech,
        "ends",
        (
            _("Holds by day: given back, charged, ended"),
            _("What was released to cards, charged to them, and what holds lapsed, in yuan."),
        ),
        [
            ("released_fen", _("Released")),
            ("captured_fen", _("Charged to cards")),
            ("lapsed_fen", _("Lapsed")),
        ],
        "bars",
    )


def _scan_to_money(results: Results, speech: Speech) -> Section:
    _, figures = speech, results.figures()
    spans = [
        (_moment(row["paid_at"]) - _moment(row["scanned_at"])).total_seconds()
        for row in results.tables["form"]
        if row["channel"] == "instant" and row["scanned_at"] and row["paid_at"]
    ]
    spans = [one for one in spans if one >= 0]
    counts = [sum(1 for one in spans if low <= one < high) for low, high in pairwise((0, *SPANS_S))]
    counts.append(sum(1 for one in spans if one >= SPANS_S[-1]))
    names = [_("below %(time)s", time=speech.lasted(one)) for one in SPANS_S]
    names.append(_("longer"))
    rows = [
        [name, f"{count:,}", f"{100 * count / len(spans):.1f} %"]
        for name, count in zip(names, counts, strict=True)
        if count
    ]
    half, most = (
        speech.value(f"scan_to_money_p{n}_s", figures.get(f"scan_to_money_p{n}_s"))
        for n in (50, 95)
    )
    title = _("From scan to money")
    bars = [Bars(name, [count]) for name, count in zip(names, counts, strict=True) if count]
    return Section(
        "scan",
        title,
        _(
            "From the first scan of a form until its money: half within %(half)s, "
            "95 of 100 within %(most)s.",
            half=half,
            most=most,
        ),
        [_("Time"), _("Forms"), _("Share")],
        rows,
        across(bars, lambda one: f"{one:,.0f}", title),
        empty=_("No scanned form was paid in this run."),
    )


def _waits(results: Results, speech: Speech) -> Section:
    _, desks = speech, [row for row in results.tables["desk"] if row["served"]]
    desks.sort(key=lambda row: -(row["wait_p95_s"] or 0))
    title = _("Queues at each desk")
    bars = [Bars(row["name"], [row["wait_p50_s"], row["wait_p95_s"]]) for row in desks]
    rows = [
        [row["name"], f"{row['staff']:,}", f"{row['served']:,}", f"{row['left']:,}"]
        + [speech.value("_s", row[name]) for name in ("wait_p50_s", "wait_p95_s", "wait_mean_s")]
        for row in desks
    ]
    return Section(
        "queues",
        title,
        _(
            "How long people waited until it was their turn: half no longer than the first bar, "
            "95 of 100 no longer than the second."
        ),
        [
            _("Desk"),
            _("Staff"),
            _("Served"),
            _("Left unserved"),
            _("half"),
            _("95 of 100"),
            _("Mean"),
        ],
        rows,
        across(bars, speech.lasted, title),
        [_("half"), _("95 of 100")],
        empty=_("Nobody came to a desk in this run."),
    )


def _hours(results: Results, speech: Speech) -> Section:
    _, desks = speech, [row for row in results.tables["desk"] if row["open_s"]]
    title = _("Staff hours")
    bars = [Bars(row["name"], [row["open_s"] / 3600, row["serving_s"] / 3600]) for row in desks]
    rows = [
        [
            row["name"],
            f"{row['open_s'] / 3600:,.1f}",
            f"{row['serving_s'] / 3600:,.1f}",
        ]
        for row in desks
    ]
    return Section(
        "hours",
        title,
        _(
            "Hours in which staff stood at each desk on the days on which people bought, and hours "
            "in which they served these travellers, then or later. Others in the queue are not "
            "counted, so this is no share of what a desk can do."
        ),
        [_("Desk"), _("At the desk"), _("Serving")],
        rows,
        across(bars, lambda one: f"{one:,.1f}", title),
        [_("At the desk"), _("Serving")],
        empty=_("Nobody stood at a desk in this run."),
    )


def _refusals(results: Results, speech: Speech) -> Section:
    _ = speech
    found = sorted(results.tables["refusal"], key=lambda row: (-row["times"], row["code"]))
    title = _("Refusals by reason")
    bars = [Bars(row["code"], [row["times"]]) for row in found]
    return Section(
        "refusals",
        title,
        _("How often somebody was told no, and for what reason."),
        [_("Reason"), _("Code"), _("Times")],
        [
            [refusal_words(row["code"], speech.locale), row["code"], f"{row['times']:,}"]
            for row in found
        ],
        across(bars, lambda one: f"{one:,.0f}", title),
        empty=_("Nothing was refused in this run."),
    )


def _cases(results: Results, speech: Speech) -> Section:
    _, kinds = speech, dict[str, list[Row]]()
    for row in results.tables["case_opened"]:
        kinds.setdefault(row["kind"], []).append(row)
    rows = [
        [
            kind,
            f"{len(found):,}",
            f"{sum(1 for one in found if not one['closed_at']):,}",
            speech.yuan(sum(one["amount_fen"] or 0 for one in found)),
        ]
        for kind, found in sorted(kinds.items())
    ]
    return Section(
        "cases",
        _("Cases for operators"),
        _("What did not fit and needed somebody to look, by kind."),
        [_("Kind"), _("Opened"), _("Open at the end"), _("At stake")],
        rows,
        empty=_("No case was opened in this run."),
    )


def _settlement(results: Results, speech: Speech) -> Section:
    _ = speech
    rows = [
        [
            row["month"],
            f"{row['lines']:,}",
            *(speech.yuan(row[name]) for name in ("gross_fen", "fee_fen", "net_fen")),
            row["paid_on"] or "–",
        ]
        for row in results.tables["settlement"]
    ]
    return Section(
        "settlement",
        _("Settlement with the treasury"),
        _(
            "What the agency claims for each month: refunds, of them its fees, of them what "
            "travellers got."
        ),
        [_("Month"), _("Claims"), _("Gross"), _("Fee"), _("Net"), _("Paid on")],
        rows,
        empty=_("No month was settled in this run."),
    )


def _stores(results: Results, speech: Speech) -> Section:
    _ = speech
    stores = sorted(results.tables["store"], key=lambda row: (-row["net_fen"], row["number"]))
    shown = stores[:STORES_SHOWN]
    title = _("Stores")
    bars = [Bars(f"{row['number']} {row['name']}", [row["net_fen"] / 100]) for row in shown]
    return Section(
        "stores",
        title,
        _("What the forms of each store were worth to travellers, in yuan; the largest first."),
        [_("Store"), _("Forms"), _("Net")],
        [
            [f"{row['number']} {row['name']}", f"{row['forms']:,}", speech.yuan(row["net_fen"])]
            for row in shown
        ],
        across(bars, lambda one: f"{one:,.0f}", title),
        empty=_("No store issued a form in this run."),
    )


def _figures(results: Results, speech: Speech) -> Section:
    _, figures = speech, results.figures()
    return Section(
        "figures",
        _("Every figure"),
        _("The same figures as in the results file; what was not measured has a dash."),
        [_("Figure"), _("Value")],
        [[speech.name(one), speech.value(one, figures[one])] for one in ordered(figures)],
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
