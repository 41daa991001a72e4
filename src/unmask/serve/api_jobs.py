"""``/v1``: jobs submitted, watched, listed, cancelled and deleted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from unmask.serve import jobs
from unmask.serve.access import needs
from unmask.serve.jobs import Filter, Job
from unmask.serve.keys import Caller
from unmask.serve.leases import ENDED
from unmask.serve.options import BatchSubmission, Comparison, Options, Submission
from unmask.serve.problems import documented
from unmask.serve.state import State
from unmask.serve.views import BatchMade, BatchView, Ident, JobPage, JobView

MOST_WATCHERS = 200
_LOOK_EVERY = 0.5
_SIGN_OF_LIFE = 15.0
_KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": 150, "pattern": "^[ -~]*$"},
    "description": "The same key with the same request gives the same job again.",
}

router = APIRouter(prefix="/v1", responses=documented())
Submits = Annotated[Caller, Depends(needs("submit"))]
Reads = Annotated[Caller, Depends(needs("read"))]
Deletes = Annotated[Caller, Depends(needs("delete"))]


def _body(model: type[Any], **parts: Any) -> dict[str, Any]:
    """The two ways to submit, for the OpenAPI document: files in a form, or paths in JSON."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    options = {"type": "string", "description": "JSON of the schema Options."}
    form = {
        "type": "object",
        "properties": {**parts, "options": options, "webhook": {"type": "string"}},
        "required": list(parts),
        "additionalProperties": False,
    }
    content = {"multipart/form-data": {"schema": form}, "application/json": {"schema": schema}}
    body = {"requestBody": {"required": True, "content": content}}
    return {**body, "parameters": [_KEY_HEADER]}


_FILE = {"type": "string", "format": "binary"}
_SEVERAL = {"type": "array", "items": _FILE, "minItems": 1}


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip() == "application/json"


@router.post(
    "/jobs",
    status_code=201,
    response_model=JobView,
    responses=documented(409, 415, 507),
    openapi_extra=_body(Submission, file=_FILE),
)
async def submit(request: Request, caller: Submits) -> JobView:
    """Have a file judged: an upload, or one that lies on the service."""
    submitting = State.of(request).submitting
    if _is_json(request):
        asked: Submission = await submitting.json(request, Submission)
        made = await submitting.paths(request, caller, [asked.path], asked)
    else:
        made = await submitting.uploads(request, caller)
    return JobView.of(made[0])


@router.post(
    "/batches",
    status_code=201,
    response_model=BatchMade,
    responses=documented(409, 415, 507),
    openapi_extra=_body(BatchSubmission, file=_SEVERAL),
)
async def submit_batch(request: Request, caller: Submits) -> BatchMade:
    """Have many files judged: uploads, or files and folders that lie on the service."""
    submitting = State.of(request).submitting
    if _is_json(request):
        asked: BatchSubmission = await submitting.json(request, BatchSubmission)
        made = await submitting.paths(request, caller, asked.paths, asked, several=True)
    else:
        made = await submitting.uploads(request, caller, several=True)
    count: dict[str, int] = {}
    for job in made:
        count[job.state] = count.get(job.state, 0) + 1
    return BatchMade(id=made[0].batch, counts=count, jobs=[job.id for job in made])


@router.post(
    "/compare",
    status_code=201,
    response_model=JobView,
    responses=documented(409, 415, 507),
    openapi_extra=_body(Comparison, file=_FILE, references=_SEVERAL),
)
async def submit_comparison(request: Request, caller: Submits) -> JobView:
    """Is it really that person? A file against authentic material."""
    submitting = State.of(request).submitting
    if _is_json(request):
        asked: Comparison = await submitting.json(request, Comparison)
        made = await submitting.paths(
            request, caller, [asked.path], asked, reference=asked.reference
        )
    else:
        made = await submitting.uploads(request, caller, kind="compare")
    return JobView.of(made[0])


