"""Figures for Prometheus: requests by route, jobs by state, how long the oldest waits, workers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from unmask.errors import StoreError
from unmask.serve.database import Database
from unmask.serve.leases import QUEUED, STATES
from unmask.serve.tables import deliveries, jobs, workers

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60)


class Metrics(Collector):
    """Counts of one server process, and what the store holds when it is asked."""

    def __init__(self, database: Database, lease: float) -> None:
        self._database, self._lease = database, lease
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "unmask_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self.seconds = Histogram(
            "unmask_request_seconds",
            "Time until an answer began.",
            ("route",),
            registry=self._registry,
            buckets=_BUCKETS,
        )
        self._registry.register(self)

    def text(self) -> bytes:
        """All figures in the text form of Prometheus."""
        return generate_latest(self._registry)

    def live_workers(self) -> int:
        """How many workers gave a sign of life within two leases. Raises StoreError."""
        fresh = workers.c.seen > self._database.now - 2 * self._lease
        with self._database.reading() as connection:
            chosen = select(func.count()).select_from(workers).where(fresh)
            return int(connection.execute(chosen).scalar() or 0)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """What the store says now; called by the registry."""
        try:
            yield from self._stored()
        except StoreError:
            return

    def _stored(self) -> Iterator[GaugeMetricFamily]:
        with self._database.reading() as connection:
            grouped = select(jobs.c.state, func.count()).group_by(jobs.c.state)
            counts: dict[str, int] = dict(connection.execute(grouped).tuples().all())
            age = connection.execute(
                select(self._database.now - func.min(jobs.c.created)).where(jobs.c.state == QUEUED)
            ).scalar()
            waiting = connection.execute(
                select(func.count()).select_from(deliveries).where(deliveries.c.state == "waiting")
            ).scalar()
        by_state = GaugeMetricFamily("unmask_jobs", "Jobs by state.", labels=["state"])
        for state in STATES:
            by_state.add_metric([state], counts.get(state, 0))
        yield by_state
        oldest = "How long the oldest waiting job has waited, in seconds."
        yield GaugeMetricFamily("unmask_queue_seconds", oldest, value=float(age or 0))
        told = "Webhooks that wait to be delivered."
        yield GaugeMetricFamily("unmask_webhooks_waiting", told, value=float(waiting or 0))
        alive = "Workers that gave a sign of life."
        yield GaugeMetricFamily("unmask_workers", alive, value=self.live_workers())


class Measured:
    """Counts requests and adds the headers that every answer has."""

    def __init__(self, app: ASGIApp, metrics: Metrics, headers: dict[str, str]) -> None:
        self._app, self._metrics = app, metrics
        self._headers = [(k.lower().encode(), v.encode()) for k, v in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                more = [pair for pair in self._headers if pair[0] not in present]
                message["headers"] = [*message["headers"], *more]
                self._count(scope, message["status"], time.perf_counter() - begun)
            await send(message)

        await self._app(scope, receive, sending)

    def _count(self, scope: dict[str, Any] | Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "none")
        known = ("GET", "POST", "DELETE", "HEAD")
        method = scope["method"] if scope["method"] in known else "other"
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
