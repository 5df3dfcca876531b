"""`refund scenarios`: the worlds that the lab can run, and every parameter that makes them."""

import click

from refund.cli.output import json_option, print_json, print_table
from refund.simulation.world.parameters import Parameter, parameters
from refund.simulation.world.scenario import Scenario, read_scenario, scenario_names

_LIST = ("scenario", "begins", "days", "stores", "what it is")
_SHOWN = ("parameter", "value", "unit", "default", "least", "most", "default from", "what it is")


@click.group(invoke_without_command=True)
@click.pass_context
def scenarios(context: click.Context) -> None:
    """List the scenarios of the lab; needs no instance."""
    if context.invoked_subcommand is None:
        context.invoke(list_all, as_json=False)


@scenarios.command("list")
@json_option
def list_all(*, as_json: bool) -> None:
    """List the scenarios that the program brings."""
    found = [read_scenario(name) for name in scenario_names()]
    if as_json:
        print_json([_plain(one) for one in found])
        return
    rows = [
        (one.name, one.begins, one.days, one.count("world.stores"), one.title_en) for one in found
    ]
    print_table(_LIST, rows)


@scenarios.command()
@click.argument("name")
@click.option("--changed", is_flag=True, help="Only what is not as in the defaults.")
@json_option
def show(*, name: str, changed: bool, as_json: bool) -> None:
    """Print every parameter of a scenario: its value, unit, default, and where that is from.

    NAME is one of the list, or a file that ends in .toml.
    """
    scenario = read_scenario(name)
    values = scenario.as_written()
    asked = [one for one in parameters().values() if not changed or one.key in scenario.changed]
    if as_json:
        print_json(_plain(scenario) | {"parameters": [_shown(one, values) for one in asked]})
        return
    click.echo(f"{scenario.title_en}\n{scenario.about_en}\n")
    print_table(_SHOWN, [list(_shown(one, values).values()) for one in asked])


def _plain(scenario: Scenario) -> dict[str, object]:
    return {
        "name": scenario.name,
        "title_en": scenario.title_en,
        "title_zh": scenario.title_zh,
        "about_en": scenario.about_en,
        "about_zh": scenario.about_zh,
        "begins": scenario.begins,
        "days": scenario.days,
        "stores": scenario.count("world.stores"),
        "changed": list(scenario.changed),
    }


def _shown(one: Parameter, values: dict[str, str]) -> dict[str, object]:
    """A parameter with its value; of a rule that is as it was, the table's by date."""
    return {
        "key": one.key,
        "value": values.get(one.key, "by date"),
        "unit": " | ".join(one.words) or one.unit,
        "default": one.default,
        "least": one.least,
        "most": one.most,
        "origin": one.origin,
        "sentence": one.sentence_en,
    }
