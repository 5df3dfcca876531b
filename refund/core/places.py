"""The ports through which travellers leave with their goods."""

from dataclasses import dataclass

from refund.core.errors import Refused


@dataclass(frozen=True, slots=True)
class DeparturePort:
    """A port with a refund counter; `participates` since the instant refund began in Hubei."""

    code: str
    name_zh: str
    name_en: str


PORTS: dict[str, DeparturePort] = {
    port.code: port
    for port in (
        DeparturePort("WUH", "武汉天河国际机场", "Wuhan Tianhe International Airport"),
        DeparturePort("YIH", "宜昌三峡国际机场", "Yichang Sanxia International Airport"),
        DeparturePort("ENH", "恩施许家坪国际机场", "Enshi Xujiaping International Airport"),
    )
}
"""Source: reports of the agency's counters in Hubei, 2025."""

HOME_PORT = "WUH"
"""The port named in the promise for purchases in Wuhan. Source: SAT 9/2025, Hubei's practice."""


def read_port(code: str, field: str = "port") -> DeparturePort:
    """The port of a code.

    Raises:
        Refused: `port_unknown`.
    """
    port = PORTS.get(code)
    if port is None:
        raise Refused("port_unknown", field)
    return port
