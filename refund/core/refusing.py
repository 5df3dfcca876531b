"""Which of many refusals a person is told: each once, and no mere consequence of another."""

from collections.abc import Iterable

from refund.core.errors import Refused

_SEVEN = frozenset(
    {
        "no_valid_document",
        "entry_date_unknown",
        "stay_too_long",
        "invoice_before_entry",
        "goods_out_of_scope",
        "invoice_not_ordinary",
        "below_threshold",
    }
)
_ABSENT = {
    "entry_date_unknown": frozenset({"last_entry"}),
    "no_lines": frozenset({"lines-0-goods", "lines-0-quantity", "lines-0-unit_price"}),
}


def each_once(refusals: Iterable[Refused]) -> tuple[Refused, ...]:
    """Each field's problem once: a field that could not be read is not also missing."""
    told = list(refusals)
    seen: dict[tuple[str, str], Refused] = {}
    known = _SEVEN | _ABSENT.keys()
    unreadable = {r.field for r in told if r.field and r.code not in known}
    for refused in told:
        if refused.code in _ABSENT and unreadable & _ABSENT[refused.code]:
            continue
        seen.setdefault((refused.code, refused.field), refused)
    return tuple(seen.values())
