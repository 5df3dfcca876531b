"""Time of one form's QR code: ours, qrcode's own choice of mask, and a fixed mask, in one run."""

import argparse
import base64
import json
import statistics
import time
from collections.abc import Callable
from random import Random

import qrcode
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.svg import SvgPathImage

from refund.core.signing import code_url
from refund.web import qr

HOST = "https://refund.example.wuhan"


def by_qrcode(url: str) -> object:
    """Draw as qrcode does when nothing is decided for it."""
    return qrcode.make(
        url, error_correction=ERROR_CORRECT_M, image_factory=SvgPathImage
    ).to_string()


def under_a_fixed_mask(url: str) -> object:
    """Draw as qrcode does when it need not choose a mask: the floor of its drawing."""
    return qrcode.make(
        url, error_correction=ERROR_CORRECT_M, image_factory=SvgPathImage, mask_pattern=0
    ).to_string()


DRAWINGS: dict[str, Callable[[str], object]] = {
    "ours_svg": lambda url: qr.svg(url, "form"),
    "ours_matrix": qr.matrix,
    "ours_png": lambda url: qr.png(url, 8),
    "qrcode_svg": by_qrcode,
    "qrcode_svg_fixed_mask": under_a_fixed_mask,
}


def measure(rounds: int, seed: int) -> dict[str, dict[str, float]]:
    """Draw a new code in each round by every way in turn, so that all meet the same machine."""
    chance = Random(seed)  # noqa: S311  # repeatable codes, no secrets
    spent: dict[str, list[float]] = {name: [] for name in DRAWINGS}
    for name, draw in DRAWINGS.items():
        draw(code_url(HOST, "A" * 136))
        spent[name].clear()
    for _ in range(rounds):
        url = code_url(HOST, base64.b32encode(chance.randbytes(85)).decode("ascii"))
        for name, draw in DRAWINGS.items():
            begun = time.perf_counter()
            draw(url)
            spent[name].append((time.perf_counter() - begun) * 1000)
    baseline = statistics.median(spent["qrcode_svg"])
    return {
        name: {
            "median_ms": round(statistics.median(times), 3),
            "p99_ms": round(statistics.quantiles(times, n=100)[98], 3),
            "share_of_qrcode": round(statistics.median(times) / baseline, 3),
        }
        for name, times in spent.items()
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = measure(arguments.rounds, arguments.seed)
    if arguments.json:
        print(json.dumps({"rounds": arguments.rounds, "figures": figures}, indent=2))
        return
    print(f"one QR code, {arguments.rounds} rounds, milliseconds")
    for name, figure in figures.items():
        print(
            f"{name:24} median {figure['median_ms']:7.2f}   p99 {figure['p99_ms']:7.2f}"
            f"   {figure['share_of_qrcode']:5.2f} of qrcode's"
        )


if __name__ == "__main__":
    main()
