"""What papers say: every label by its key, in English; the catalogues have the other languages."""

COMMON = {
    "simulation": "A simulation: no official document, no real money.",
    "void": "VOID",
    "form_number": "Form number",
    "issued": "Issued",
    "store": "Refund store",
    "traveller": "Overseas traveller",
    "traveller_signature": "Traveller's signature",
    "date": "Date",
    "phone": "Telephone",
    "any_port": "any participating port",
    "instant": "instant refund in the store",
    "ordinary": "refund at departure",
    "passport": "Passport",
    "hk_macao_permit": "Mainland Travel Permit for Hong Kong and Macao Residents",
    "taiwan_permit": "Mainland Travel Permit for Taiwan Residents",
    "way_card": "to the card",
    "way_alipay": "Alipay",
    "way_wechat_pay": "WeChat Pay",
    "way_bank_account": "to a bank account",
    "way_transfer": "bank transfer",
    "way_cash": "cash",
}

APPLICATION = {
    "title": "Application form for the departure tax refund",
    "channel": "Kind of refund",
    "store_name": "Name of the store",
    "taxpayer_number": "Taxpayer number",
    "clerk": "Clerk",
    "address": "Address",
    "latin_name": "Name in Latin letters",
    "local_name": "Name in own script",
    "nationality": "Nationality or region",
    "document": "Document",
    "document_number": "Document number",
    "last_entry": "Last entry",
    "goods": "Goods (CNY, tax included)",
    "invoice": "Invoice",
    "line_goods": "Goods",
    "unit": "Unit",
    "quantity": "Quantity",
    "unit_price": "Unit price",
    "amount": "Amount",
    "vat": "VAT",
    "rate": "Refund rate",
    "refund": "Refund",
    "customs_quantity": "Customs' count",
    "sales": "Sales",
    "gross": "Refund in all",
    "fee": "Fee",
    "net": "Net refund",
    "promise_instant": "The traveller promises to leave by %(day)s with these goods, unused, "
    "through %(port)s, and to have customs verify them before baggage is checked in.",
    "promise_ordinary": "Leave by %(day)s with these goods, unused. Once customs have verified "
    "them, the refund is paid at %(port)s.",
    "counts_now": "Printed again: the sums above are those of the day of issue. What counts now, "
    "for the goods that are left: sales CNY %(sales)s, refund CNY %(gross)s, fee CNY %(fee)s, "
    "net refund CNY %(net)s.",
    "customs": "Customs verification",
    "verified_all": "all confirmed",
    "verified_part": "confirmed in part",
    "refused": "refused",
    "customs_sign": "Officer, port, time",
    "review": "Review by the refund agency",
    "approved": "approved",
    "not_approved": "not approved",
    "review_sign": "Paid, how, when",
}

SLIP = {
    "title": "Claim code",
    "keep": "Keep it to yourself. After five wrong tries it no longer works.",
    "store_name": "Name of the store",
    "net": "Net refund",
    "depart_by": "Leave by",
    "port": "Port",
    "step_scan": "Scan the code on the application form with your phone.",
    "step_code": "Enter this claim code, sign the agreement and choose how you are paid.",
    "step_customs": "Before you check in, show goods, form, invoice and document to customs.",
    "step_paid": "After customs, the refund is paid at the refund counter of the port.",
    "for_desks": "The form's number, for the desks to scan.",
}

AGREEMENT = {
    "title": "Agreement on the advance of the departure tax refund",
    "name": "Name of the traveller",
    "document_number": "Document number",
    "contact": "Contact",
    "store_name": "Name of the store",
    "advance": "Advance",
    "way": "How it is paid",
    "guarantee": "Card as a guarantee",
    "authorisation": "Authorisation code",
    "depart_by": "Leave by",
    "port": "Port",
    "signed_at": "Signed at",
    "signed_language": "Language of the signature",
    "typed_name": "Signed with a typed name",
    "drawn": "Signed by hand on a screen",
}

RECEIPT = {
    "title": "Refund receipt",
    "number": "Receipt number",
    "issued_on": "Date of issue",
    "agency": "Refund agency",
    "name": "Name of the traveller",
    "application_number": "Number of the application form",
    "applied": "Refund applied for",
    "confirmed": "Refund after customs' confirmation",
    "fee_rate": "Fee, %(rate)s %%",
    "paid": "Amount refunded",
    "way": "How it is paid",
    "port": "Port",
    "received": "The traveller has received the amount refunded.",
}

AUTHORISATION = {
    "title": "Letter of authorisation",
    "name": "Name of the traveller",
    "nationality": "Nationality or region",
    "document": "Document",
    "document_number": "Document number",
    "store_name": "Name of the store",
    "net": "Net refund",
    "authorise": "I, the traveller named here, authorise the refund agency to pay the refund of "
    "this form, CNY %(net)s, to the account named below, which belongs to another person. Once "
    "it is paid there, it counts as paid to me.",
    "accept": "The account holder agrees to receive the money for the traveller.",
    "no_number": "Write no more of the account's number than its last four digits; the whole "
    "number is given to the payment network alone.",
    "holder": "Account holder",
    "holder_name": "Name of the account holder",
    "holder_document": "Document of the account holder",
    "relation": "Relation to the traveller",
    "bank": "Bank or wallet",
    "account_tail": "Account, last four digits",
    "holder_signature": "Account holder's signature",
}

