"""To each drill that is shipped the right answer, and one wrong one, as deeds on the services."""

from __future__ import annotations

from refund.core.case import CaseKind, Fix
from refund.core.customs import Inspection, Place, RefusalReason
from refund.core.entitlement import Recovery
from refund.core.form import Channel
from refund.core.offline import Resolved
from refund.core.till import Way
from tests.simulation.drill_players import Deed, Player, refused


def _threshold(p: Player) -> None:
    refused(lambda: p.issues("tanaka", "scarf"))
    p.issues("sato", "hat")


def _long_stay(p: Player) -> None:
    refused(lambda: p.issues("beyond", "second"))
    p.issues("within", "first")


def _record(p: Player) -> None:
    p.records("traveller", "WUH")
    p.settles("form")


def _sampled(p: Player) -> None:
    p.confirms("drawn")
    p.confirms("papers")


def _sampled_all(p: Player) -> None:
    p.confirms("drawn")
    p.confirms("papers", 1, inspection=Inspection.GOODS)


def _nothing(_: Player) -> None:
    """Hand in without having done anything."""


_BACK, _HOLD = CaseKind.ADVANCE_RETURNED, CaseKind.HOLD_ENDS_EARLY
_AFTER = CaseKind.CAPTURED_AFTER_RELEASE
_DIFFER, _PERSON = RefusalReason.GOODS_DIFFER, RefusalReason.PERSON_DIFFERS
_OTHER = RefusalReason.OTHER_BREACH
_BAGS = ("WH-SIM-4471", "wh-sim-4472")

ANSWERS: dict[str, tuple[Deed, Deed]] = {
    "clerk-first-form": (
        lambda p: p.issues("buyer", "invoice"),
        lambda p: p.issues("buyer", "invoice", channel=Channel.ORDINARY),
    ),
    "clerk-threshold": (_threshold, _nothing),
    "clerk-two-invoices": (
        lambda p: p.issues("buyer", "socks", "cream"),
        lambda p: refused(lambda: p.issues("buyer", "socks")),
    ),
    "clerk-mixed-rates": (
        lambda p: p.issues("buyer", "invoice"),
        lambda p: p.issues("buyer", "invoice", only=["BAG02"]),
    ),
    "clerk-out-of-scope": (
        lambda p: p.issues("buyer", "invoice", only=["RTW07"]),
        lambda p: refused(lambda: p.issues("buyer", "invoice")),
    ),
    "clerk-special-invoice": (
        lambda p: p.issues("buyer", "ordinary"),
        lambda p: refused(lambda: p.issues("buyer", "special", "ordinary")),
    ),
    "clerk-before-entry": (
        lambda p: p.issues("buyer", "today"),
        lambda p: refused(lambda: p.issues("buyer", "earlier", "today")),
    ),
    "clerk-long-stay": (_long_stay, _nothing),
    "clerk-above-ceiling": (
        lambda p: p.issues("buyer", "invoice", channel=Channel.ORDINARY),
        lambda p: refused(lambda: p.issues("buyer", "invoice")),
    ),
    "clerk-wrong-passport": (lambda p: p.corrects("wrong", "buyer"), _nothing),
    "clerk-goods-back": (
        lambda p: p.takes_back("form", 1, Recovery.STORE),
        lambda p: p.takes_back("form", 2, Recovery.STORE),
    ),
    "clerk-all-back": (
        lambda p: p.takes_back("form", 1, Recovery.CAPTURE),
        lambda p: p.takes_back("form", 1, Recovery.STORE),
    ),
    "clerk-late-issue": (
        lambda p: p.issues("buyer", "invoice", late="forgotten on the day"),
        lambda p: p.issues("buyer", "invoice"),
    ),
    "customs-all-there": (lambda p: p.confirms("form"), lambda p: p.refuses("form", _DIFFER)),
    "customs-item-missing": (lambda p: p.confirms("form", 2, 1), lambda p: p.confirms("form")),
    "customs-wrong-person": (
        lambda p: p.refuses("form", _PERSON),
        lambda p: p.refuses("form", _DIFFER),
    ),
    "customs-goods-differ": (
        lambda p: p.refuses("form", _DIFFER),
        lambda p: p.confirms("form"),
    ),
    "customs-other-breach": (
        lambda p: p.refuses("form", _OTHER, "opened, half of it used"),
        lambda p: p.refuses("form", _DIFFER),
    ),
    "customs-sealed-bags": (
        lambda p: p.confirms("form", 1, 1, seals=_BAGS),
        lambda p: p.confirms("form"),
    ),
    "customs-goods-came-back": (
        lambda p: p.confirms("form"),
        lambda p: p.refuses("form", _DIFFER),
    ),
    "customs-superseded": (lambda p: p.confirms("new"), _nothing),
    "customs-sampled": (_sampled, _sampled_all),
    "customs-before-check-in": (
        lambda p: p.confirms("form", place=Place.BEFORE_CHECK_IN),
        lambda p: p.confirms("form"),
    ),
    "customs-offline": (
        lambda p: p.decides_offline("form"),
        lambda p: p.confirms("form"),
    ),
    "customs-review": (lambda p: p.resolves("form", Resolved.SET_ASIDE), _nothing),
    "operator-promise-kept": (lambda p: p.settles("form"), _nothing),
    "operator-record-departure": (_record, lambda p: p.records("traveller", "YIH")),
    "operator-fewer-goods": (lambda p: p.settles("form"), _nothing),
    "operator-customs-refused": (lambda p: p.settles("form"), _nothing),
    "operator-other-port": (lambda p: p.settles("form"), _nothing),
    "operator-never-seen": (lambda p: p.settles("form"), _nothing),
    "operator-hold-ends": (
        lambda p: p.fixes("form", _HOLD, Fix.CAPTURE),
        lambda p: p.fixes("form", _HOLD, Fix.EXPLAIN),
    ),
    "operator-unsecured": (
        lambda p: p.settles("form"),
        lambda p: p.fixes("form", CaseKind.UNSECURED, Fix.EXPLAIN),
    ),
    "operator-payout-returned": (
        lambda p: p.fixes("form", _BACK, Fix.PAY_AGAIN),
        lambda p: p.fixes("form", _BACK, Fix.EXPLAIN),
    ),
    "operator-ask-second": (lambda p: p.fixes("form", _BACK, Fix.PAY_AGAIN), _nothing),
    "operator-be-second": (
        lambda p: p.approves("form", _BACK),
        lambda p: p.approves("form", _BACK, yes=False),
    ),
    "operator-statement-break": (
        lambda p: p.fixes("form", _AFTER, Fix.POST_THEIRS),
        lambda p: p.fixes("form", _AFTER, Fix.EXPLAIN),
    ),
    "operator-pay-cash": (lambda p: p.pays("form", Way.CASH), lambda p: p.denies("form")),
    "operator-above-cash": (
        lambda p: p.pays("form", Way.BANK_ACCOUNT),
        lambda p: refused(lambda: p.pays("form", Way.CASH)),
    ),
    "operator-after-capture": (lambda p: p.pays("form", Way.CASH), lambda p: p.denies("form")),
    "operator-settlement": (lambda p: p.closes_months(), _nothing),
}
