"""The README's lists, written from the code: `python -m tests.house.readme` puts them in place."""

import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click
from werkzeug.routing import Rule

from refund.app import create_app, wire
from refund.cli import main
from refund.config import SETTINGS, read_settings
from refund.core.errors import REFUSALS
from refund.web import AUDIENCES
from tests.house.tree import ROOT

README = ROOT / "README.md"
_SECTION = re.compile(r"(<!-- list: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def lists() -> dict[str, str]:
    """Every list by its name, as Markdown."""
    return {
        "settings": _table(
            ("setting", "without it", "what it is"),
            (
                (f"`{name}`", f"`{value}`" if value else "", what)
                for name, (value, what) in SETTINGS.items()
            ),
        ),
        "commands": _table(("command", "what it does"), _commands(main, ("refund",))),
        "refusals": _table(
            ("code", "HTTP", "source"),
            ((f"`{code}`", str(one.status), one.source) for code, one in sorted(REFUSALS.items())),
        ),
        "routes": _table(("route", "for whom", "what it gives"), _routes()),
    }


def written(text: str) -> str:
    """A README with every list in place.

    Raises:
        KeyError: it asks for a list that there is not.
    """
    made = lists()
    return _SECTION.sub(lambda found: found[1] + made[found[2]] + found[4], text)


def named(text: str) -> list[str]:
    """The names of the lists that a README has."""
    return [found[2] for found in _SECTION.finditer(text)]


def _commands(command: click.Command, path: Sequence[str]) -> Iterator[tuple[str, str]]:
    context = click.Context(command)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from _commands(child, (*path, name))
        if not command.invoke_without_command:
            return
    words = [" ".join(path)]
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            words.append(parameter.make_metavar(context))
        elif isinstance(parameter, click.Option):
            word = parameter.opts[0]
            if not parameter.is_flag:
                word += f" {parameter.make_metavar(context)}"
            words.append(word if parameter.required else f"[{word}]")
    yield f"`{' '.join(words)}`".replace("|", "\\|"), command.get_short_help_str(limit=200)


def _routes() -> Iterator[tuple[str, str, str]]:
    guards = {pages.name: guard for pages, _, guard in AUDIENCES}
    whom = {"open": "everyone", "traveller": "a phone that scanned"}
    with tempfile.TemporaryDirectory() as folder:
        settings = read_settings({"REFUND_INSTANCE": str(Path(folder) / "instance")})
        wired = wire(settings)
        app = create_app(settings, wired.ports)
        wired.database.close()
    for rule in sorted(app.url_map.iter_rules(), key=_order):
        if rule.endpoint == "static":
            continue
        view = app.view_functions[rule.endpoint]
        guard = guards[rule.endpoint.partition(".")[0]]
        is_open = getattr(view, "open_to_all", False)
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        yield (
            f"`{' '.join(methods)} {rule.rule}`",
            "everyone" if is_open else whom.get(guard, guard),
            (view.__doc__ or "").strip().split("\n")[0],
        )


def _order(rule: Rule) -> tuple[str, list[str]]:
    return rule.rule, sorted(rule.methods or ())


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
