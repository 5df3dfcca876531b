"""What a drill's file can prepare, by name: people, papers, forms, time and trouble."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from refund.core.case import CaseKind, Fix
from refund.core.customs import Place, RefusalReason
from refund.core.form import Channel, Method
from refund.core.traveller import DocumentKind
from refund.sandbox.faults import NAMES
from refund.simulation.drills import acts_before
from refund.simulation.drills.parameters import REQUIRED, Kind, Parameter, Values
from refund.simulation.drills.stage import Stage

PORTS = ("WUH", "YIH", "ENH")


@dataclass(frozen=True, slots=True)
class SetupAct:
    """One act of a drill's setup: what it needs to be told, and what it does."""

    parameters: tuple[Parameter, ...]
    do: Callable[[Stage, Values], None]


def _name(kind: Kind = Kind.NEW) -> Parameter:
    return Parameter("name", kind)


_GOODS = Parameter("goods", Kind.GOODS)
_FORM = Parameter("form", Kind.THING)
_OF = Parameter("of", Kind.THING)
_PORT = Parameter("port", Kind.WORD, "", choices=PORTS)
_DAYS_AGO = Parameter("days_ago", Kind.NUMBER, 0, most=400)
_INVOICE = Parameter(
    "invoice", Kind.WORD, "e_invoice", choices=("e_invoice", "ordinary", "special")
)
_SHOWN = Parameter("shown", Kind.NUMBERS, (), most=999)
_PLACES = tuple(one.value for one in Place if one.value)
_REASONS = tuple(one.value for one in RefusalReason if one.value)


def _words(name: str, default: object, choices: Sequence[str]) -> Parameter:
    return Parameter(name, Kind.WORD, default, choices=tuple(choices))


SETUP_ACTS: Mapping[str, SetupAct] = {
    "traveller": SetupAct(
        (
            _name(),
            _words("document", "passport", [one.value for one in DocumentKind]),
            Parameter("nationality", Kind.WORD, ""),
            Parameter("latin_name", Kind.WORD, ""),
            Parameter("local_name", Kind.WORD, ""),
            Parameter("entered_days_ago", Kind.NUMBER, 6, most=400),
            Parameter("valid_days", Kind.NUMBER, 1500, most=3000),
        ),
        acts_before.bring_traveller,
    ),
    "paper": SetupAct((_name(), _GOODS, _DAYS_AGO, _INVOICE), acts_before.lay_paper),
    "form": SetupAct(
        (
            _name(),
            _OF,
            _GOODS,
            _DAYS_AGO,
            _INVOICE,
            _words("channel", "instant", [one.value for one in Channel]),
            _PORT,
            _words("lot", "", ("drawn", "not_drawn")),
        ),
        acts_before.have_form,
    ),
    "claim": SetupAct(
        (
            _FORM,
            _words("card", "visa", tuple(acts_before.CARDS)),
            _words("method", "card", [one.value for one in Method]),
        ),
        acts_before.have_claimed,
    ),
    "verify": SetupAct(
        (_FORM, _PORT, _SHOWN, _words("place", "", _PLACES)), acts_before.have_verified
    ),
    "refuse": SetupAct(
        (_FORM, _PORT, _words("reason", REQUIRED, _REASONS), Parameter("note", Kind.TEXT, "")),
        acts_before.have_refused,
    ),
    "leave": SetupAct((_OF, _PORT), acts_before.have_left),
    "bring_back": SetupAct(
        (_FORM, Parameter("quantities", Kind.NUMBERS, most=999)), acts_before.have_brought_back
    ),
    "replace": SetupAct((_name(), _FORM, _OF), acts_before.have_replaced),
    "settle": SetupAct((_FORM,), acts_before.have_settled),
    "pay": SetupAct((_FORM,), acts_before.have_paid),
    "wait": SetupAct(
        (
            Parameter("days", Kind.NUMBER, 0, most=400),
            Parameter("minutes", Kind.NUMBER, 0, most=1440),
            Parameter("at_hour", Kind.NUMBER, acts_before.HOURS, most=acts_before.HOURS),
        ),
        acts_before.let_time_pass,
    ),
    "trouble": SetupAct(
        (
            _words("fault", REQUIRED, tuple(NAMES)),
            Parameter("operation", Kind.WORD, ""),
            Parameter("times", Kind.NUMBER, 1, least=1, most=100),
        ),
        acts_before.let_trouble_come,
    ),
    "rounds": SetupAct((), acts_before.go_rounds),
    "ask": SetupAct(
        (
            _FORM,
            _words("kind", REQUIRED, [one.value for one in CaseKind]),
            _words("fix", REQUIRED, [one.value for one in Fix]),
            Parameter("reason", Kind.TEXT),
        ),
        acts_before.have_asked,
    ),
    "till": SetupAct((_PORT, Parameter("cash", Kind.YUAN)), acts_before.have_till),
    "offline": SetupAct(
        (_FORM, _PORT, _SHOWN, Parameter("decided_before", Kind.FLAG, False)),
        acts_before.have_decided_offline,
    ),
    "desk": SetupAct(
        (
            _FORM,
            Parameter("person", Kind.THING, ""),
            _SHOWN,
            Parameter("seals", Kind.WORDS, ()),
            Parameter("remark", Kind.BOTH, None),
        ),
        acts_before.stand_at_desk,
    ),
}
"""Every act that a drill's file can name under `[[setup]]`."""
