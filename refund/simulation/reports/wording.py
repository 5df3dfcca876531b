"""What people read of a refusal in a report."""

import html
import re

from refund.core.errors import REFUSALS
from refund.templating import environment


def refusal_words(code: str, locale: str) -> str:
    """What is wrong, as people read it of a refusal whose facts are not known."""
    if code not in REFUSALS:
        return code.replace("_", " ")
    page = environment(locale).get_template(f"refusals/{code}.html").render(facts={})
    what = re.search(r'class="refusal-what">(.*?)</p>', page, re.DOTALL)
    text = re.sub(r"<[^>]+>", " ", what[1] if what else page)
    return " ".join(html.unescape(text).split())
