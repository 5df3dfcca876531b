"""A TLS handshake in memory, as a phone does it with a server."""

from __future__ import annotations

import ssl

from refund.gateways.certificates import Certificates


def shake_hands(files: Certificates, asked: str, *, trusts: bool = True) -> str:
    """Ask a server with these files for a name; why the phone refuses it, or nothing."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files.chain, files.key)
    phone = ssl.create_default_context(cafile=str(files.authority) if trusts else None)
    to_server, to_phone = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        phone.wrap_bio(to_phone, to_server, server_hostname=asked),
        server.wrap_bio(to_server, to_phone, server_side=True),
    ]
    for _ in range(6):
        for side in sides:
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError as error:
                return str(error)
    return ""
