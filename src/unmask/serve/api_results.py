"""``/v1``: what judging a file gave."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import FileResponse, JSONResponse, Response

from unmask.serve.access import needs
from unmask.serve.api_jobs import own_job
from unmask.serve.judging import PAGE, PDF, SNAPSHOTS, snapshot_name
from unmask.serve.keys import Caller
from unmask.serve.problems import documented
from unmask.serve.state import State
from unmask.serve.views import Ident, Pictures

router = APIRouter(prefix="/v1/jobs/{ident}", responses=documented(404, 409))
Reads = Annotated[Caller, Depends(needs("read"))]
Number = Annotated[int, Path(ge=0, le=100_000)]
ALONE = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""What a page may do that holds words of the file: be looked at."""


def _content(kind: str) -> dict[int | str, dict[str, Any]]:
    schema = {"type": "string", "format": "binary"}
    return {200: {"content": {kind: {"schema": schema}}, "description": "The file."}}


@router.get(
    "/result",
    responses={200: {"content": {"application/json": {"schema": {"type": "object"}}}}},
)
def result(request: Request, caller: Reads, ident: Ident) -> JSONResponse:
    """The result as JSON, in the form that `unmask schema` prints: a report or an error."""
    return JSONResponse(State.of(request).results.record(own_job(request, caller, ident)))


@router.get("/report", response_class=FileResponse, responses=_content("text/html"))
def report(request: Request, caller: Reads, ident: Ident) -> FileResponse:
    """The report as one HTML page that needs nothing else."""
    path = State.of(request).results.file(own_job(request, caller, ident), PAGE)
    headers = {"Content-Security-Policy": ALONE}
    return FileResponse(path, media_type="text/html; charset=utf-8", headers=headers)


@router.get("/report.pdf", response_class=FileResponse, responses=_content("application/pdf"))
def report_pdf(request: Request, caller: Reads, ident: Ident) -> FileResponse:
    """The report as PDF, where the job was submitted with `pdf`."""
    path = State.of(request).results.file(own_job(request, caller, ident), PDF)
    return FileResponse(path, media_type="application/pdf", filename=f"{ident}.pdf")


@router.get("/pictures", response_model=Pictures)
def pictures(request: Request, caller: Reads, ident: Ident) -> Pictures:
    """The heat-maps and evidence pictures of the result."""
    masks, snapshots = State.of(request).results.pictures(own_job(request, caller, ident))
    return Pictures.model_validate({"masks": masks, "snapshots": snapshots})


@router.get(
    "/masks/{finding}-{number}.png", response_class=Response, responses=_content("image/png")
)
def mask(
    request: Request, caller: Reads, ident: Ident, finding: Number, number: Number
) -> Response:
    """A heat-map: 8-bit grey, 255 the most suspect; to be stretched over its box."""
    data = State.of(request).results.mask(own_job(request, caller, ident), finding, number)
    return Response(data, media_type="image/png")


@router.get(
    "/snapshots/{finding}-{number}.jpg",
    response_class=FileResponse,
    responses=_content("image/jpeg"),
)
def snapshot(
    request: Request, caller: Reads, ident: Ident, finding: Number, number: Number
) -> FileResponse:
    """An evidence picture."""
    name = f"{SNAPSHOTS}/{snapshot_name(finding, number)}"
    path = State.of(request).results.file(own_job(request, caller, ident), name)
    return FileResponse(path, media_type="image/jpeg")


@router.get(
    "/file",
    response_class=FileResponse,
    responses={
        **_content("*/*"),
        206: {"content": {"*/*": {}}, "description": "A part of it."},
        416: {"content": {"text/plain": {}}, "description": "No such part."},
    },
)
def original(request: Request, caller: Reads, ident: Ident) -> FileResponse:
    """The file itself, or a part of it (Range)."""
    job = own_job(request, caller, ident)
    path, kind = State.of(request).results.original(job)
    shown = kind != "application/octet-stream"
    return FileResponse(
        path,
        media_type=kind,
        filename=job.name,
        content_disposition_type="inline" if shown else "attachment",
        headers={"Content-Security-Policy": "sandbox; default-src 'none'"},
    )
