"""What can go wrong over HTTP, in one form: ``{"error": {"kind": …, "message": …}}``."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from unmask.errors import (
    MediaError,
    OutputError,
    SettingError,
    StoreError,
    UnmaskError,
    UnsupportedMedia,
)
from unmask.serve.files import NoSpace
from unmask.serve.jobs import OverQuota, Taken
from unmask.serve.rendering import page_for, wants_page

STATUS: tuple[tuple[type[UnmaskError], int], ...] = (
    (Taken, 409),
    (OverQuota, 413),
    (NoSpace, 507),
    (OutputError, 500),
    (StoreError, 503),
    (UnsupportedMedia, 415),
    (MediaError, 422),
    (SettingError, 422),
    (UnmaskError, 422),
)
_KINDS = {
    400: "BadRequest",
    401: "NoKey",
    403: "NotAllowed",
    404: "NotFound",
    405: "NoSuchMethod",
    408: "TooSlow",
    409: "NotNow",
    413: "TooLarge",
    415: "UnsupportedMedia",
    421: "WrongHost",
    422: "SettingError",
    429: "TooMany",
}


class Detail(BaseModel):
    """What went wrong."""

    kind: str = Field(description="A word for programs.")
    message: str = Field(description="One line for a person: what was wrong and what to do.")


class Problem(BaseModel):
    """The answer to a request that could not be met."""

    error: Detail


def documented(*more: int) -> dict[int | str, dict[str, Any]]:
    """The problems that any route may answer with, and ``more``, for the OpenAPI document."""
    codes = (400, 401, 403, 408, 413, 421, 422, 429, 503, *more)
    return {code: {"model": Problem, "description": _KINDS.get(code, "Full")} for code in codes}


def problem(status: int, message: str, kind: str = "") -> JSONResponse:
    """A problem as a response."""
    detail = {"kind": kind or _KINDS.get(status, "Problem"), "message": message}
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return JSONResponse({"error": detail}, status, headers)


def handle(app: FastAPI) -> None:
    """Have an app answer with problems, and browsers with pages."""

    def answer(request: Request, status: int, message: str, kind: str = "") -> Response:
        if wants_page(request):
            return page_for(status, message)
        return problem(status, message, kind)

    @app.exception_handler(UnmaskError)
    def _ours(request: Request, error: UnmaskError) -> Response:
        status = next(code for kind, code in STATUS if isinstance(error, kind))
        return answer(request, status, str(error), type(error).__name__)

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        response = answer(request, error.status_code, str(error.detail))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(RequestValidationError)
    def _invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return answer(request, 422, f"{where}: {first['msg']}.")
