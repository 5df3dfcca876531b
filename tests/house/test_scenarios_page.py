"""The page of the scenarios is what their files and the parameters say."""

from refund.simulation.world.parameters import ASSUMPTION, parameters
from refund.simulation.world.scenario import scenario_names
from tests.house.scenarios import HEAD, PAGE, page


def test_the_page_is_as_the_files_have_it() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run make readme"


def test_the_page_names_every_scenario_and_every_parameter_with_its_origin() -> None:
    text = page()
    for name in scenario_names():
        assert f"### `{name}`" in text
    for one in parameters().values():
        assert f"| `{one.name}` | " in text
        assert one.origin in text
    assert text.count(f"| {ASSUMPTION} |") == sum(one.is_assumed for one in parameters().values())
    assert text.startswith(HEAD)
