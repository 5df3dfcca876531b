"""The page of the scenarios, written from their files and from the parameters of the world."""

import sys
from collections.abc import Iterator
from itertools import groupby

from refund.simulation.world.parameters import Parameter, parameters
from refund.simulation.world.scenario import Scenario, read_scenario, scenario_names
from tests.house.tree import ROOT

PAGE = ROOT / "docs" / "scenarios.md"
HEAD = """\
# The scenarios of the lab

A scenario is a world to run: its stores, travellers, desks, flights, faults, and the rules that
hold in it. This page is written by `make readme` from `refund/data/scenarios/`, from
`refund/data/parameters.csv` and from the table of rules; a test keeps it true.

`refund scenarios` lists them, `refund scenarios show NAME` prints every value of one.

## A scenario of your own

A file in TOML whose name ends in `.toml`. It says four things of itself and what differs from the
defaults, each value in the table of its group:

```toml
title_en = "Fewer officers"
title_zh = "减少验核人员"
about_en = "An ordinary week with one officer by day at Tianhe."
about_zh = "平常的一周，天河机场白天仅一名验核人员。"

[world]
begins = 2026-09-07

[desk]
customs_staff_day = 1

[rules]
min_purchase = 500
```

Money is in yuan, rates of the rules in percent, shares of people from 0 to 1, times of day in
Shanghai's. A key that is not known and a value out of bounds are refused with the key's name, and
nothing runs.

## How far to trust it

Each default names what it rests on. **assumption** means that nobody published a figure, and that
ours is a guess which a person of the field should replace; **project decision** means that we chose
how the world is set up. Prices, trades, names and flights (`refund/data/baskets.csv`, `trades.csv`,
`names.csv`) are assumptions throughout: they describe no store, no person and no airline that
exists. What a run says is true of its world; how far that is like ours, nobody has measured.

Every decision of a traveller is drawn from the seed by a name of its own. Two worlds that differ in
one parameter therefore have the same travellers with the same wishes, cards and flights wherever
that parameter plays no part; their difference is due to it alone.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD, "## The scenarios that come with the program\n"]
    parts += [_scenario(read_scenario(name)) for name in scenario_names()]
    parts.append("## Every parameter\n")
    for group, found in groupby(parameters().values(), key=lambda one: one.group):
        parts.append(f"### `{group}`\n\n" + _table(list(found)))
    return "\n".join(parts)


def _scenario(scenario: Scenario) -> str:
    changed = _changes(scenario)
    kept = (
        f"Not as in the defaults: {', '.join(changed)}." if changed else "All as in the defaults."
    )
    return (
        f"### `{scenario.name}`\n\n{scenario.title_en} · {scenario.title_zh}\n\n"
        f"{scenario.about_en}\n\n{scenario.about_zh}\n\n{kept}\n"
    )


def _changes(scenario: Scenario) -> list[str]:
    values = scenario.as_written()
    return [f"`{key}` {values[key]}" for key in scenario.changed]


def _table(found: list[Parameter]) -> str:
    lines = ["| parameter | unit | default | from | to | origin | what it is |", "| --- " * 7 + "|"]
    return "\n".join([*lines, *_rows(found)]) + "\n"


def _rows(found: list[Parameter]) -> Iterator[str]:
    for one in found:
        unit = " / ".join(one.words) or one.unit.replace("_", " ")
        what = f"{one.sentence_en}<br>{one.sentence_zh}"
        cells = (f"`{one.name}`", unit, one.default, one.least, one.most, one.origin, what)
        yield f"| {' | '.join(cells)} |"


def main() -> None:
    """Put the page in place."""
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE.name} is written\n")


if __name__ == "__main__":
    main()
