"""What people do in the lab, each act through the same services as on the pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from refund.core.agreement import Details, Signature
from refund.core.customs import LinesShown, Place, RefusalReason
from refund.core.entitlement import ConfirmedLine, LineKey, Recovery
from refund.core.errors import Refused
from refund.core.exit_file import ExitLine
from refund.core.form import Form, Method, Status
from refund.core.people import Actor
from refund.core.signing import code_url
from refund.core.till import Till, Way
from refund.core.traveller import IdentityDocument
from refund.ports import Ports
from refund.sandbox.cards import TRIAL_EXPIRY, trial_card
from refund.sandbox.entry import CardEntry
from refund.sandbox.errors import Rejected
from refund.sandbox.network import Book
from refund.services import (
    amend,
    claim,
    counter_desk,
    counter_pay,
    exits,
    issue,
    point,
    returns,
    tills,
    verify,
)
from refund.services.counter_desk import Counter
from refund.services.counter_pay import Signed
from refund.services.issue import Draft
from refund.services.life import the_form
from refund.services.returns import BroughtBack, Returned

BACK_URL = "http://127.0.0.1:8000/traveller/back"
"""Where the network's page leads back to; nobody follows it in the lab."""

VISA = "4111111111111111"
ACCOUNT = "13800000021"
BANK_ACCOUNT = "6222020200012345678"

GivesCard = Callable[[str, str, str], None]
"""Fills in the network's own page: session, number of the card or "", account or "".

It raises Refused `card_session_unfinished` where the page does not take what is given.
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """How a traveller wants the money, and which card secures it.

    Args:
        card: the number of a trial card.
        account: where the money goes when it does not go to the card.
        departs_on: what the traveller says; None when it is left open.
        port: of the departure.
        name: as the traveller signs.
        document_tail: the last four characters of the document's number.
    """

    name: str
    document_tail: str
    method: Method = Method.CARD
    card: str = VISA
    account: str = ACCOUNT
    departs_on: date | None = None
    port: str = "WUH"
    contact: str = ""
    language: str = "en"

    @property
    def details(self) -> Details:
        """What is filled in on the phone."""
        return Details(self.contact, self.departs_on, self.port, self.method)

    @property
    def signature(self) -> Signature:
        """The name, typed."""
        return Signature("typed", self.name)

    @property
    def account_given(self) -> str:
        """What is typed as the account; nothing where the card is paid."""
        return "" if self.method is Method.CARD else self.account


def gives_card_in(book: Book) -> GivesCard:
    """The network's page, filled in straight in the sandbox's book."""

    def give(session_id: str, number: str, account: str) -> None:
        card = trial_card(number)
        if number and card is None:
            raise Refused("card_session_unfinished")
        try:
            book.submit_card(session_id, CardEntry(card, TRIAL_EXPIRY, account))
        except Rejected:
            raise Refused("card_session_unfinished") from None

    return give


def session_of(url: str) -> str:
    """The session that the address of a page of the network's names."""
    return url.rstrip("/").rpartition("/")[2]


# At the store's counter.


def issue_form(ports: Ports, clerk: Actor, draft: Draft, key: str) -> Form:
    """Issue a form, once per key.

    Raises:
        Refused: as `issue.issue_form`; the first reason when the rules do not allow it.
    """
    found = issue.issue_form(ports, clerk, draft, key)
    if found.form is None:
        raise found.refusals[0]
    return found.form


def claim_code(ports: Ports, clerk: Actor, form_id: str) -> str:
    """The code on the slip that the clerk hands over.

    Raises:
        Refused: `form_unknown`.
    """
    return issue.slip(ports, clerk, form_id).claim_code


def void_form(ports: Ports, clerk: Actor, form_id: str, reason: str) -> Form:
    """Void a form on which no money is out.

    Raises:
        Refused: as `issue.void_form`.
    """
    return issue.void_form(ports, clerk, form_id, reason)


