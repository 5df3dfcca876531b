"""Every paper in every language: whole, and with a code that is read when it was crumpled."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from random import Random

import pytest
from PIL import Image, ImageChops, ImageFilter

from refund.core.signing import code_url
from refund.ports import Ports
from refund.web import papers
from refund.web.paper_languages import LANGUAGES
from refund.web.paper_money import settlement_code
from refund.web.paper_words import LABELS
from tests import pdf, sheets
from tests.world import PUBLIC_URL, World

SCANNED_DOTS_PER_INCH = 90
"""What a cheap scanner, or a phone at arm's length, sees."""

SIGNED = code_url(PUBLIC_URL, sheets.CODE)
NUMBER = sheets.form().form_number


Make = Callable[[Ports, str], bytes]

MADE: dict[str, tuple[Make, str]] = {
    "application": (
        lambda ports, at: papers.application_pdf(
            ports, sheets.application(sheets.TRAVELLERS[at]), at
        ),
        SIGNED,
    ),
    "slip": (
        lambda ports, at: papers.slip_pdf(ports, sheets.slip(sheets.TRAVELLERS[at]), at),
        NUMBER,
    ),
    "agreement": (
        lambda ports, at: papers.agreement_pdf(ports, sheets.agreement(sheets.TRAVELLERS[at]), at),
        SIGNED,
    ),
    "authorisation": (
        lambda ports, at: papers.authorisation_pdf(
            ports, sheets.authorisation(sheets.TRAVELLERS[at]), at
        ),
        SIGNED,
    ),
    "receipt": (lambda ports, at: papers.receipt_pdf(ports, sheets.receipt(), at), SIGNED),
    "receipt_strip": (
        lambda ports, at: papers.receipt_strip_pdf(ports, sheets.receipt(), at),
        SIGNED,
    ),
    "settlement": (
        lambda ports, _: papers.settlement_pdf(ports, sheets.settlement()),
        settlement_code(sheets.settlement()),
    ),
}
"""How each paper is made in a language, and what its code holds."""


def crumpled(page: Image.Image, seed: int) -> Image.Image:
    """A page that was in a pocket: turned, folded into shades, out of focus, and grainy."""
    chance = Random(seed)  # noqa: S311  # the same crumple in every run
    angle = chance.uniform(-12, 12)
    turned = page.rotate(angle, Image.Resampling.BILINEAR, expand=True, fillcolor=255)
    shade = Image.frombytes("L", (5, 7), bytes(chance.randint(200, 255) for _ in range(35)))
    folded = ImageChops.multiply(turned, shade.resize(turned.size, Image.Resampling.BICUBIC))
    blurred = folded.filter(ImageFilter.GaussianBlur(0.5))
    noise = Image.frombytes("L", blurred.size, chance.randbytes(blurred.width * blurred.height))
    grain = noise.point([128 + (value - 128) // 4 for value in range(256)])
    return ImageChops.add(blurred, grain, scale=1, offset=-128)


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("paper", MADE)
def test_each_paper_is_whole_in_each_language(world: World, paper: str, locale: str) -> None:
    content = MADE[paper][0](world.ports, locale)
    assert pdf.standard(content) == ("2", "B")
    assert pdf.fonts_not_embedded(content) == 0
    assert all("SIMULATION · 模拟" in page for page in pdf.texts(content))
    assert "模拟单据，并非官方文件" in pdf.text(content)


@pytest.mark.parametrize("paper", MADE)
def test_the_code_of_each_paper_is_read_at_90_dots_per_inch(world: World, paper: str) -> None:
    make, expected = MADE[paper]
    page = pdf.pages(make(world.ports, "ja"), SCANNED_DOTS_PER_INCH)[0]
    assert pdf.codes(page) == [expected]


@pytest.mark.parametrize("paper", MADE)
def test_the_code_of_each_paper_is_read_after_a_crumple(world: World, paper: str) -> None:
    make, expected = MADE[paper]
    page = pdf.pages(make(world.ports, "ar"), SCANNED_DOTS_PER_INCH)[0]
    read = [pdf.codes(crumpled(page, seed)) for seed in range(6)]
    assert read == [[expected]] * 6


def test_the_slip_never_carries_the_code_that_opens_the_form(world: World) -> None:
    for locale in LANGUAGES:
        page = pdf.pages(MADE["slip"][0](world.ports, locale), 150)[0]
        assert pdf.codes(page) == [NUMBER]


def test_the_receipt_has_the_labels_of_its_form(world: World) -> None:
    said = pdf.text(MADE["receipt"][0](world.ports, "en")).replace(" ", "")
    for label in (
        "境外旅客购物离境退税收款回执单", "编号", "开单日期", "退税代理机构", "电话",
        "境外旅客姓名", "退税申请单号", "申请退税额", "海关确认后退款金额", "退税手续费2%",
        "退税金额", "退款方式",
        "境外旅客签字", "汉口银行（模拟）", "164.34", "109.56", "19.92", "CNY89.64", "Visa····1111",
    ):  # fmt: skip
        assert label in said, label


def test_a_form_of_sixty_lines_repeats_its_head_and_counts_its_pages(world: World) -> None:
    content = papers.application_pdf(world.ports, sheets.application(lines=60), "fr")
    read = pdf.texts(content)
    assert len(read) == 3
    for place, page in enumerate(read, start=1):
        assert f"{place} / 3" in page
        assert "Prix unitaire" in page
        assert "250708-0001-0001-1" in page
    assert [len(pdf.codes(page)) for page in pdf.pages(content, 130)] == [1, 0, 0]


def test_a_drawn_signature_is_drawn(world: World) -> None:
    signed = papers.receipt_pdf(world.ports, sheets.receipt())
    blank = papers.receipt_pdf(world.ports, sheets.receipt(signature=None))
    dark = [sum(pdf.pages(one)[0].histogram()[:128]) for one in (signed, blank)]
    assert dark[0] > dark[1] + 300


@pytest.mark.parametrize("locale", LANGUAGES)
def test_a_strip_for_the_printer_is_576_dots_wide(world: World, locale: str) -> None:
    strips = [
        papers.slip_strip(world.ports, sheets.slip(sheets.TRAVELLERS[locale]), locale),
        papers.receipt_strip(world.ports, sheets.receipt(), locale),
    ]
    for strip, expected in zip(strips, (NUMBER, SIGNED), strict=True):
        with Image.open(BytesIO(strip)) as picture:
            assert picture.width == 576
            assert pdf.codes(picture.convert("L")) == [expected]


def test_money_and_days_keep_their_order_in_arabic(world: World) -> None:
    said = pdf.text(papers.agreement_pdf(world.ports, sheets.agreement(), "ar"))
    for figure in ("2025-07-25", "2025-10-06", "1,494.00", "134.46"):
        assert said.count(figure) >= 3, figure


def test_every_label_of_a_paper_can_be_said(world: World) -> None:
    """A label that a template does not know would be a mistake of a key."""
    assert set(LABELS) >= {name for name in MADE if name != "receipt_strip"}
