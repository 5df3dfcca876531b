"""The front: where each audience begins, the public keys, and whether the service is well."""

import platform
from importlib.metadata import version

from flask import Blueprint, Response, jsonify, render_template

from refund import __version__
from refund.core.signing import ring_document
from refund.web.auth import open_to_all
from refund.web.context import ports

pages = Blueprint("front", __name__)

PACKAGES = ("flask", "granian", "qrcode", "cryptography", "sqlite-utils", "pysqlite3", "psycopg")


@pages.get("/")
@open_to_all
def home() -> str:
    """Where each audience begins."""
    return render_template("home.html")


@pages.get("/keys.json")
@open_to_all
def keys() -> Response:
    """The public keys with which anyone can verify a code offline."""
    return jsonify(ring_document(ports().keys.ring()))


@pages.get("/healthz")
@open_to_all
def healthz() -> tuple[Response, int]:
    """What runs, and whether it is well."""
    facts = ports().storage.facts()
    migrated = facts.get("migrations") == facts.get("migrations_known")
    durable = facts["engine"] != "sqlite" or facts.get("synchronous") in {"FULL", "EXTRA"}
    signs = _can_sign()
    well = migrated and durable and signs
    report = {
        "status": "ok" if well else "unwell",
        "version": __version__,
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "storage": facts,
        "checks": {"migrated": migrated, "durable": durable, "can_sign": signs},
    }
    return jsonify(report), 200 if well else 503


def _can_sign() -> bool:
    """Whether a form could be issued now; without a key, verification and payments go on."""
    return any(key.issue_until is None for key in ports().keys.ring().keys)
