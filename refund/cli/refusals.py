"""How a command says no: one sentence on standard error, in the reader's language, and a code."""

import html
import json
import os
import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import IO, Any

import click
from jinja2 import Environment, FileSystemLoader

from refund.core.calendar import SHANGHAI
from refund.core.errors import Refused
from refund.core.money import format_yuan
from refund.gateways.keyfile import KeysBroken
from refund.gateways.private_folder import FolderUnsafe
from refund.places import templates_folder
from refund.storage.protocol import EngineBusy, EngineUnfit, SchemaMismatch
from refund.translations import load_catalogues

REFUSED = 2
"""The exit code of a refusal, a wrong setting or a wrong use."""

FAILED = 1
"""The exit code of a check that found something."""

AS_JSON = "refund.as_json"
"""Where a command's context keeps whether a program reads the answer."""


class Told(click.ClickException):
    """A failure that a person can act on, with what is told of it."""

    CAUSES = (Refused, KeysBroken, FolderUnsafe, EngineUnfit, EngineBusy, SchemaMismatch)
    exit_code = REFUSED

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the sentence to standard error."""
        click.echo(f"refund: {self.format_message()}", file=file, err=file is None)


class ToldPlain(Told):
    """The same as one JSON object, for a program that asked for JSON."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the object to standard error."""
        click.echo(self.format_message(), file=file, err=file is None)


def told(error: Exception) -> Told:
    """What is told of a failure: a refusal's own words, or the sentence it carries."""
    if isinstance(error, Refused):
        context = click.get_current_context(silent=True)
        if context is not None and context.meta.get(AS_JSON):
            return ToldPlain(json.dumps(plain(error), ensure_ascii=False))
        return Told(words(error))
    return Told(shown(str(error)))


def plain(refused: Refused) -> dict[str, object]:
    """A refusal as plain values: code, field, facts and words."""
    return {
        "code": refused.code,
        "field": refused.field,
        "facts": {name: _plain(value) for name, value in refused.facts.items()},
        "message": words(refused),
    }


def words(refused: Refused) -> str:
    """What is wrong and what to do now; the places of a bad file follow, a line for each."""
    template = _environment(language(os.environ)).get_template(f"refusals/{refused.code}.html")
    lines = re.sub(r"\s+", " ", template.render(facts=refused.facts)).replace("<li>", "\n  ")
    text = html.unescape(re.sub(r"<[^>]+>", " ", lines))
    return "\n".join(shown(line) for line in text.split("\n"))


def shown(text: str) -> str:
    """One line for a terminal: blanks joined, and nothing that a terminal would obey."""
    indent = "  " if text.startswith("  ") else ""
    joined = " ".join(text.split())
    return indent + "".join(char if char.isprintable() else "�" for char in joined)


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
    environment.filters.update(yuan=format_yuan, day=date.isoformat, moment=_moment)
    return environment


def _moment(at: datetime) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def _plain(value: object) -> object:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value
