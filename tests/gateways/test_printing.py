"""The receipt printer: what it burns is the page, dot by dot; when it cannot, that is said."""

from __future__ import annotations

import socket
from io import BytesIO

import pytest
import zxingcpp
from PIL import Image, ImageChops

from refund.core.errors import Refused
from refund.core.signing import code_url
from refund.gateways.printing import NetworkPrinter, black_and_white
from refund.web import papers
from tests import make, sheets
from tests.gateways.receipt_printer import (
    NO_PAPER,
    OFFLINE,
    PlayedPrinter,
    played_printer,
)
from tests.world import World

IMPATIENT_SECONDS = 0.3


def strip_of(world: World, locale: str = "ja") -> bytes:
    """A receipt in three languages."""
    return papers.receipt_strip(world.ports, sheets.receipt(), locale)


def test_what_is_burnt_is_the_page_dot_by_dot(world: World) -> None:
    strip = strip_of(world)
    with played_printer(PlayedPrinter()) as printer:
        NetworkPrinter("127.0.0.1", printer.port).put_out(strip)
    assert printer.problems == []
    (burnt,) = printer.strips
    expected = black_and_white(strip)
    assert burnt.size == expected.size
    assert burnt.width == 576
    assert ImageChops.logical_xor(burnt, expected).getbbox() is None


def test_the_code_is_read_from_what_was_burnt(world: World) -> None:
    with played_printer(PlayedPrinter()) as printer:
        NetworkPrinter("127.0.0.1", printer.port).put_out(strip_of(world))
    found = zxingcpp.read_barcodes(printer.strips[0].convert("L"))
    assert [one.text for one in found] == [code_url(world.ports.public_url, sheets.CODE)]


def test_a_slip_longer_than_a_band_arrives_whole(world: World) -> None:
    handed = sheets.slip(make.traveller(local_name=""))
    strip = papers.slip_strip(world.ports, handed, "ar")
    with played_printer(PlayedPrinter()) as printer:
        NetworkPrinter("127.0.0.1", printer.port).put_out(strip)
    assert printer.strips[0].height > 960
    found = zxingcpp.read_barcodes(printer.strips[0].convert("L"))
    assert [one.text for one in found] == [handed.form.form_number]


def test_two_strips_follow_one_another(world: World) -> None:
    with played_printer(PlayedPrinter()) as printer:
        gateway = NetworkPrinter("127.0.0.1", printer.port)
        gateway.put_out(strip_of(world, "ko"))
        gateway.put_out(strip_of(world, "ru"))
    assert len(printer.strips) == 2
    assert printer.strips[0].tobytes() != printer.strips[1].tobytes()


def refusal(printer: NetworkPrinter) -> object:
    """Why a printer did not print."""
    white = Image.new("L", (576, 3000), 255)
    with pytest.raises(Refused) as refused:
        printer.put_out(png(white))
    assert refused.value.code == "printer_unreachable"
    return refused.value.facts["why"]


def png(picture: Image.Image) -> bytes:
    """A picture as a file."""
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def test_a_printer_that_is_off_is_said_to_be_off() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert refusal(NetworkPrinter("127.0.0.1", port)) == "off"


@pytest.mark.parametrize("state", [PlayedPrinter(status=OFFLINE), PlayedPrinter(paper=NO_PAPER)])
def test_a_printer_that_is_not_ready_gets_nothing(state: PlayedPrinter) -> None:
    with played_printer(state) as printer:
        assert refusal(NetworkPrinter("127.0.0.1", printer.port)) == "not_ready"
    assert printer.strips == []


@pytest.mark.parametrize("after_bytes", [0, 6, 40_000])
def test_a_printer_that_falls_silent_is_not_waited_for(after_bytes: int) -> None:
    with played_printer(PlayedPrinter(mutes_after=after_bytes)) as printer:
        gateway = NetworkPrinter("127.0.0.1", printer.port, IMPATIENT_SECONDS)
        assert refusal(gateway) == "silent"
    assert printer.strips == []


@pytest.mark.parametrize("after_bytes", [0, 6, 40_000])
def test_a_printer_that_hangs_up_is_noticed(after_bytes: int) -> None:
    with played_printer(PlayedPrinter(mutes_after=after_bytes, hangs_up=True)) as printer:
        assert refusal(NetworkPrinter("127.0.0.1", printer.port)) == "silent"
    assert printer.strips == []


def test_it_prints_again_when_it_is_back(world: World) -> None:
    with played_printer(PlayedPrinter(paper=NO_PAPER)) as printer:
        gateway = NetworkPrinter("127.0.0.1", printer.port)
        with pytest.raises(Refused):
            gateway.put_out(strip_of(world))
        printer.paper = 0x12
        gateway.put_out(strip_of(world))
    assert len(printer.strips) == 1
