"""The officer's work without the network: its page, the shift, what is sent, and reviews."""

import base64
from pathlib import Path
from typing import Literal

from flask import current_app, jsonify, redirect, render_template, request, url_for
from flask.wrappers import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from werkzeug.wrappers import Response as AnyResponse

from refund.core.customs import Place, RefusalReason
from refund.core.entitlement import ConfirmedLine
from refund.core.errors import REFUSALS, Refused
from refund.core.offline import LATE, Act, OfflineDecision, Received, Resolved
from refund.core.scanned import public_origin
from refund.core.signing import ring_document
from refund.services.desk_figures import desk_figures
from refund.services.offline import Sent, begin_shift, end_shift, take_in
from refund.services.offline_review import count_waiting, resolve, review, waiting_reviews
from refund.web.auth import actor, open_to_all, reads_with_camera
from refund.web.context import ports
from refund.web.customs import pages
from refund.web.filters import errors_by_field
from refund.web.parse import typed_fields
from refund.web.security import csrf_token

BATCH_MAX = 100
"""Decisions in one sending; a device sends the rest after that."""

KEPT = (
    *("css/tokens.css", "css/page.css", "css/parts.css", "css/print.css", "css/customs.css"),
    *("css/customs_offline.css", "img/icon.svg", "img/signs.svg", "js/app.js", "js/copy.js"),
    *("js/scanner.js", "js/customs.js", "js/customs_scan.js", "js/customs_tones.js"),
    *("js/customs_camera.js", "js/offline_desk.js", "js/offline_codes.js", "js/offline_vault.js"),
    *("js/offline_shift.js", "js/offline_answer.js", "js/offline_queue.js", "js/stepper.js"),
    "js/enhance.js",
    *("vendor/barcode-detector/ponyfill.js", "vendor/barcode-detector/zxing-exported.js"),
    *("vendor/zxing/zxing_reader.wasm", "vendor/noble-ed25519/index.js"),
)
"""Every file that the page needs when there is no network."""


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    key: tuple[int, int] = Field(strict=False)
    quantity: int = Field(ge=0, le=999)
    seal: str = Field(default="", max_length=40)


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    decision_id: str = Field(pattern="^[0-9a-f]{32}$")
    sequence: int = Field(ge=1, le=1_000_000, strict=True)
    code: str = Field(max_length=2000)
    form_id: str = Field(pattern="^[0-9a-f]{16}$")
    act: Literal["confirm", "lines", "refuse"]
    decided_at: AwareDatetime
    scanned_at: AwareDatetime
    lines: list[_Line] | None = Field(default=None, max_length=600)
    seen: list[_Line] | None = Field(default=None, max_length=600)
    place: Literal["", "before_check_in", "after_check_in"] = ""
    reason: Literal["", "goods_differ", "person_differs", "other_breach"] = ""
    note: str = Field(default="", max_length=1000)

    def decision(self) -> OfflineDecision:
        """What the officer decided, as the field says it."""
        lines, seen = self.lines, self.seen
        return OfflineDecision(
            decision_id=self.decision_id,
            sequence=self.sequence,
            form_id=self.form_id,
            act=Act(self.act),
            decided_at=self.decided_at,
            scanned_at=self.scanned_at,
            lines=None
            if lines is None
            else tuple(ConfirmedLine(one.key, one.quantity, one.seal) for one in lines),
            seen=None if seen is None else tuple((one.key, one.quantity) for one in seen),
            place=Place(self.place),
            reason=RefusalReason(self.reason),
            note=self.note,
        )


class _Batch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    shift: str = Field(min_length=1, max_length=100)
    sent_at: AwareDatetime
    decisions: list[_Sent] = Field(max_length=BATCH_MAX)


@pages.get("/worker.js")
@open_to_all
def worker() -> Response:
    """The service worker, which may answer for the customs' pages alone."""
    script = Path(current_app.static_folder or "") / "js" / "customs_worker.js"
    return Response(script.read_bytes(), mimetype="text/javascript")


