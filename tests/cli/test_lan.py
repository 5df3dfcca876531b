"""`--lan`: the one way in from the local network, by TLS, and what stays shut all the same."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Mapping
from pathlib import Path

import pytest
import urllib3

from refund.cli.demo_people import FILE
from tests.cli.screen import seen_by_a_camera
from tests.cli.terminal import Running, Terminal

THERE = "127.0.0.2"
"""An address of this machine's own that stands for one of the local network."""


class Phone:
    """A phone that trusts the instance's authority, and no other."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        context = ssl.create_default_context(cafile=str(terminal.instance / "tls/authority.crt"))
        self._http = urllib3.PoolManager(ssl_context=context, retries=False, timeout=10)

    def asks(
        self, path: str, *, network: bool = False, headers: Mapping[str, str] | None = None
    ) -> urllib3.BaseHTTPResponse:
        """What the service answers, or the sandbox network."""
        port = self._terminal.sandbox_port if network else self._terminal.port
        return self._http.request(
            "GET", f"https://{THERE}:{port}{path}", headers=headers, redirect=False
        )


def _opened(running: Running) -> str:
    return running.await_words("OPEN TO THE LOCAL NETWORK")


def test_a_phone_reaches_the_service_and_the_card_page_by_tls_it_can_verify(
    demo: Terminal,
) -> None:
    with demo.process("demo", "--lan", THERE) as running:
        said = running.await_words("Ctrl-C ends it.")
        assert "OPEN TO THE LOCAL NETWORK" in said
        phone = Phone(demo)
        assert phone.asks("/healthz").status == 200
        home = phone.asks("/", headers={"Accept-Language": "zh-CN"})
        assert "SIMULATION" in home.data.decode()
        assert 'lang="zh-Hans"' in home.data.decode()
        origin = f"https://{THERE}:{demo.sandbox_port}"
        assert f"form-action 'self' {origin}" in home.headers["Content-Security-Policy"]
        assert "Strict-Transport-Security" not in home.headers
        door = phone.asks("/store/sign-in")
        assert "Secure" in door.headers["Set-Cookie"]
        assert phone.asks("/static/css/tokens.css", network=True).status == 200
        assert phone.asks("/card/nobody", network=True).status == 404
        assert running.end() == 0
    with pytest.raises(urllib3.exceptions.HTTPError):
        phone.asks("/healthz")


def test_what_is_for_machines_and_for_whoever_plays_the_network_stays_inside(
    demo: Terminal,
) -> None:
    settings = {"REFUND_METRICS_TOKEN": "a word of sixteen or more"}
    here = Terminal(demo.instance, demo.port, demo.sandbox_port, settings)
    with here.process("demo", "--lan", THERE) as running:
        running.await_words("Ctrl-C ends it.")
        phone = Phone(here)
        token = {"Authorization": f"Bearer {settings['REFUND_METRICS_TOKEN']}"}
        for path in ("/metrics", "/%6detrics", "/network/events"):
            answer = phone.asks(path, headers=token)
            assert (answer.status, answer.headers["Content-Type"][:10]) == (404, "text/plain")
        for path in ("/control", "/v1/book", "/healthz", "/"):
            assert phone.asks(path, network=True).status == 404
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.3", here.port), timeout=5)
        running.end()


def test_the_codes_on_the_terminal_lead_a_camera_to_the_service_and_its_help(
    demo: Terminal,
) -> None:
    with demo.process("serve", "--lan", THERE) as running:
        said = _opened(running)
        here = f"https://{THERE}:{demo.port}"
        assert seen_by_a_camera(said) == [f"{here}/", f"{here}/help/phones"]
        phone = Phone(demo)
        page = phone.asks("/help/phones").data.decode().replace("<wbr>", "")
        fingerprint = said.partition("SHA-256: ")[2].partition("\n")[0]
        assert fingerprint in page
        certificate = phone.asks("/ca.crt")
        assert certificate.headers["Content-Type"] == "application/x-x509-ca-cert"
        pem = (demo.instance / "tls/authority.crt").read_text("ascii")
        assert certificate.data == ssl.PEM_cert_to_DER_cert(pem)
        running.end()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--lan", "8.8.8.8"), "is not a private address"),
        (("--lan", "0.0.0.0"), "is not a private address"),  # noqa: S104 - refused
        (("--lan", "shop"), "takes an address such as"),
        (("--lan", "10.255.254.253"), "name an address of this machine"),
    ],
)
@pytest.mark.parametrize("command", ["serve", "sandbox", "demo"])
def test_an_address_that_is_public_or_not_this_machine_s_is_refused(
    terminal: Terminal, command: str, words: tuple[str, ...], said: str
) -> None:
    result = terminal.run(command, *words)
    assert result.exit_code == 2
    assert said in result.stderr


def test_an_address_of_one_s_own_for_the_codes_and_lan_do_not_go_together(tmp_path: Path) -> None:
    settings = {"REFUND_PUBLIC_URL": "https://refund.example"}
    result = Terminal(tmp_path / "i", settings=settings).run("serve", "--lan", THERE)
    assert result.exit_code == 2
    assert "leave REFUND_PUBLIC_URL out" in result.stderr


def test_without_the_flag_nothing_but_this_machine_is_listened_to(demo: Terminal) -> None:
    with demo.process("serve") as running:
        running.await_answer(f"http://127.0.0.1:{demo.port}/healthz")
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((THERE, demo.port), timeout=5)
        running.end()
    assert not (demo.instance / "tls").exists()


def test_a_key_of_the_certificates_that_others_can_read_is_told(demo: Terminal) -> None:
    with demo.process("serve", "--lan", THERE) as running:
        _opened(running)
        running.end()
    (demo.instance / "tls/server.key").chmod(0o644)
    result = demo.run("serve", "--lan", THERE)
    assert result.exit_code == 2
    assert "is open to others" in result.stderr


def test_the_welcome_of_the_demo_names_both_ways_in(demo: Terminal) -> None:
    with demo.process("demo", "--lan", THERE) as running:
        said = running.await_words("Ctrl-C ends it.")
        people = json.loads((demo.instance / FILE).read_text("utf-8"))
        assert people[0]["password"] in said
        assert f"http://127.0.0.1:{demo.port}/store/" in said
        assert f"https://{THERE}:{demo.port}/" in said
        running.end()
