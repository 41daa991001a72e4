"""From a request to jobs in the store and files on the disk."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from unmask.batch import find_files
from unmask.errors import SettingError, UnsupportedMedia
from unmask.serve import jobs
from unmask.serve.addresses import Outside
from unmask.serve.config import Serving
from unmask.serve.database import Database
from unmask.serve.files import Files, allowed, medium, safe_name
from unmask.serve.jobs import Job, Wish
from unmask.serve.keys import Caller
from unmask.serve.options import Options, read
from unmask.serve.receiving import Form, Upload, pieces, receive

MOST_JSON = 4 << 20
_FIELDS = {"options", "webhook"}
_COMPARISON = {"fpr", "prior", "fps", "timeout", "pdf", "reference"}


class Submitting:
    """Takes what clients send. One for all requests of a process."""

    def __init__(
        self, serving: Serving, database: Database, files: Files, outside: Outside
    ) -> None:
        self._serving, self._database = serving, database
        self._files, self._outside = files, outside

    async def form(self, request: Request) -> Form:
        """A multipart form, its files on the disk. Raises HTTPException, NoSpace, OutputError."""
        limits = self._serving
        return await receive(
            request,
            self._files,
            most=limits.most_bytes,
            count=limits.most_files,
            patience=limits.patience,
        )

    async def json(self, request: Request, model: type[BaseModel]) -> Any:
        """A small JSON body as ``model``. Raises HTTPException, SettingError."""
        body = b"".join([p async for p in pieces(request, MOST_JSON, self._serving.patience)])
        return read(model, body)

    async def uploads(
        self, request: Request, caller: Caller, *, kind: str = "scan", several: bool = False
    ) -> list[Job]:
        """Jobs of the files of a form. Of a comparison, parts named 'references' belong to it.

        Raises HTTPException, and what ``_enter`` raises.
        """
        form = await self.form(request)
        try:
            return await run_in_threadpool(self._form_jobs, request, caller, form, kind, several)
        finally:
            await run_in_threadpool(form.drop)

    async def paths(
        self,
        request: Request,
        caller: Caller,
        given: Sequence[str],
        chosen: Any,
        *,
        reference: str = "",
        several: bool = False,
    ) -> list[Job]:
        """Jobs of files that lie under the allowed folders; raises as ``uploads``."""
        return await run_in_threadpool(
            self._path_jobs, request, caller, given, chosen, reference, several
        )

    def _form_jobs(
        self, request: Request, caller: Caller, form: Form, kind: str, several: bool
    ) -> list[Job]:
        if unknown := set(form.fields) - _FIELDS:
            raise SettingError(f"There is no field {min(unknown)[:40]!r}: options, webhook, file.")
        options = read(Options, form.fields.get("options") or "{}").checked(self._serving)
        main = [one for one in form.uploads if one.field == "file"]
        beside = [one for one in form.uploads if one.field == "references"]
        if len(main) + len(beside) != len(form.uploads) or (beside and kind != "compare"):
            raise SettingError("Files are sent in parts named 'file'.")
        if not main or (len(main) > 1 and not several):
            raise SettingError("Send one file in a part named 'file'; several make a batch.")
        if kind == "compare":
            _only_comparison(options, uploads=True)
        if kind == "compare" and not beside:
            raise SettingError("A comparison needs authentic material in parts 'references'.")
        for one in form.uploads:
            medium(one.path, one.name)
        wishes = self._wishes(
            request,
            [(one.name, one.bytes, one.sha256, "") for one in main],
            options,
            form.fields.get("webhook", ""),
            kind,
            several,
            [one.sha256 for one in beside],
            sum(one.bytes for one in beside),
        )
        return self._enter(caller, wishes, main, beside)

    def _path_jobs(
        self,
        request: Request,
        caller: Caller,
        given: Sequence[str],
        chosen: Any,
        reference: str,
        several: bool,
    ) -> list[Job]:
        if not self._serving.roots:
            raise SettingError("This service reads no paths; its operator allows folders (--root).")
        options = chosen.options.checked(self._serving)
        if reference:
            _only_comparison(options)
            options["reference"] = str(allowed(reference, self._serving.roots))
        found = [allowed(path, self._serving.roots) for path in given]
        if several:  # a link below a folder may lead out of it
            walked = find_files(found)
            found = [allowed(str(path), self._serving.roots) for path in walked]
            if len(found) > self._serving.most_files:
                raise SettingError(
                    f"These are {len(found):,} files; at most {self._serving.most_files:,} at once."
                )
        if not found or not all(path.is_file() for path in found):
            raise UnsupportedMedia("Name a file; folders make a batch (POST /v1/batches).")
        files = [(safe_name(path.name), path.stat().st_size, "", str(path)) for path in found]
        kind = "compare" if reference else "scan"
        wishes = self._wishes(request, files, options, chosen.webhook, kind, several)
        return self._enter(caller, wishes)

    def _wishes(
        self,
        request: Request,
        files: Sequence[tuple[str, int, str, str]],
        options: dict[str, Any],
        webhook: str,
        kind: str,
        several: bool,
        hashes: Sequence[str] = (),
        more_bytes: int = 0,
    ) -> list[Wish]:
        if webhook:
            self._outside.checked(webhook)
        key = request.headers.get("idempotency-key", "")
        if len(key) > 150 or not key.isprintable():
            raise HTTPException(400, "An Idempotency-Key has at most 150 visible characters.")
        batch = uuid.uuid4().hex if several else None
        asked = json.dumps([files, options, webhook, kind, several, hashes], sort_keys=True)
        digest = hashlib.sha256(asked.encode()).hexdigest()
        return [
            Wish(
                name=name,
                bytes=size + more_bytes,
                sha256=sha256,
                options=options,
                request=digest,
                kind=kind,
                source=source,
                batch=batch,
                idempotency=f"{key}#{number}" if key else None,
                webhook=webhook,
            )
            for number, (name, size, sha256, source) in enumerate(files)
        ]

    def _enter(
        self,
        caller: Caller,
        wishes: Sequence[Wish],
        uploads: Sequence[Upload] = (),
        references: Sequence[Upload] = (),
    ) -> list[Job]:
        """Files first, then the store, so that no job is ever without its file."""
        made: list[Job] = []
        try:
            for wish, upload in zip(wishes, uploads, strict=False):
                self._files.keep(wish.id, upload.path, upload.name)
            for number, one in enumerate(references):
                name = f"{number}-{one.name}"
                self._files.keep(wishes[0].id, one.path, name, "references")
            made = jobs.make(self._database, caller.owner, wishes, caller.storage)
            return made
        finally:
            kept = {job.id for job in made}
            for wish in wishes if uploads else ():
                if wish.id not in kept:
                    self._files.forget(wish.id)


def _only_comparison(options: Mapping[str, Any], *, uploads: bool = False) -> None:
    known = _COMPARISON - ({"reference"} if uploads else set())
    if other := set(options) - known:
        raise SettingError(
            f"A comparison has no option {min(other)!r}: {', '.join(sorted(known))}."
        )
