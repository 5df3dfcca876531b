"""Papers about money: the receipt that a traveller signs, and the month's settlement."""

from refund.core.agreement import Signature
from refund.core.ids import group_form_number
from refund.core.money import format_yuan
from refund.core.places import PORTS
from refund.core.signing import code_url
from refund.ports import Ports
from refund.services.papers import ReceiptSheet, SettlementLine, SettlementSheet, SettlementSum
from refund.web.paper_frame import Filled, day, head, moment, percent, signature_picture
from refund.web.paper_languages import LANGUAGES, NONE, Fact, Words
from refund.web.paper_words import LABELS
from refund.web.qr import svg


def receipt_words(ports: Ports, sheet: ReceiptSheet, locale: str) -> Filled:
    """What the receipt says; a locale that papers do not have means Chinese and English."""
    language = LANGUAGES.get(locale, NONE)
    words = Words(language)
    way = words.label(LABELS["receipt"][f"way_{sheet.way}"])
    port = PORTS.get(sheet.port)
    facts: dict[str, Fact] = {"rate": percent(sheet.fee_bp)}
    return head("receipt", language, sheet.receipt_number, facts) | {
        "qr": svg(code_url(ports.public_url, sheet.code), ""),
        "issued_on": day(sheet.issued_on),
        "agency": [sheet.agency.name_zh, sheet.agency.name_en],
        "phone": sheet.agency.phone,
        "name": sheet.traveller_name,
        "application_number": group_form_number(sheet.form_number),
        "applied": format_yuan(sheet.applied_fen),
        "confirmed": format_yuan(sheet.confirmed_fen),
        "fee": f"−{format_yuan(sheet.fee_fen)}",
        "paid": f"CNY {format_yuan(sheet.net_fen)}",
        "way": way,
        "account": sheet.account,
        "port": [port.name_zh, port.name_en] if port else "",
        "paid_at": moment(sheet.paid_at) if sheet.paid_at else "",
        "signature": signature_picture(sheet.signature),
        "signed_name": _typed_name(sheet.signature),
    }


def _typed_name(signature: Signature | None) -> str:
    return "" if signature is None or signature.kind == "drawn" else signature.text


def settlement_words(sheet: SettlementSheet) -> Filled:
    """What the settlement says, in Chinese and English; its code holds number and digest."""
    words = Words(NONE)
    return head("settlement", NONE, sheet.number, {}) | {
        "qr": svg(settlement_code(sheet), ""),
        "month": sheet.month.strftime("%Y-%m"),
        "agency": [sheet.agency.name_zh, sheet.agency.name_en],
        "phone": sheet.agency.phone,
        "closed_at": moment(sheet.closed_at),
        "closed_by": sheet.closed_by,
        "digest": sheet.digest.lower(),
        "lines": [_line(words, one) for one in sheet.lines],
        "totals": [_sum(words, one) for one in sheet.totals],
        "total": {**_fen(sheet.total), "forms": str(sheet.total.forms)},
    }


def settlement_code(sheet: SettlementSheet) -> str:
    """What the settlement's QR code holds: `SETTLEMENT`, its number, its digest in capitals."""
    return f"SETTLEMENT:{sheet.number}:{sheet.digest.upper()}"


def _line(words: Words, line: SettlementLine) -> Filled:
    return {
        "form_number": group_form_number(line.form_number),
        "store": [line.store_zh, line.store_en],
        "issued_on": day(line.issued_on),
        "verified_on": day(line.verified_on) if line.verified_on else "",
        **_fen(line),
        "way": _way(words, line.way),
        "is_correction": line.is_correction,
    }


def _sum(words: Words, one: SettlementSum) -> Filled:
    return {**_fen(one), "way": _way(words, one.way), "forms": str(one.forms)}


def _way(words: Words, way: str) -> list[str]:
    return words.label(LABELS["settlement"][f"way_{way}"])


def _fen(one: SettlementLine | SettlementSum) -> dict[str, str]:
    return {
        "sales": format_yuan(one.sales_fen),
        "gross": format_yuan(one.gross_fen),
        "fee": format_yuan(one.fee_fen),
        "net": format_yuan(one.net_fen),
    }
