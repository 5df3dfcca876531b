"""The QR code: qrcode's own matrix, drawn so that another library reads it back."""

import io
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from qrcode import util
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

from refund.core.scanned import ALPHABET, CODE_LENGTH
from refund.core.signing import code_url
from refund.web import qr

TWENTY = "https://refund.example.wuhan"
SVG = "{http://www.w3.org/2000/svg}"

codes = st.text(ALPHABET, min_size=CODE_LENGTH, max_size=CODE_LENGTH)
urls = codes.map(lambda code: code_url(TWENTY, code))
texts = st.text(util.ALPHA_NUM.decode(), min_size=1, max_size=220)


def by_qrcode(text: str) -> QRCode[Any]:
    code: QRCode[Any] = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(util.QRData(text, mode=2))
    code.make()
    return code


def read_back(picture: Image.Image) -> zxingcpp.Barcode:
    (found,) = zxingcpp.read_barcodes(
        picture.convert("L"), formats=zxingcpp.barcode_formats_from_str("QRCode")
    )
    assert found.format == zxingcpp.BarcodeFormat.QRCode
    return found


def drawn(svg: str, scale: int) -> Image.Image:
    """Draw an SVG of ours as a browser would: its white ground, then each stroke a module wide."""
    root = ET.fromstring(svg)  # noqa: S314  # our own drawing
    side = int(root.attrib["viewBox"].split()[2])
    ground, strokes = root.findall(f"{SVG}path")
    assert ground.attrib == {"fill": "#fff", "d": f"M0 0h{side}v{side}H0z"}
    picture = Image.new("L", (side * scale, side * scale), 255)
    pen = ImageDraw.Draw(picture)
    steps = re.findall(r"m(-?\d+) (-?[\d.]+)h(\d+)", strokes.attrib["d"])
    assert "".join(f"m{x} {y}h{length}" for x, y, length in steps) == strokes.attrib["d"]
    x, y = 0, 0.0
    for right, down, length in steps:
        x, y = x + int(right), y + float(down)
        left, top = x * scale, int((y - 0.5) * scale)
        x += int(length)
        pen.rectangle((left, top, x * scale - 1, top + scale - 1), fill=0)
    return picture


@settings(max_examples=30, deadline=None)
@given(urls | texts)
def test_the_matrix_is_the_one_that_qrcode_would_choose(text: str) -> None:
    theirs = by_qrcode(text)
    assert qr.matrix(text) == tuple(tuple(map(bool, row)) for row in theirs.modules)
    assert qr.version_of(text) == theirs.version


@pytest.mark.parametrize("version", range(1, 13))
def test_every_mask_is_charged_what_the_standard_says(version: int) -> None:
    code = by_qrcode("A")
    code.version = version
    code.data_cache = util.create_data(version, ERROR_CORRECT_M, code.data_list)
    for pattern in range(8):
        code.makeImpl(True, pattern)
        rows = int("".join("01"[bool(dark)] for row in code.modules for dark in row), 2)
        turned = zip(*code.modules, strict=True)
        columns = int("".join("01"[bool(dark)] for column in turned for dark in column), 2)
        assert qr.penalty(rows, columns, code.modules_count) == util.lost_point(code.modules)


@pytest.mark.parametrize("dark", [0, 1])
@pytest.mark.parametrize("size", [21, 45])
def test_a_symbol_of_one_colour_is_charged_at_its_edges_too(dark: int, size: int) -> None:
    modules: list[list[bool | None]] = [[bool(dark)] * size for _ in range(size)]
    whole = ((1 << size * size) - 1) * dark
    assert qr.penalty(whole, whole, size) == util.lost_point(modules)


@settings(max_examples=60, deadline=None)
@given(st.integers(21, 49).flatmap(lambda n: st.tuples(st.just(n), st.binary(min_size=n * n // 8))))
def test_any_pattern_of_modules_is_charged_as_by_qrcode(drawn_bits: tuple[int, bytes]) -> None:
    size, raw = drawn_bits
    bits = f"{int.from_bytes(raw):b}".zfill(size * size)[: size * size]
    modules: list[list[bool | None]] = [
        [bit == "1" for bit in bits[at : at + size]] for at in range(0, size * size, size)
    ]
    columns = "".join(bits[at::size] for at in range(size))
    assert qr.penalty(int(bits, 2), int(columns, 2), size) == util.lost_point(modules)


@settings(max_examples=30, deadline=None)
@given(urls)
def test_the_svg_is_read_back_by_another_library(url: str) -> None:
    found = read_back(drawn(qr.svg(url, "a form"), scale=4))
    assert found.text == url
    assert found.ec_level == "M"


@settings(max_examples=30, deadline=None)
@given(urls)
def test_the_png_is_read_back_by_another_library(url: str) -> None:
    assert read_back(Image.open(io.BytesIO(qr.png(url, scale=3)))).text == url


def test_svg_and_png_show_the_same_modules_in_a_quiet_zone_of_four() -> None:
    url = code_url(TWENTY, "A7" * 68)
    picture = Image.open(io.BytesIO(qr.png(url, scale=5)))
    assert picture.mode == "1"
    assert picture.size == (5 * (45 + 8), 5 * (45 + 8))
    assert picture.convert("L").tobytes() == drawn(qr.svg(url, "a form"), scale=5).tobytes()
    dark = Image.eval(picture.convert("L"), lambda value: 255 - value)
    assert dark.getbbox() == (20, 20, 20 + 225, 20 + 225)


def test_a_code_behind_a_host_of_twenty_characters_fits_version_seven() -> None:
    url = code_url(TWENTY, "A" * CODE_LENGTH)
    assert len(url) == len("HTTPS://") + 20 + len("/F/") + CODE_LENGTH
    assert qr.version_of(url) == 7
    assert len(qr.matrix(url)) == 45


def test_the_longest_host_that_is_let_through_fits_version_eight() -> None:
    url = code_url("https://" + "a" * 74, "A" * CODE_LENGTH)
    assert qr.version_of(url) == 8
    assert by_qrcode(url).version == 8


def test_the_svg_is_compact_and_needs_no_exception_from_the_policy() -> None:
    drawing = qr.svg(code_url(TWENTY, "A7" * 68), 'Code of form <260708-0001-0001-5> & "more"')
    root = ET.fromstring(drawing)  # noqa: S314  # our own drawing
    assert root.attrib["role"] == "img"
    assert root.attrib["shape-rendering"] == "crispEdges"
    assert root.findtext(f"{SVG}title") == 'Code of form <260708-0001-0001-5> & "more"'
    assert "style" not in drawing
    assert "\n" not in drawing
    assert len(drawing) < 5000


@pytest.mark.parametrize("text", ["", "lower", "退税", "A#", "A\n", "A" * 3392])
def test_a_text_that_no_code_of_ours_holds_is_a_defect(text: str) -> None:
    with pytest.raises(ValueError, match="QR code"):
        qr.matrix(text)
