"""How templates write money, days, moments and refusals."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from flask import Flask, render_template
from flask_babel import format_date, format_datetime, format_timedelta
from markupsafe import Markup

from refund.core.calendar import SHANGHAI
from refund.core.errors import REFUSALS, Refused
from refund.core.ids import group_form_number
from refund.core.money import format_yuan
from refund.core.places import PORTS
from refund.web.language import chosen
from refund.web.qr import svg


def register_filters(app: Flask) -> None:
    """Give the templates their filters and globals."""
    app.jinja_env.filters.update(
        yuan=format_yuan,
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
    )


def day(value: date | None) -> str:
    """A day in words of the reader's language; nothing for none."""
    if value is None:
        return ""
    return str(format_date(value, "y年M月d日" if chosen() == "zh_Hans" else "d MMM y"))


def moment(value: datetime | None) -> str:
    """A moment in Shanghai, to the minute."""
    if value is None:
        return ""
    pattern = "y年M月d日 HH:mm" if chosen() == "zh_Hans" else "d MMM y, HH:mm"
    return str(format_datetime(value.astimezone(SHANGHAI).replace(tzinfo=None), pattern))


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
    suffix = "zh" if chosen() == "zh_Hans" else "en"
    return str(getattr(thing, f"{name}_{suffix}"))


def port_name(code: str) -> str:
    """A port's name in the reader's language."""
    return local(PORTS[code])


def qr_svg(text: str, title: str) -> Markup:
    """A code as a picture that stands in the page."""
    return Markup(svg(text, title))  # noqa: S704 - drawn by us; the title is escaped there