def correct_form(
    ports: Ports,
    clerk: Actor,
    form_id: str,
    change: Callable[[Draft], Draft],
    key: str,
) -> Form:
    """Put another form in a form's place, with what was wrong on it changed.

    Raises:
        Refused: as `amend.replace_form`; the first reason when the rules do not allow it.
    """
    draft = change(amend.form_to_correct(ports, clerk, form_id).draft)
    found = amend.replace_form(ports, clerk, form_id, draft, key, "corrected at the counter")
    if found.form is None:
        raise found.refusals[0]
    return found.form


def bring_back(
    ports: Ports,
    clerk: Actor,
    form_id: str,
    quantities: Mapping[LineKey, int],
    key: str,
    recovery: Recovery = Recovery.STORE,
) -> Returned:
    """Take goods back that the traveller brought to the store.

    Raises:
        Refused: as `returns.return_goods`.
    """
    brought = BroughtBack(quantities, recovery, "brought back by the traveller", key)
    return returns.return_goods(ports, clerk, form_id, brought)


def undo_form(ports: Ports, clerk: Actor, form_id: str, key: str) -> Form:
    """End a form whose goods stay with the traveller: the advance is paid back in the store.

    Raises:
        Refused: as `returns.return_goods`.
    """
    brought = BroughtBack({}, Recovery.STORE, "the form is wrong", key, asked=True)
    return returns.return_goods(ports, clerk, form_id, brought).form


# On the traveller's phone, and at the refund point.


def scan(ports: Ports, phone: str, form: Form, code: str) -> Form:
    """Open a form on a phone and let it act for the form: the QR code, then the claim code.

    Raises:
        Refused: as `claim.scan` and `claim.enter_claim_code`.
    """
    opened = claim.scan(ports, code_url(ports.public_url, form.code), phone)
    claim.enter_claim_code(ports, phone, form.form_id, code)
    return opened


def sign(ports: Ports, phone: str, form_id: str, wish: Wish) -> Form:
    """Fill in how the money should come, and sign the agreement.

    Raises:
        Refused: as `claim.give_details` and `claim.sign_agreement`.
    """
    claim.give_details(ports, phone, form_id, wish.details, wish.document_tail)
    return claim.sign_agreement(ports, phone, form_id, wish.signature, wish.language)


def claim_advance(ports: Ports, phone: str, form_id: str, wish: Wish, give: GivesCard) -> Form:
    """Give a card on the network's page, and claim the advance: with a good card it is paid.

    Raises:
        Refused: as `claim.open_card_page`, `claim.card_given` and `claim.claim_advance`.
    """
    url = claim.open_card_page(ports, phone, form_id, BACK_URL, wish.language)
    session_id = session_of(url)
    give(session_id, wish.card, wish.account_given)
    entry = claim.card_given(ports, phone, form_id, session_id)
    return claim.claim_advance(ports, phone, form_id, entry)


def advance_again(ports: Ports, phone: str, form_id: str) -> Form:
    """Ask once more for an advance that the network refused to pay.

    Raises:
        Refused: as `claim.advance_again`.
    """
    return claim.advance_again(ports, phone, form_id)


def choose_ordinary(ports: Ports, phone: str, form_id: str) -> Form:
    """Take the refund at departure instead.

    Raises:
        Refused: as `claim.choose_ordinary`.
    """
    return claim.choose_ordinary(ports, phone, form_id)


def claim_together(
    ports: Ports, operator: Actor, form_ids: Sequence[str], wish: Wish, give: GivesCard
) -> str:
    """Claim forms of one traveller in one go at the refund point; the id of the joint claim.

    Raises:
        Refused: as the functions of `services.point`.
    """
    joint_id = point.open_claim(ports, operator, form_ids).joint_id
    point.sign(ports, operator, joint_id, wish.details, wish.signature, wish.language)
    url = point.open_card_page(ports, joint_id, BACK_URL, wish.language)
    session_id = session_of(url)
    give(session_id, wish.card, wish.account_given)
    entry = point.card_given(ports, joint_id, session_id)
    point.claim_together(ports, operator, joint_id, entry)
    return joint_id


