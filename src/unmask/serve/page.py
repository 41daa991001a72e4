"""The page for analysts: rendered here, alive in the browser, complete without a script."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from unmask import registry
from unmask.report.html import style_sheet
from unmask.serve import jobs, keys
from unmask.serve.access import COOKIE, needs, same_origin
from unmask.serve.api_jobs import Text, own_job
from unmask.serve.judging import PDF
from unmask.serve.keys import Caller
from unmask.serve.leases import DONE, ENDED
from unmask.serve.options import explained
from unmask.serve.receiving import pieces
from unmask.serve.rendering import LABELS, SHORTCUTS, closer, compared, rendered, row, share
from unmask.serve.state import State
from unmask.serve.views import Ident

STATIC = Path(__file__).parent / "static"
_RECENT = 12
_A_PAGE = 50
_MOST_LOGIN = 4096
_KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_FOREVER = {"Cache-Control": "public, max-age=3600"}

router = APIRouter(include_in_schema=False)
Reads = Annotated[Caller, Depends(needs("read"))]
Submits = Annotated[Caller, Depends(needs("submit"))]
Deletes = Annotated[Caller, Depends(needs("delete"))]


@router.get("/")
def home(request: Request, caller: Reads) -> Response:
    """Where files are dropped, and what was judged last."""
    rows = _recent(request, caller)
    busy = any(one["live"] for one in rows)
    empty = "Nothing yet. Try a sample, or drop a file of your own."
    return rendered("home", caller, "/", rows=rows, busy=busy, empty=empty, more="", choosing=False)


@router.get("/recent")
def recent(request: Request, caller: Reads) -> Response:
    """What was judged last, as a part of the first page."""
    rows = _recent(request, caller)
    return rendered("rows", caller, rows=rows, empty="Nothing yet.", more="", choosing=False)


@router.post("/submit")
async def submit(request: Request, caller: Submits) -> Response:
    """Files from a browser without scripts."""
    made = await State.of(request).submitting.uploads(request, caller, several=True)
    return RedirectResponse(f"/jobs/{made[0].id}" if len(made) == 1 else "/history", 303)


@router.get("/compare")
def compare(caller: Reads) -> Response:
    """Where a file and authentic material are chosen."""
    return rendered("compare", caller, "/compare")


@router.post("/compare")
async def submit_comparison(request: Request, caller: Submits) -> Response:
    """A file against authentic material."""
    made = await State.of(request).submitting.uploads(request, caller, kind="compare")
    return RedirectResponse(f"/jobs/{made[0].id}", 303)


@router.get("/jobs/{ident}")
def job_page(request: Request, caller: Reads, ident: Ident) -> Response:
    """A job: how far it is, or its result."""
    job, results = own_job(request, caller, ident), State.of(request).results
    more: dict[str, Any] = {"verdict": "", "rest": "", "has_pdf": False, "shown": False}
    if job.state == DONE:
        record = results.record(job)
        # Escaped by the report's template; the viewer stands behind the verdict.
        verdict, end, rest = results.part(job).partition("</section>")
        more |= {"verdict": Markup(verdict + end), "rest": Markup(rest)}
        more["has_pdf"] = _has(request, job, PDF)
        more |= closer(job, record, results)
    values = {"job": job, "ended": job.state in ENDED, "share": share(job)}
    return rendered("job", caller, "", **values, **more)


@router.post("/jobs/{ident}/cancel")
def cancel(request: Request, caller: Submits, ident: Ident) -> Response:
    """Stop a job from its page."""
    jobs.cancel(State.of(request).database, caller.owner, ident)
    return RedirectResponse(f"/jobs/{ident}", 303)


@router.post("/jobs/{ident}/delete")
def delete(request: Request, caller: Deletes, ident: Ident) -> Response:
    """Delete a job from its page."""
    state = State.of(request)
    if not jobs.remove(state.database, caller.owner, [ident]):
        raise HTTPException(404, "There is no such job.")
    state.files.forget(ident)
    return RedirectResponse("/history", 303)


@router.get("/history")
def history(
    request: Request, caller: Reads, q: Text = "", label: Text = "", cursor: Text = ""
) -> Response:
    """All that was judged, found by name and verdict."""
    wanted = jobs.Filter(text=q, label=label)
    database = State.of(request).database
    found, following = jobs.page(database, caller.owner, wanted, _A_PAGE, cursor)
    more = str(request.url.include_query_params(cursor=following).query) if following else ""
    values: dict[str, Any] = {
        "rows": [row(job) for job in found],
        "empty": "Nothing is called so." if q or label else "Nothing was judged yet.",
        "more": f"/history?{more}" if more else "",
        "choosing": True,
    }
    if "hx-request" in request.headers:
        return rendered("rows", caller, **values)
    return rendered("history", caller, "/history", q=q, label=label, labels=LABELS, **values)


@router.get("/side")
def side(
    request: Request, caller: Reads, ident: Annotated[list[str], Query(alias="id")]
) -> Response:
    """Two results beside each other, with what differs."""
    if len(ident) != 2 or any("\0" in one for one in ident):
        raise HTTPException(422, "Choose two of the history to see them side by side.")
    results = State.of(request).results
    both = [own_job(request, caller, one) for one in ident]
    return rendered("side", caller, **compared(both, [results.record(job) for job in both]))


@router.get("/settings")
def settings(request: Request, caller: Reads) -> Response:
    """What can be chosen, and the keys of the keyboard."""
    names = [{"name": n, "title": registry.analyzer(n).title} for n in registry.analyzers()]
    signed = bool(State.of(request).serving.sign)
    values: dict[str, Any] = {"options": explained(), "analyzers": names, "shortcuts": SHORTCUTS}
    return rendered("settings", caller, "/settings", signed=signed, **values)


@router.get("/login")
def login_page() -> Response:
    """Where a key is given."""
    return rendered("login", None, wrong=False)


@router.post("/login")
async def login(request: Request) -> Response:
    """A key for a session."""
    if not same_origin(request):
        raise HTTPException(403, "This request comes from another site's page.")
    state = State.of(request)
    parts = [p async for p in pieces(request, _MOST_LOGIN, state.serving.patience)]
    given = parse_qs(b"".join(parts).decode("latin-1")).get("key", [""])[0].strip()
    caller = await run_in_threadpool(keys.known, state.database, given)
    if caller is None:
        return rendered("login", None, status=401, wrong=True)
    token = await run_in_threadpool(keys.begin_session, state.database, caller)
    response = RedirectResponse("/", 303)
    secure = request.url.scheme == "https" or state.serving.https
    response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure, path="/")
    return response


@router.post("/logout")
def logout(request: Request, caller: Reads) -> Response:
    """End a session."""
    keys.end_session(State.of(request).database, request.cookies.get(COOKIE, ""))
    response = RedirectResponse("/login", 303)
    response.delete_cookie(COOKIE, path="/")
    return response


@router.get("/static/{name}")
def static(name: str) -> Response:
    """Styles, scripts and the sample; the same for everybody."""
    if name == "report.css":
        return Response(style_sheet(), media_type="text/css", headers=_FOREVER)
    found = {path.name: path for path in STATIC.iterdir() if path.suffix in (*_KINDS, ".jpg")}
    if name not in found:
        raise HTTPException(404, "There is no such file.")
    kind = _KINDS.get(found[name].suffix, "image/jpeg")
    return FileResponse(found[name], media_type=kind, headers=_FOREVER)


def _recent(request: Request, caller: Caller) -> list[dict[str, Any]]:
    found, _ = jobs.page(State.of(request).database, caller.owner, jobs.Filter(), _RECENT)
    return [row(job) for job in found]


def _has(request: Request, job: jobs.Job, name: str) -> bool:
    try:
        State.of(request).results.file(job, name)
    except HTTPException:
        return False
    return True
