"""How a command says no: a sentence on standard error, in the reader's language, and a code."""

import json
from datetime import date
from typing import IO, Any

import click

from refund.core.errors import REFUSALS, Refused

REFUSED = 2
"""The exit code of a refusal, a wrong setting or a wrong use."""

FAILED = 1
"""The exit code of a check that found something."""

AS_JSON = "refund.as_json"
"""Where a command's context keeps whether a program reads the answer."""


class Told(click.ClickException):
    """A failure that a person can act on, with the sentence that says how."""

    exit_code = REFUSED

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the sentence to standard error."""
        click.echo(f"refund: {self.format_message()}", file=file, err=file is None)


class ToldPlain(Told):
    """The same as one JSON object, for a program that asked for JSON."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the object to standard error."""
        click.echo(self.format_message(), file=file, err=file is None)


def told(refused: Refused) -> Told:
    """A refusal as it is told: in its own words, or as JSON where JSON was asked for."""
    from refund.cli.words import words  # noqa: PLC0415 - pages' words are loaded when one is said

    context = click.get_current_context(silent=True)
    if context is not None and context.meta.get(AS_JSON):
        said = plain(refused) | {"message": words(refused)}
        return ToldPlain(json.dumps(said, ensure_ascii=False))
    return Told(words(refused))


def plain(refused: Refused) -> dict[str, object]:
    """A refusal as plain values: code, field, facts, and where the no comes from."""
    return {
        "code": refused.code,
        "field": refused.field,
        "facts": {name: _plain(value) for name, value in refused.facts.items()},
        "source": REFUSALS[refused.code].source,
    }


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    return value