# At customs and behind it.


def show_goods(
    ports: Ports,
    officer: Actor,
    form: Form,
    shown: Mapping[LineKey, int] | None = None,
    place: Place = Place.UNSAID,
) -> Form:
    """Show the goods of a form: the officer scans its code and confirms what is there.

    `shown` is how many of each line, every line named; None for all that the traveller has.

    Raises:
        Refused: as `verify.look_up` and `verify.verify_lines`.
    """
    seen = verify.look_up(ports, officer, code_url(ports.public_url, form.code))
    if seen.refusal is not None:
        raise seen.refusal
    lines = None
    if shown is not None:
        lines = tuple(ConfirmedLine(key, quantity) for key, quantity in sorted(shown.items()))
    return verify.verify_lines(ports, officer, seen.form.form_id, LinesShown(lines, place))


def refuse_goods(
    ports: Ports,
    officer: Actor,
    form_id: str,
    reason: RefusalReason = RefusalReason.GOODS_DIFFER,
    note: str = "",
) -> Form:
    """Refuse a form whole.

    Raises:
        Refused: as `verify.refuse_form`.
    """
    return verify.refuse_form(ports, officer, form_id, reason, note)


def open_till(ports: Ports, operator: Actor, port: str, float_fen: int) -> Till:
    """Open the till of a port's counter, so that cash can be paid.

    Raises:
        Refused: `till_already_open`.
    """
    return tills.open_till(ports, operator, port, float_fen)


@dataclass(frozen=True, slots=True)
class Payee:
    """Who stands at the agency's counter, and how the refund is to be paid."""

    document: IdentityDocument
    name: str
    way: Way = Way.CASH
    card: str = VISA
    account: str = ""

    @property
    def number(self) -> str:
        """The card that is given, if the refund goes to one."""
        return self.card if self.way is Way.CARD else ""

    @property
    def account_given(self) -> str:
        """The account that is given, if the refund goes to one."""
        if self.way in (Way.CASH, Way.CARD):
            return ""
        return self.account or (BANK_ACCOUNT if self.way is Way.BANK_ACCOUNT else ACCOUNT)


def take_refund(
    ports: Ports, counter: Counter, form_id: str, payee: Payee, key: str, give: GivesCard
) -> Form:
    """Be paid the ordinary refund at the agency's counter, the document shown and a receipt signed.

    A form that was charged back is taken up first.

    Raises:
        Refused: as `counter_desk.accept_verification`, `counter_pay.pay_cash` and
            `counter_pay.pay_through_network`; `form_unknown`.
    """
    counter_desk.show_document(ports, counter, form_id, payee.document)
    if _form(ports, form_id).status is Status.CAPTURED:
        counter_desk.accept_verification(ports, counter, form_id)
    signed = Signed(Signature("typed", payee.name), key)
    if payee.way is Way.CASH:
        counter_pay.pay_cash(ports, counter, form_id, signed)
        return _form(ports, form_id)
    url = counter_pay.open_payout_page(ports, counter, form_id, payee.way, (BACK_URL, "en"))
    session_id = session_of(url)
    give(session_id, payee.number, payee.account_given)
    entry = counter_pay.payout_given(ports, counter, form_id, session_id)
    return counter_pay.pay_through_network(ports, counter, form_id, entry, signed)


def leave(ports: Ports, operator: Actor, line: ExitLine) -> bool:
    """Leave the country: the border's record reaches the agency; whether it was new.

    Raises:
        Refused: as `exits.record_exit`.
    """
    return exits.record_exit(ports, operator, line)


def _form(ports: Ports, form_id: str) -> Form:
    """A form as it stands.

    Raises:
        Refused: `form_unknown`.
    """
    return ports.storage.read(lambda tx: the_form(tx, form_id))
