"""The command `refund`: each command in a module of its own, loaded when it is called."""

from importlib import import_module
from typing import Any

import click

from refund import __version__
from refund.cli.refusals import told
from refund.core.errors import Refused

COMMANDS: dict[str, str] = {
    "demo": "demo:demo",
    "rehearse": "rehearse:rehearse",
    "serve": "serving:serve",
    "sandbox": "serving:sandbox",
    "worker": "serving:worker",
    "migrate": "serving:migrate",
    "stores": "stores:stores",
    "goods": "stores:goods",
    "people": "people:people",
    "keys": "keys:keys",
    "quote": "quote:quote",
    "rules": "rules:rules",
    "check-code": "codes:check_code",
    "sampling": "sampling:sampling",
    "settle": "settle:settle",
    "exits": "exits:exits",
    "cases": "cases:cases",
    "statements": "statements:statements",
    "match": "match:match",
    "books": "books:books",
    "audit": "audit:audit",
    "scenarios": "scenarios:scenarios",
    "simulate": "simulate:simulate",
    "what-if": "what_if:what_if",
    "report": "report:report",
}
"""Every command, and where it is defined below `refund.cli`."""


class Commands(click.Group):
    """The table above as a group, in its order; a refusal of any command is told in one place."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every command's name."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The command of a name."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command: click.Command = getattr(import_module(f"refund.cli.{module}"), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what the field refuses becomes a sentence and an exit code.

        Raises:
            Told: with that sentence.
        """
        try:
            return super().invoke(ctx)
        except Refused as refused:
            raise told(refused) from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(version)s")
def main() -> None:
    """The instant departure tax refund of a shopping centre, simulated.

    Settings come from the environment (REFUND_…) and from the instance folder.
    """
