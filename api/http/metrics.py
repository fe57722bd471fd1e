"""What operators watch, in Prometheus' text format. Labels are routes and statuses, never ids or names."""

from __future__ import annotations

import time
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Meters", "Metrics"]

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Meters:
    """The service's meters, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "ledger_requests", "Requests by first path segment and status", ["path", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "ledger_request_seconds", "Time to the first byte", ["path"], buckets=_SECONDS, registry=self.registry
        )
        self.tree_size = Gauge("ledger_tree_size", "Entries in the log", registry=self.registry)
        self.projected = Gauge("ledger_projected_size", "Entries that projections hold", registry=self.registry)
        self.witnesses = Gauge("ledger_witnesses", "Witnesses that are asked to cosign", registry=self.registry)
        self.queued = Gauge("ledger_queued_statements", "Statements waiting for a commit", registry=self.registry)
        self.desk = Gauge(
            "ledger_desk_statements", "Pledges at the desk, waiting or refused", ["state"], registry=self.registry
        )
        self.scrubbed = Gauge(
            "ledger_scrubbed_size", "Entries read again in the sweep under way", registry=self.registry
        )
        self.damages = Gauge("ledger_scrub_damages", "Damages found in storage, 10 at most", registry=self.registry)
        self.ready = Gauge("ledger_ready", "Whether /readyz says 200", registry=self.registry)
        self.conditions = Gauge(
            "ledger_condition", "1 for each condition that /readyz names", ["condition"], registry=self.registry
        )
        self.behind = Gauge(
            "ledger_entries_behind", "Entries that the writer had more; of readers", registry=self.registry
        )
        self.text = b""  # as last read
        self.read_at = float("-inf")  # by the monotonic clock
        self._kept: dict[tuple[str, int], tuple[Counter, Histogram]] = {}

    def count(self, path: str, status: int, seconds: float) -> None:
        """Count an answer under its route's first segments, and how long its first byte took."""
        kept = self._kept.get((path, status))
        if kept is None:
            kept = self.requests.labels(path, str(status)), self.seconds.labels(path)
            self._kept[path, status] = kept
        kept[0].inc()
        kept[1].observe(seconds)


class Metrics:
    """Pure ASGI middleware that counts and times answers."""

    def __init__(self, app: ASGIApp, meters: Meters, paths: frozenset[str]) -> None:
        self._app = app
        self._meters = meters
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        path = self._path(scope["path"])

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._meters.count(path, message["status"], time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, send_counted)

    def _path(self, path: str) -> str:
        """The first one or two fixed segments: whatever else people ask for is one label."""
        parts = path.split("/", 3)
        first = "/".join(parts[: 3 if parts[1:2] == ["v1"] else 2])
        return first if first in self._paths else "other"
