"""What people read of a refusal on a terminal: its page's words without the page."""

import html
import os
import re
from collections.abc import Mapping

from refund.cli.terminal import one_line
from refund.core.errors import Refused
from refund.templating import environment


def words(refused: Refused) -> str:
    """What is wrong and what to do now; the places of a bad file follow, a line for each."""
    template = environment(language(os.environ)).get_template(f"refusals/{refused.code}.html")
    lines = re.sub(r"\s+", " ", template.render(facts=refused.facts)).replace("<li>", "\n  ")
    text = html.unescape(re.sub(r"<[^>]+>", " ", lines))
    spaced = "\n".join(one_line(line) for line in text.strip().split("\n"))
    return re.sub(r"(?<=[。！？]) ", "", spaced)


def language(variables: Mapping[str, str]) -> str:
    """The language of messages, as other programs choose it."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if variables.get(name):
            return "zh_Hans" if variables[name].startswith("zh") else "en"
    return "en"
