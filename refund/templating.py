"""The pages' templates in one language without a server: for terminals and for reports."""

from datetime import date, datetime
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from refund.core.calendar import SHANGHAI
from refund.core.ids import group_form_number
from refund.core.money import format_yuan
from refund.places import templates_folder
from refund.translations import load_catalogues


@cache
def environment(locale: str) -> Environment:
    """The templates in a language; a name that nobody gave is a defect."""
    made = Environment(
        loader=FileSystemLoader(templates_folder()),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    catalogue = load_catalogues(locale)
    made.install_gettext_callables(  # type: ignore[attr-defined]  # the extension adds it
        catalogue.gettext, catalogue.ngettext, newstyle=True
    )
    made.filters.update(
        yuan=format_yuan, day=date.isoformat, moment=_moment, form_number=group_form_number
    )
    return made


def _moment(at: datetime) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