Text = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")]
Moment = Annotated[float | None, Query(ge=0, le=1e11, description="Seconds since 1970.")]


@router.get("/jobs", response_model=JobPage)
def listed(
    request: Request,
    caller: Reads,
    state: Text = "",
    label: Text = "",
    media: Text = "",
    batch: Text = "",
    q: Annotated[Text, Query(description="A part of the file's name.")] = "",
    since: Moment = None,
    until: Moment = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Text = "",
) -> JobPage:
    """Your jobs, the newest first."""
    wanted = Filter(state, label, media, batch, q, since, until)
    found, following = jobs.page(State.of(request).database, caller.owner, wanted, limit, cursor)
    return JobPage(jobs=[JobView.of(job) for job in found], cursor=following)


def own_job(request: Request, caller: Caller, ident: str) -> Job:
    """The caller's job; 404 for one that there is not, or that is another's."""
    job = jobs.get(State.of(request).database, caller.owner, ident)
    if job is None:
        raise HTTPException(404, "There is no such job.")
    return job


@router.get("/jobs/{ident}", response_model=JobView, responses=documented(404))
def shown(request: Request, caller: Reads, ident: Ident) -> JobView:
    """A job: its state, how far it is, and its verdict."""
    return JobView.of(own_job(request, caller, ident))


@router.post("/jobs/{ident}/cancel", response_model=JobView, responses=documented(404))
def cancel(request: Request, caller: Submits, ident: Ident) -> JobView:
    """Stop a job; nothing happens when it has ended."""
    own_job(request, caller, ident)
    jobs.cancel(State.of(request).database, caller.owner, ident)
    return JobView.of(own_job(request, caller, ident))


@router.delete("/jobs/{ident}", status_code=204, responses=documented(404))
def delete(request: Request, caller: Deletes, ident: Ident) -> Response:
    """Delete a job with its file and everything that was made of it."""
    state = State.of(request)
    if not jobs.remove(state.database, caller.owner, [ident]):
        raise HTTPException(404, "There is no such job.")
    state.files.forget(ident)
    return Response(status_code=204)


@router.get("/batches/{ident}", response_model=BatchView, responses=documented(404))
def batch_shown(request: Request, caller: Reads, ident: Ident) -> BatchView:
    """A batch: how many of its jobs are in which state."""
    found = jobs.counts(State.of(request).database, caller.owner, ident)
    if not found:
        raise HTTPException(404, "There is no such batch.")
    return BatchView(id=ident, counts=found)


@router.get(
    "/jobs/{ident}/events",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}},
        **documented(404),
    },
)
async def events(request: Request, caller: Reads, ident: Ident) -> StreamingResponse:
    """Server-sent events: the job whenever it changes, until it has ended."""
    state = State.of(request)
    await run_in_threadpool(own_job, request, caller, ident)
    if state.watchers >= MOST_WATCHERS:
        raise HTTPException(429, "Too many are watching. Ask for the job now and then instead.")
    return StreamingResponse(_events(state, caller, ident), media_type="text/event-stream")


async def _events(state: State, caller: Caller, ident: str) -> AsyncIterator[str]:
    state.watchers += 1
    try:
        said, quiet = "", 0.0
        while not state.stopping:
            job = await run_in_threadpool(jobs.get, state.database, caller.owner, ident)
            if job is None:
                yield "event: gone\ndata: {}\n\n"
                return
            text = JobView.of(job).model_dump_json()
            if text != said:
                said, quiet = text, 0.0
                yield f"event: job\ndata: {text}\n\n"
            elif quiet >= _SIGN_OF_LIFE:
                quiet = 0.0
                yield ": still here\n\n"
            if job.state in ENDED:
                return
            quiet += _LOOK_EVERY
            await asyncio.sleep(_LOOK_EVERY)
    finally:
        state.watchers -= 1


SCHEMAS = (Options,)
"""Models that forms hold as text, for the OpenAPI document."""