SETTLEMENT = {
    "title": "Monthly settlement of departure tax refunds",
    "number": "Settlement number",
    "month": "Month",
    "agency": "Refund agency",
    "closed_at": "Closed at",
    "closed_by": "Closed by",
    "digest": "SHA-256 of what was closed",
    "lines": "Confirmed refunds",
    "by_way": "By way of payment",
    "forms": "Forms",
    "total": "Total",
    "verified_on": "Verified",
    "sales": "Sales",
    "gross": "Refund in all",
    "fee": "Fee",
    "net": "Net refund",
    "paid_how": "Paid",
    "correction": "correction",
    "way_advance": "instant advance",
    "way_adjusted": "instant advance, adjusted",
    "seal": "Signature and seal",
}
"""In Chinese and English only: no traveller reads it."""

FOR_TRAVELLERS = {
    "application": APPLICATION,
    "slip": SLIP,
    "agreement": AGREEMENT,
    "receipt": RECEIPT,
    "authorisation": AUTHORISATION,
}
LABELS: dict[str, dict[str, str]] = {
    paper: {**COMMON, **own} for paper, own in {**FOR_TRAVELLERS, "settlement": SETTLEMENT}.items()
}
"""The labels of each paper by key; the catalogues know them in the context CONTEXT."""

CONTEXT = "paper"

WORDING_INTRODUCTION = {
    1: "Between the traveller named here and the refund agency of the store, about refund form "
    "%(number)s.",
}

WORDINGS: dict[int, tuple[tuple[str, tuple[str, ...]], ...]] = {
    1: (
        (
            "1. The advance",
            (
                (
                    "The agency pays the traveller CNY %(net)s in advance: the refund of CNY "
                    "%(gross)s less the fee of CNY %(fee)s, for a purchase of CNY %(sales)s. It "
                    "is paid once."
                ),
            ),
        ),
        (
            "2. The guarantee",
            (
                (
                    "The same amount is held on a credit card of the traveller's own. It is "
                    "held, not charged. Brand, last four digits and authorisation code of the "
                    "card become part of this agreement when the bank answers."
                ),
            ),
        ),
        (
            "3. The promise",
            (
                (
                    "The traveller leaves with the goods, unused, by %(day)s through %(port)s, "
                    "and before that shows goods, invoice, form and document to customs."
                ),
            ),
        ),
        ("4. What follows", ()),
        (
            "5. Personal data",
            (
                (
                    "Name, document, contact and signature serve this refund alone and are kept "
                    "encrypted. The card's number stays with the payment network."
                ),
            ),
        ),
        (
            "6. Language",
            (
                (
                    "The language of the signature is recorded with it; every language says the "
                    "same. This is a simulation: no real money moves."
                ),
            ),
        ),
    ),
}
"""The wordings as their pages say them, by number; a text that was signed is never changed."""

OUTCOMES: tuple[tuple[str, str], ...] = (
    (
        "You leave in time",
        (
            "Customs see the goods and you leave by %(day)s through %(port)s: the hold on your "
            "card is released. The money stays yours."
        ),
    ),
    (
        "You leave later, or elsewhere",
        (
            "The advance is charged to your card within 3 working days after %(day)s. You can "
            "still ask for the ordinary refund when you do leave, until %(last)s."
        ),
    ),
    (
        "You show fewer goods",
        (
            "The refund counts for the goods that customs see. Only the difference is charged, "
            "the rest of the hold is released."
        ),
    ),
    (
        "You return goods to the store",
        (
            "The form becomes void and the advance comes back: you pay it in the store, or it is "
            "charged to your card."
        ),
    ),
    (
        "Customs do not confirm the goods",
        "The advance is charged in full, and this form gives no refund any more.",
    ),
)
"""What follows, where a port is promised; the place of clause 4."""

OUTCOMES_ANY_PORT: tuple[tuple[str, str], ...] = (
    (
        "You leave in time",
        (
            "Customs see the goods and you leave by %(day)s: the hold on your card is released. "
            "The money stays yours."
        ),
    ),
    ("You leave later", OUTCOMES[1][1]),
    *OUTCOMES[2:],
)
"""The same where any port will do."""

ANY_PORT = "any port with a refund counter"
"""How the agreement's pages name the place where any port will do."""


def sentences() -> list[str]:
    """Every message of the agreement that its pages have too, each once, in their order."""
    found: list[str] = []
    for number, clauses in WORDINGS.items():
        found.append(WORDING_INTRODUCTION[number])
        for head, texts in clauses:
            found += [head, *texts]
    for pair in (*OUTCOMES, *OUTCOMES_ANY_PORT):
        found += pair
    return list(dict.fromkeys([*found, ANY_PORT]))
