"""Is the service well? Health, readiness, figures, options, and the audit log."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from unmask import registry
from unmask.errors import UnmaskError
from unmask.serve import audit
from unmask.serve.access import needs
from unmask.serve.keys import Caller
from unmask.serve.options import explained
from unmask.serve.problems import documented
from unmask.serve.state import State
from unmask.serve.views import AuditEntry

router = APIRouter()
Reads = Annotated[Caller, Depends(needs("read"))]
Admin = Annotated[Caller, Depends(needs("admin"))]


@router.get("/healthz", response_class=PlainTextResponse)
def alive() -> str:
    """The process answers."""
    return "ok\n"


@router.get("/readyz", responses={503: {"description": "Not ready.", "content": {}}})
def ready(request: Request) -> JSONResponse:
    """Jobs can be taken and judged: the store answers, there is room, a worker lives."""
    state = State.of(request)
    try:
        state.files.room()
        room = True
    except UnmaskError:
        room = False
    try:
        database, workers = state.database.ready(), state.metrics.live_workers()
    except UnmaskError:
        database, workers = False, 0
    found = {"database": database, "room": room, "worker": bool(workers)}
    return JSONResponse(found, 200 if all(found.values()) else 503)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **documented()},
)
def figures(request: Request, caller: Admin) -> Response:
    """Figures for Prometheus."""
    return Response(State.of(request).metrics.text(), media_type="text/plain; version=0.0.4")


@router.get("/v1/options", responses=documented())
def options(caller: Reads) -> dict[str, Any]:
    """Every option of a job, explained; and the analyzers that there are."""
    names = [{"name": n, "title": registry.analyzer(n).title} for n in registry.analyzers()]
    return {"options": explained(), "analyzers": names}


@router.get("/v1/audit", response_model=list[AuditEntry], responses=documented())
def log(
    request: Request,
    caller: Admin,
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 500,
) -> list[dict[str, Any]]:
    """The audit log after an entry, oldest first."""
    return audit.entries(State.of(request).database, after, limit)
