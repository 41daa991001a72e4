"""What the service says about jobs: the models behind its OpenAPI document."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal, Self

from fastapi import Path
from pydantic import BaseModel, Field

from unmask.serve.jobs import Job

Ident = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="Number of a job or batch.")]
State = Literal["queued", "running", "done", "failed", "cancelled"]


class Progress(BaseModel):
    """How far a job is, in seconds of media; for a picture, 0 until it is done."""

    done: float
    total: float | None


class Failure(BaseModel):
    """Why a job failed."""

    kind: str
    message: str


class JobView(BaseModel):
    """A job as its owner sees it."""

    id: str
    kind: Literal["scan", "compare"]
    state: State
    name: str = Field(description="What the file is called.")
    bytes: int
    sha256: str = Field(description="SHA-256 of the file; '' until it is known.")
    batch: str | None
    options: dict[str, Any]
    created: datetime.datetime
    started: datetime.datetime | None
    finished: datetime.datetime | None
    attempts: int = Field(description="How often it was begun.")
    progress: Progress
    media: str = Field(description="image, video or audio; '' until it is known.")
    label: str = Field(description="The verdict; '' until there is one.")
    probability: float | None
    error: Failure | None

    @classmethod
    def of(cls, job: Job) -> Self:
        """The view of a job in the store."""
        row = job._mapping
        same = ("id", "kind", "state", "name", "bytes", "sha256", "batch", "options", "attempts")
        failed = bool(row["error_kind"])
        return cls(
            **{name: row[name] for name in (*same, "media", "label", "probability")},
            **{name: _moment(row[name]) for name in ("created", "started", "finished")},
            progress=Progress(done=row["done"], total=row["total"]),
            error=Failure(kind=row["error_kind"], message=row["error"]) if failed else None,
        )


class JobPage(BaseModel):
    """Some jobs, the newest first."""

    jobs: list[JobView]
    cursor: str = Field(description="Give it back for those that follow; '' at the end.")


class BatchView(BaseModel):
    """Jobs that were submitted together."""

    id: str
    counts: dict[str, int] = Field(description="How many jobs are in which state.")


class BatchMade(BatchView):
    """A new batch, with the numbers of its jobs in the order of its files."""

    jobs: list[str]


class MaskView(BaseModel):
    """A heat-map of a result as a picture."""

    url: str
    finding: int
    level: float
    time: float | None
    box: dict[str, float]


class PictureView(BaseModel):
    """An evidence picture of a result."""

    url: str
    finding: int


class Pictures(BaseModel):
    """All pictures of a result."""

    masks: list[MaskView]
    snapshots: list[PictureView]


class AuditEntry(BaseModel):
    """An entry of the audit log."""

    seq: int
    at: str
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]
    previous: str
    digest: str


def _moment(at: float | None) -> Any:
    return None if at is None else datetime.datetime.fromtimestamp(at, datetime.UTC)
