"""Figures of runs in words: what each is called, in what it is counted, how a value is written."""

import math
from collections.abc import Callable, Iterable

from refund.translations import load_catalogues

FIGURES = {
    "forms": "Forms issued",
    "forms_instant": "Forms for the instant refund",
    "issued_net_fen": "Worth of the forms, net",
    "paid_fen": "Advances paid",
    "refunded_ordinary_fen": "Ordinary refunds",
    "captured_fen": "Charged to cards",
    "released_fen": "Holds given back",
    "lapsed_fen": "Holds that ended by themselves",
    "written_off_fen": "Written off",
    "network_fees_fen": "Fees of the card network",
    "fees_earned_fen": "Fees of the agency",
    "exposure_peak_fen": "Outstanding exposure, highest",
    "exposure_steady_fen": "Outstanding exposure in the long run, were it always so",
    "unsecured_peak_fen": "Unsecured exposure, highest",
    "unsecured_days": "Time with unsecured exposure",
    "scan_to_money_p50_s": "Scan to money, half within",
    "scan_to_money_p95_s": "Scan to money, 95 of 100 within",
    "counter_wait_p50_s": "Wait at the counters, half within",
    "counter_wait_p95_s": "Wait at the counters, 95 of 100 within",
    "point_wait_p50_s": "Wait at the refund point, half within",
    "point_wait_p95_s": "Wait at the refund point, 95 of 100 within",
    "customs_wait_p50_s": "Wait at customs, half within",
    "customs_wait_p95_s": "Wait at customs, 95 of 100 within",
    "agency_wait_p50_s": "Wait at the agency, half within",
    "agency_wait_p95_s": "Wait at the agency, 95 of 100 within",
    "staff_hours": "Staff hours at desks",
    "queues_left": "People who left a queue unserved",
    "refusals": "Refusals",
    "cases_opened": "Cases opened",
    "settled_gross_fen": "Claimed of the treasury",
    "settled_net_fen": "Claimed of it for travellers",
    "forms_issued": "Forms that nobody claimed",
    "forms_agreed": "Forms agreed to and not claimed",
    "forms_advanced": "Forms still advanced at the end",
    "forms_ordinary_verified": "Forms verified and not yet paid",
    "forms_ordinary": "Forms still waiting for the ordinary refund",
    "forms_released": "Forms whose hold was released",
    "forms_captured": "Forms charged to the card",
    "forms_adjusted": "Forms charged in part",
    "forms_refunded": "Forms refunded the ordinary way",
    "forms_returned": "Forms whose goods came back",
    "forms_denied": "Forms refused by customs",
    "forms_forfeited": "Forms forfeited",
    "forms_uncollected": "Forms that could not be charged",
    "forms_written_off": "Forms written off",
    "forms_void": "Forms void",
    "forms_superseded": "Forms replaced",
}
"""What figures are called, in the order in which they are told; others go by their own names."""

MAIN = (
    "forms",
    "paid_fen",
    "captured_fen",
    "exposure_peak_fen",
    "unsecured_peak_fen",
    "scan_to_money_p50_s",
    "scan_to_money_p95_s",
    "counter_wait_p95_s",
    "customs_wait_p95_s",
    "agency_wait_p95_s",
    "staff_hours",
    "refusals",
    "cases_opened",
    "settled_net_fen",
)
"""The figures that people ask for first."""

MINUS = "\u2212"
_YUAN_WHOLE_FROM = 1_000


def ordered(figures: Iterable[str]) -> list[str]:
    """Figures in the order in which they are told; unknown ones last, as they come."""
    given = list(figures)
    return [one for one in FIGURES if one in given] + [one for one in given if one not in FIGURES]


class Speech:
    """The words of one language: a sentence with its facts, a figure's name, a value's writing.

    Args:
        locale: `zh_Hans` or `en`.
    """

    def __init__(self, locale: str) -> None:
        self.locale = locale
        self._catalogue = load_catalogues(locale)

    @property
    def is_chinese(self) -> bool:
        """Whether it is Chinese."""
        return self.locale.startswith("zh")

    def __call__(self, text: str, /, **facts: object) -> str:
        """A sentence in this language."""
        said = self._catalogue.gettext(text)
        return said % facts if facts else said.replace("%%", "%")

    def name(self, figure: str) -> str:
        """What a figure is called."""
        known = FIGURES.get(figure)
        return figure if known is None else self._catalogue.gettext(known)

    def listed(self, things: Iterable[str]) -> str:
        """Things one after the other."""
        return ("、" if self.is_chinese else ", ").join(things)

    def value(self, figure: str, value: float | None) -> str:
        """A figure's value in its unit, which its name ends in."""
        if value is None or math.isnan(value):
            return "–"
        sign = MINUS if value < 0 else ""
        return sign + self._written(figure, abs(value), self.yuan)

    def about(self, figure: str, value: float | None) -> str:
        """A mean of a figure in its unit: large sums in whole yuan."""
        if value is None or math.isnan(value):
            return "–"
        sign = MINUS if value < 0 else ""
        return sign + self._written(figure, abs(value), about_yuan)

    def apart(self, figure: str, value: float) -> str:
        """A mean difference, with its sign."""
        written = self._written(figure, abs(value), about_yuan)
        return written if value == 0 else f"{MINUS if value < 0 else '+'}{written}"

    def yuan(self, fen: float) -> str:
        """A sum to the fen; a part of one is no money, and means it was a mean."""
        return f"CNY {fen / 100:,.2f}" if float(fen).is_integer() else about_yuan(fen)

    def lasted(self, seconds: float) -> str:
        """A time, in the unit that says it best."""
        if seconds < 120:
            return self("%(n)s s", n=_number(seconds))
        if seconds < 7200:
            return self("%(n)s min", n=_number(seconds / 60))
        return self("%(n)s h", n=_number(seconds / 3600))

    def _written(self, figure: str, size: float, yuan: Callable[[float], str]) -> str:
        if figure.endswith("_fen"):
            return yuan(size)
        if figure.endswith("_s"):
            return self.lasted(size)
        if figure.endswith("_hours"):
            return self("%(n)s h", n=_number(size))
        if figure.endswith("_days"):
            return self("%(n)s days", n=_number(size))
        return _number(size)


def about_yuan(fen: float) -> str:
    """A mean of sums: whole yuan where it is large."""
    yuan = fen / 100
    return f"CNY {yuan:,.0f}" if yuan >= _YUAN_WHOLE_FROM else f"CNY {yuan:,.2f}"


def _number(value: float) -> str:
    """A number with so many decimals as it deserves."""
    if float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.1f}" if value >= 10 else f"{value:,.2f}"
