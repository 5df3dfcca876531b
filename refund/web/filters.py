"""How templates write money, days, moments and refusals."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from flask import Flask, render_template
from flask_babel import format_date, format_timedelta
from markupsafe import Markup

from refund.core.calendar import SHANGHAI
from refund.core.errors import REFUSALS, Refused
from refund.core.ids import group_form_number
from refund.core.money import format_yuan
from refund.core.mrz_help import corrected
from refund.core.places import PORTS
from refund.translations import separated
from refund.web.context import ports
from refund.web.language import chosen
from refund.web.qr import REHEARSAL, svg
from refund.web.remaining import time_left


def register_filters(app: Flask) -> None:
    """Give the templates their filters and globals."""
    app.jinja_env.filters.update(
        yuan=yuan,
        day=day,
        moment=moment,
        read_moment=datetime.fromisoformat,
        clock_time=clock_time,
        span=span,
        form_number=group_form_number,
    )
    app.jinja_env.globals.update(
        say=say,
        explain=explain,
        local=local,
        port_name=port_name,
        qr_svg=qr_svg,
        refusal_source=refusal_source,
        time_left=time_left,
        mrz_corrected=corrected,
    )


DAYS = {
    "zh_Hans": "y年M月d日",
    "zh_Hant": "y年M月d日",
    "ja": "y年M月d日",
    "ko": "y년 M월 d일",
    "ru": "d MMM y 'г'.",
    "ar": "d MMMM y",
}
"""How a language writes a day where it differs from `8 Jul 2025`."""

MOMENT_JOINED = {"zh_Hans": " ", "zh_Hant": " ", "ja": " ", "ko": " ", "ar": "، "}


def yuan(fen: int) -> str:
    """A sum in yuan as the reader's language writes it, in Latin digits; two decimals always."""
    return separated(format_yuan(fen), chosen())


def day(value: date | None) -> str:
    """A day in words of the reader's language; nothing for none."""
    if value is None:
        return ""
    return str(format_date(value, DAYS.get(chosen(), "d MMM y")))


def moment(value: datetime | None) -> str:
    """A moment in Shanghai, to the minute."""
    if value is None:
        return ""
    there = value.astimezone(SHANGHAI)
    return f"{day(there.date())}{MOMENT_JOINED.get(chosen(), ', ')}{there:%H:%M}"


def clock_time(value: datetime) -> str:
    """The time of day in Shanghai, to the second."""
    return value.astimezone(SHANGHAI).strftime("%H:%M:%S")


def span(value: timedelta) -> str:
    """How long something lasted, in the one unit that says it best."""
    return str(format_timedelta(value, granularity="minute"))


def explain(refused: Refused) -> Markup:
    """A refusal in the reader's words: what is wrong, and what to do now."""
    return Markup(render_template(f"refusals/{refused.code}.html", facts=refused.facts))  # noqa: S704 - our template, escaped


def say(refused: Refused) -> str:
    """The same without markup, for beside a field."""
    return explain(refused).striptags()


def errors_by_field(refusals: Iterable[Refused]) -> dict[str, str]:
    """What is said beside each field; several refusals of one field are said together."""
    said: dict[str, str] = {}
    for refused in refusals:
        if refused.field:
            text = say(refused)
            before = said.get(refused.field)
            said[refused.field] = text if before is None else f"{before} {text}"
    return said


def refusal_source(code: str) -> str:
    """Where a refusal comes from, as a person cites it; nothing for our own decisions."""
    source = REFUSALS[code].source
    return "" if source == "project decision" else source


def local(thing: object, name: str = "name") -> str:
    """A thing's name in the reader's language: `name_zh` or `name_en`."""
    suffix = "zh" if chosen().startswith("zh") else "en"
    return str(getattr(thing, f"{name}_{suffix}"))


def port_name(code: str) -> str:
    """A port's name in the reader's language."""
    return local(PORTS[code])


def qr_svg(text: str, title: str) -> Markup:
    """A code as a picture that stands in the page."""
    caption = REHEARSAL if ports().is_rehearsal else ""
    return Markup(svg(text, title, caption))  # noqa: S704 - drawn by us; the title is escaped there
