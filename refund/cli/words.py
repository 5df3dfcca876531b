"""What people read of a refusal on a terminal: its page's words without the page."""

import html
import os
import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache

from jinja2 import Environment, FileSystemLoader

from refund.cli.terminal import one_line
from refund.core.calendar import SHANGHAI
from refund.core.errors import Refused
from refund.core.ids import group_form_number
from refund.core.money import format_yuan
from refund.places import templates_folder
from refund.translations import load_catalogues


def words(refused: Refused) -> str:
    """What is wrong and what to do now; the places of a bad file follow, a line for each."""
    template = _environment(language(os.environ)).get_template(f"refusals/{refused.code}.html")
    lines = re.sub(r"\s+", " ", template.render(facts=refused.facts)).replace("<li>", "\n  ")
    text = html.unescape(re.sub(r"<[^>]+>", " ", lines))
    spaced = "\n".join(one_line(line) for line in text.strip().split("\n"))
    return re.sub(r"(?<=[。！？]) ", "", spaced)


def language(environment: Mapping[str, str]) -> str:
    """The language of messages, as other programs choose it."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return "zh_Hans" if environment[name].startswith("zh") else "en"
    return "en"


@cache
def _environment(locale: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(templates_folder()),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
    )
    catalogue = load_catalogues(locale)
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # the extension adds it
        catalogue.gettext, catalogue.ngettext, newstyle=True
    )
    environment.filters.update(
        yuan=format_yuan, day=date.isoformat, moment=_moment, form_number=group_form_number
    )
    return environment


def _moment(at: datetime) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