@pages.get("/offline")
@reads_with_camera
def offline() -> str:
    """The page for a shift without the network; kept by the browser while a shift goes on."""
    kept = [url_for("static", filename=name) for name in KEPT]
    return render_template(
        "customs/offline.html",
        kept=[url_for("customs.offline"), *kept],
        reasons=[one for one in RefusalReason if one is not RefusalReason.NONE],
    )


@pages.get("/offline/state")
def offline_state() -> Response:
    """Whether the officer is signed in here, the token for what is sent, and our clock."""
    return jsonify(
        {
            "token": csrf_token(),
            "now": ports().clock.now().isoformat(),
            "officer": actor().staff_id,
            "reviews": count_waiting(ports(), actor()),
        }
    )


@pages.post("/offline/shift")
def offline_begin() -> Response:
    """Begin a shift: keys, stores, and the forms that may come, each sealed by its own code."""
    kit = begin_shift(ports(), actor(), request.form.get("device_id", ""))
    shift = kit.shift
    return jsonify(
        {
            "shift": shift.shift_id,
            "officer": shift.staff_id,
            "port": shift.port,
            "began_at": shift.began_at.isoformat(),
            "until": kit.until.isoformat(),
            "late_hours": LATE.total_seconds() // 3600,
            "origin": public_origin(ports().public_url),
            "rehearsal": ports().is_rehearsal,
            "keys": ring_document(ports().keys.ring())["keys"],
            "stores": {
                store.store_number: {"zh": store.name_zh, "en": store.name_en}
                for store in kit.stores
            },
            "rows": {name: base64.b64encode(row).decode() for name, row in kit.rows.items()},
        }
    )


@pages.post("/offline/end")
def offline_end() -> Response:
    """End a shift; the device then forgets what it took along."""
    shift = end_shift(ports(), actor(), request.form.get("shift", ""))
    return jsonify({"ended_at": shift.ended_at and shift.ended_at.isoformat()})


@pages.post("/offline/decisions")
def offline_decisions() -> Response | tuple[Response, int]:
    """Take in a batch of decisions; sent twice, it is answered alike."""
    try:
        batch = _Batch.model_validate_json(request.get_data())
    except ValidationError:
        return jsonify({"refused": "field_unreadable"}), 422
    sent = [Sent(one.decision(), one.code) for one in batch.decisions]
    try:
        taken = take_in(ports(), actor(), batch.shift, batch.sent_at, sent)
    except Refused as refused:
        return jsonify({"refused": refused.code}), REFUSALS[refused.code].status
    return jsonify({"taken": [_said(one) for one in taken]})


def _said(received: Received) -> dict[str, str]:
    return {
        "decision_id": received.decision.decision_id,
        "outcome": received.outcome.value,
        "why": received.why,
    }


@pages.get("/reviews")
def reviews() -> str:
    """Decisions taken offline that did not fit what the service knew, at this port."""
    return render_template("customs/reviews.html", found=waiting_reviews(ports(), actor()))


@pages.get("/reviews/<decision_id>")
def review_one(decision_id: str) -> str:
    """Both sides of one decision, and how to end it."""
    return _review_page(decision_id, {}, None)


@pages.post("/reviews/<decision_id>")
def review_end(decision_id: str) -> str | AnyResponse | tuple[str, int]:
    """Let the decision count, or set it aside; with a reason."""
    typed, _ = typed_fields(request.form)
    resolved = Resolved.APPLIED if "apply" in typed else Resolved.SET_ASIDE
    try:
        resolve(ports(), actor(), decision_id, resolved, typed.get("reason", ""))
    except Refused as refused:
        if refused.field != "reason":
            raise
        return _review_page(decision_id, typed, refused), 422
    return redirect(url_for("customs.review_one", decision_id=decision_id), 303)


def _review_page(decision_id: str, typed: dict[str, str], refused: Refused | None) -> str:
    return render_template(
        "customs/review.html",
        seen=review(ports(), actor(), decision_id),
        typed=typed,
        errors=errors_by_field([refused] if refused else []),
    )


@pages.get("/figures")
def figures() -> str:
    """The figures of the desk's own port today."""
    return render_template("customs/figures.html", figures=desk_figures(ports(), actor()))
