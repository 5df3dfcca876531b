"""Builders of sheets: what papers are made of, good in every field but for what a test changes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

from refund.core.agreement import Agreement, Signature
from refund.core.entitlement import Entitlement
from refund.core.form import Form
from refund.core.invoice import InvoiceLine
from refund.core.money import Vat
from refund.core.traveller import DocumentKind, IdentityDocument, Traveller
from refund.services.issue import Slip
from refund.services.papers import (
    AgreementSheet,
    AuthorisationSheet,
    Paper,
    PaperLine,
    ReceiptSheet,
    SettlementLine,
    SettlementSheet,
    SettlementSum,
)
from tests import make

CODE = "AH3QMV2LAAAQAAAAAAAAAAAA6EAL4AAANAPQ" + "M7T2KX5R" * 12 + "WZ3A"
"""136 characters of the code's alphabet; whether its signature holds is no matter of paper."""

STROKES = [[[40 * x, 200 + 90 * (x % 3 - 1)] for x in range(2, 22)], [[120, 330], [860, 300]]]
DRAWN = Signature("drawn", json.dumps(STROKES))

LONG_LATIN = "RIMSKII-KORSAKOV KONSTANTINOVSKII NIKOLAI ANDREEVICH ALEKSEI"
TRAVELLERS: dict[str, Traveller] = {
    "en": Traveller("O'NEILL-MÜLLER ZOË", "", "AUS", IdentityDocument(DocumentKind.PASSPORT, "N1")),
    "zh_Hant": make.traveller(),
    "ja": Traveller(
        "TANAKA HARUKA", "𠮷田 遥", "JPN", IdentityDocument(DocumentKind.PASSPORT, "TK1234567")
    ),
    "ko": Traveller(
        "KIM MINJUN", "김민준", "KOR", IdentityDocument(DocumentKind.PASSPORT, "M12345678")
    ),
    "ru": Traveller(
        LONG_LATIN,
        "Николай Андреевич Римский-Корсаков",
        "RUS",
        IdentityDocument(DocumentKind.PASSPORT, "651234567"),
    ),
    "fr": Traveller(
        "DUPONT AMÉLIE", "", "FRA", IdentityDocument(DocumentKind.PASSPORT, "12AB3456")
    ),
    "es": Traveller("MUÑOZ MARIA", "", "ESP", IdentityDocument(DocumentKind.PASSPORT, "AAA12345")),
    "ar": Traveller(
        "AL RASHID MOHAMMED",
        "محمد عبد الله الراشد",
        "SAU",
        IdentityDocument(DocumentKind.PASSPORT, "A12345678"),
    ),
}
"""Somebody who reads each of the languages."""


def form(**changes: Any) -> Form:
    """A form with a code that can be drawn."""
    return replace(make.form(), **{"code": CODE, **changes})


def application(traveller: Traveller | None = None, lines: int = 2, **changes: Any) -> Paper:
    """An application form of so many lines, alternating between two rates."""
    rates = {Vat.V13: 1100, Vat.V9: 800}
    rows = [
        PaperLine(
            make.invoice(f"2542200000001234567{place // 10}"),
            InvoiceLine(make.goods(vat), 1, 100_00 + place, "红色 Red" if place % 3 == 0 else ""),
            rates[vat],
            11_00,
        )
        for place in range(lines)
        for vat in [(Vat.V13, Vat.V9)[place % 2]]
    ]
    who = traveller or make.traveller()
    issued = form(**changes)
    worth = Entitlement(issued.amounts, 0, is_whole=True)
    return Paper(issued, make.store(), "林晓 Lin Xiao", who, tuple(rows), worth)


def slip(traveller: Traveller | None = None, **changes: Any) -> Slip:
    """A slip with the claim code 482913."""
    return Slip(form(**changes), make.store(), traveller or make.traveller(), (), "482913")


def agreement(traveller: Traveller | None = None, **changes: Any) -> AgreementSheet:
    """An agreement that was signed by hand, with a card behind it."""
    signed = Agreement(make.form().form_id, make.NOON, "en", 1, "drawn")
    sheet = AgreementSheet(
        form=form(),
        store=make.store(),
        traveller=traveller or make.traveller(),
        details=make.details(),
        agreement=signed,
        signature=DRAWN,
        guarantee=make.guarantee(),
        advance=None,
    )
    return replace(sheet, **changes)


def authorisation(traveller: Traveller | None = None) -> AuthorisationSheet:
    """A letter of authorisation."""
    return AuthorisationSheet(form(), make.store(), traveller or make.traveller())


def receipt(**changes: Any) -> ReceiptSheet:
    """A receipt for a refund to a card."""
    good = ReceiptSheet(
        receipt_number="WUH-250720-0001",
        issued_on=date(2025, 7, 20),
        traveller_name="CHAN TAI MAN",
        form_number=make.form().form_number,
        code=CODE,
        applied_fen=164_34,
        confirmed_fen=109_56,
        fee_fen=19_92,
        net_fen=89_64,
        way="card",
        account="Visa ···· 1111",
        port="WUH",
        paid_at=make.NOON,
        signature=DRAWN,
    )
    return replace(good, **changes)


def settlement(lines: int = 3) -> SettlementSheet:
    """A month of so many forms, one of them a correction."""
    rows = tuple(
        SettlementLine(
            form_number=f"25070800010{place:04d}"[:15],
            store_zh="试验店",
            store_en="Trial store",
            issued_on=make.DAY,
            verified_on=date(2025, 7, 20),
            sales_fen=1494_00,
            gross_fen=164_34,
            fee_fen=29_88,
            net_fen=134_46,
            way=("advance", "cash")[place % 2],
            is_correction=place == 1,
        )
        for place in range(lines)
    )
    total = SettlementSum(
        "total", lines, *(lines * fen for fen in (1494_00, 164_34, 29_88, 134_46))
    )
    return SettlementSheet(
        number="2025-07",
        month=date(2025, 7, 1),
        lines=rows,
        totals=(replace(total, way="advance"),),
        total=total,
        closed_at=make.NOON,
        closed_by="Operator",
        digest="0123456789abcdef" * 4,
    )
