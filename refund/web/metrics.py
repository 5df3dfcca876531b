"""`/metrics`: the figures for a watching machine, in Prometheus' text, behind a token."""

import hmac
from collections.abc import Iterable, Iterator

from flask import Blueprint, Response, abort, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from refund.core.case import CaseKind
from refund.core.operation import Kind
from refund.ports import Line
from refund.services.figures import Watched, watched
from refund.web.auth import open_to_all
from refund.web.context import here, ports

pages = Blueprint("metrics", __name__)


@pages.get("/metrics")
@open_to_all
def metrics() -> Response:
    """The audit, cases, what waits and what is out; nothing at all where no token is set."""
    token = here().metrics_token
    if not token:
        abort(404)
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return Response(status=401, headers={"WWW-Authenticate": "Bearer"})
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(watched(ports()), ports().network.line()))
    return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


class _Figures(Collector):
    """The figures of one moment as families of gauges."""

    def __init__(self, found: Watched, line: Line) -> None:
        self._found = found
        self._line = line

    def collect(self) -> Iterable[Metric]:
        """Every family."""
        yield from _audit(self._found)
        yield from _cases(self._found)
        yield from _waiting(self._found)
        yield from _out(self._found)
        failures = "Calls in a row to the network without any answer, of this process."
        yield _gauge("network_line_up", "Whether calls are let through.", self._line.is_up)
        yield _gauge("network_line_failures", failures, self._line.failures)


def _gauge(name: str, what: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"refund_{name}", what, value=value)


def _by(name: str, what: str, label: str, values: dict[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"refund_{name}", what, labels=[label])
    for word, value in values.items():
        family.add_metric([word], value)
    return family


def _audit(found: Watched) -> Iterator[Metric]:
    run = found.run
    if run is None:
        return
    yield _gauge("audit_broken", "Invariants that the last audit found broken.", run.broken)
    yield _gauge("audit_unchecked", "Invariants that it could not check.", run.unchecked)
    age = "Seconds since the last audit began."
    yield _gauge("audit_age_seconds", age, found.run_age.total_seconds())
    yield _gauge("audit_duration_seconds", "How long it took.", run.took_ms / 1000)


def _cases(found: Watched) -> Iterator[Metric]:
    counts: dict[str, float] = {kind.value: found.cases.get(kind, (0,))[0] for kind in CaseKind}
    ages = {kind.value: age.total_seconds() for kind, (_, age) in found.cases.items()}
    yield _by("open_cases", "Open cases.", "kind", counts)
    yield _by("oldest_case_age_seconds", "Age of the oldest open case.", "kind", ages)


def _waiting(found: Watched) -> Iterator[Metric]:
    waiting = found.waiting
    counts: dict[str, float] = {
        kind.value: waiting[kind.value].count if kind.value in waiting else 0 for kind in Kind
    }
    yield _by("pending_operations", "Operations without an answer.", "kind", counts)
    ages = {kind: age.total_seconds() for kind, age in found.waiting_age.items()}
    yield _by("oldest_pending_age_seconds", "Age of the oldest of them.", "kind", ages)
    tries: dict[str, float] = {kind: one.tries for kind, one in waiting.items()}
    yield _by("outbox_tries", "Tries without an answer, of all of them.", "kind", tries)
    most: dict[str, float] = {kind: one.tries_most for kind, one in waiting.items()}
    yield _by("outbox_tries_most", "Tries without an answer, of one of them.", "kind", most)


def _out(found: Watched) -> Iterator[Metric]:
    yield _gauge("advances_out_fen", "Advances that travellers owe, fen.", found.advances_fen)
    counts: dict[str, float] = {
        day.isoformat(): count for day, (count, _) in sorted(found.holds.items())
    }
    sums: dict[str, float] = {day.isoformat(): fen for day, (_, fen) in sorted(found.holds.items())}
    yield _by("holds_ending", "Holds that stand, by the day on which they end.", "day", counts)
    yield _by("holds_ending_fen", "Their sums, fen.", "day", sums)
