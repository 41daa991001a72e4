"""The results of a job that has ended: its JSON, pages, masks and pictures."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException

from unmask.errors import MediaError
from unmask.media._source import open_regular
from unmask.media.sniff import sniff
from unmask.report.json import error_dict
from unmask.serve.files import Files
from unmask.serve.jobs import Job
from unmask.serve.judging import PART, PDF, RESULT, SNAPSHOTS
from unmask.serve.leases import DONE, ENDED, FAILED

SHOWN = {
    "JPEG": "image/jpeg", "PNG": "image/png", "WebP": "image/webp", "GIF": "image/gif",
    "AVIF": "image/avif", "BMP": "image/bmp", "MP4": "video/mp4", "WebM": "video/webm",
    "Matroska": "video/x-matroska", "WAV": "audio/wav", "FLAC": "audio/flac", "MP3": "audio/mpeg",
    "Ogg": "audio/ogg", "AAC": "audio/aac",
}  # fmt: skip
"""What a browser may show of an upload, by its bytes; everything else is a download."""


class Results:
    """Reads what judging wrote."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def record(self, job: Job) -> dict[str, Any]:
        """The JSON of a job: a report, or the error of a file that could not be judged.

        Raises HTTPException 409 while there is none.
        """
        if job.state not in ENDED:
            raise HTTPException(409, f"The job is {job.state}.", {"Retry-After": "2"})
        path = self._place(job) / RESULT
        if job.state in (DONE, FAILED) and path.is_file():
            record: dict[str, Any] = json.loads(path.read_bytes())
            return record
        kind = job.error_kind or "Cancelled"
        why = MediaError(job.error or "The job was cancelled.")
        made = error_dict(job.name, why)
        made["error"]["kind"] = kind
        return made

    def file(self, job: Job, name: str) -> Path:
        """A file that judging wrote. Raises HTTPException 404, 409."""
        if job.state not in ENDED:
            raise HTTPException(409, f"The job is {job.state}.", {"Retry-After": "2"})
        path = self._place(job) / name
        if job.state != DONE or not path.is_file():
            missing = "It was not asked for: submit with pdf." if name == PDF else "There is none."
            raise HTTPException(404, missing)
        return path

    def part(self, job: Job) -> str:
        """The report as a part of a page."""
        return self.file(job, PART).read_text(encoding="utf-8")

    def mask(self, job: Job, finding: int, number: int) -> bytes:
        """A heat-map as PNG. Raises HTTPException 404."""
        try:
            where = self.record(job)["findings"][finding]["where"]
            return base64.b64decode(where["masks"][number]["png"])
        except (LookupError, ValueError):
            raise HTTPException(404, "There is no such mask.") from None

    def pictures(self, job: Job) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The masks and the evidence pictures of a job, with their addresses."""
        base = f"/v1/jobs/{job.id}"
        masks = [
            {"url": f"{base}/masks/{number}-{index}.png", "finding": number, "box": mask["box"],
             "level": mask["level"], "time": mask["time"]}
            for number, finding in enumerate(self.record(job).get("findings", ()))
            for index, mask in enumerate(finding["where"]["masks"])
        ]  # fmt: skip
        found = sorted((self._place(job) / SNAPSHOTS).glob("*.jpg"))
        snapshots = [
            {"url": f"{base}/snapshots/{path.name}", "finding": int(path.stem.split("-")[0])}
            for path in found
        ]
        return masks, snapshots

    def original(self, job: Job) -> tuple[Path, str]:
        """The file itself and the type under which a browser may have it. Raises HTTPException."""
        path = Path(job.source) if job.source else self._files.input(job.id)
        try:
            with open_regular(path) as file:
                title = sniff(file, path).title
        except MediaError:
            raise HTTPException(404, "The file is gone, or is no medium.") from None
        return path, SHOWN.get(title, "application/octet-stream")

    def _place(self, job: Job) -> Path:
        return self._files.results(job.id, job.attempts)
