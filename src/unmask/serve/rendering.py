"""What the pages say, worked out before their templates print it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import count
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException

from unmask.errors import UnmaskError
from unmask.report.words import CLAIMS
from unmask.serve.jobs import Job
from unmask.serve.keys import Caller
from unmask.serve.leases import CANCELLED, DONE, FAILED, QUEUED, RUNNING
from unmask.serve.results import Results

LABELS = (
    ("", "Any"), ("manipulated", "Manipulated"), ("synthetic", "Synthetic"),
    ("inconclusive", "Inconclusive"), ("no-sign-found", "No sign found"),
    ("authentic", "Signed as authentic"),
)  # fmt: skip
SHORTCUTS = (
    ("u", "Judge files"), ("c", "Compare"), ("h", "History"), ("/", "Search"),
    ("j, k", "Next and previous row"), ("p", "Play or pause"), (", and .", "Frame back and on"),
    ("m", "Marks on and off"), ("?", "These shortcuts"),
)  # fmt: skip
_STATES = {QUEUED: "Waiting", RUNNING: "Being judged", FAILED: "Failed", CANCELLED: "Cancelled"}


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("unmask.serve"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def rendered(
    name: str, caller: Caller | None, here: str = "", status: int = 200, **values: Any
) -> Response:
    """A page. ``here``: the entry of the menu that it is."""
    template = _environment().get_template(f"{name}.html.j2")
    return HTMLResponse(template.render(caller=caller, here=here, **values), status)


def wants_page(request: Request) -> bool:
    """True if a person's browser asks, rather than a program."""
    path = request.url.path
    ours = not path.startswith(("/v1/", "/metrics", "/healthz", "/readyz", "/static/"))
    return ours and "text/html" in request.headers.get("accept", "")


def page_for(status: int, message: str) -> Response:
    """What a browser shows of a problem: where to sign in, or what was wrong."""
    if status == 401:
        return RedirectResponse("/login", 303)
    return rendered("problem", None, status=status, message=message)


def row(job: Job) -> dict[str, Any]:
    """A job as a line of a list."""
    created = datetime.datetime.fromtimestamp(job.created, datetime.UTC)
    return {
        "id": job.id,
        "name": job.name,
        "style": job.label or job.state,
        "said": told(job),
        "live": job.state in (QUEUED, RUNNING),
        "share": share(job),
        "created": created.isoformat(timespec="seconds"),
        "when": f"{created:%Y-%m-%d %H:%M} UTC",
    }


def told(job: Job) -> str:
    """The state of a job, or its verdict, in words."""
    if job.state == DONE:
        return dict(LABELS).get(job.label, str(job.label))
    return str(_STATES[job.state])


def share(job: Job) -> float | None:
    """How far a job is, 0 to 1; None where nobody knows."""
    if job.state == RUNNING and not job.total:
        return None
    return min(1.0, job.done / job.total) if job.total else 0.0


def closer(job: Job, record: Mapping[str, Any], results: Results) -> dict[str, Any]:
    """What the viewer shows: the original, masks, suspect stretches."""
    media = record["media"]
    masks, _ = results.pictures(job)
    spans = [
        {**span, "claim": CLAIMS.get(finding["claim"], finding["claim"])}
        for finding in record["findings"]
        if finding["vote"] == "forged" or finding["bearing"]
        for span in finding["where"]["spans"]
    ]
    return {
        "shown": _is_shown(job, results),
        "masks": masks,
        "spans": spans,
        "width": media["width"] or 1,
        "height": media["height"] or 1,
        "seconds": media["seconds"] or 0,
        "rate": media["frame_rate"] or 25,
    }


def compared(both: Sequence[Job], records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Two results as a table of lines."""
    rows = [_lines(job, record) for job, record in zip(both, records, strict=True)]
    names = dict.fromkeys(name for one in rows for name in one)
    lines = [(name, [one.get(name, "–") for one in rows]) for name in names]
    shown = [{"id": j.id, "name": j.name, "media": j.media, "shown": j.state == DONE} for j in both]
    return {"both": shown, "lines": lines}


def _lines(job: Job, record: Mapping[str, Any]) -> dict[str, str]:
    if "error" in record:
        return {"Verdict": told(job), "Reason": record["error"]["message"]}
    verdict, media = record["verdict"], record["media"]
    chance = verdict["probability"]
    lines = {
        "Verdict": told(job),
        "Probability of forgery": "–" if chance is None else f"{100 * chance:.1f} %",
        "Reason": verdict["reason"],
        "Format": media["container"],
        "Bytes": f"{media['bytes']:,}",
        "SHA-256": media["sha256"],
    }
    for finding in record["findings"]:
        name = CLAIMS.get(finding["claim"], finding["claim"])
        subject = f" ({finding['subject']})" if finding["subject"] else ""
        line = next(n for n in _numbered(f"{name}{subject}") if n not in lines)
        lines[line] = finding["reason"]
    return lines


def _numbered(name: str) -> Iterator[str]:
    """``name``, and the same with 2, 3 … behind it."""
    yield name
    yield from (f"{name}, {number}" for number in count(2))


def _is_shown(job: Job, results: Results) -> bool:
    try:
        return results.original(job)[1] != "application/octet-stream"
    except (UnmaskError, HTTPException):
        return False
