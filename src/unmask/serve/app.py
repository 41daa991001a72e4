"""The service as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from unmask import __version__
from unmask.serve import api_jobs, api_results, api_service, page
from unmask.serve.access import Access
from unmask.serve.addresses import Outside
from unmask.serve.config import Serving
from unmask.serve.database import Database
from unmask.serve.files import Files
from unmask.serve.metrics import Measured, Metrics
from unmask.serve.problems import handle
from unmask.serve.results import Results
from unmask.serve.state import State
from unmask.serve.submitting import Submitting

_DESCRIPTION = (
    "Is it forged, where, how sure, and why. Requests carry a key "
    "(`Authorization: Bearer KEY`); a service on loopback needs none."
)
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; media-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with none at all, browsers hide where forms come from
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def make_app(serving: Serving, database: Database) -> FastAPI:
    """The service over a database that is up to date.

    Raises OutputError when its folder cannot be written.
    """
    files = Files(serving.data, serving.spare)
    access = Access(serving, database)
    outside = Outside(serving.webhooks, serving.private_webhooks)
    metrics = Metrics(database, serving.lease)
    state = State(
        serving=serving,
        database=database,
        files=files,
        access=access,
        submitting=Submitting(serving, database, files, outside),
        results=Results(files),
        metrics=metrics,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        state.stopping = True

    app = FastAPI(
        title="unmask",
        version=__version__,
        description=_DESCRIPTION,
        openapi_url="/v1/openapi.json",
        docs_url=None,  # its page asks others' servers for scripts
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.shared, app.state.access = state, access
    handle(app)
    for module in (api_jobs, api_results, api_service, page):
        app.include_router(module.router)
    app.add_middleware(Measured, metrics=metrics, headers=HEADERS)
    _describe(app)
    return app


def _describe(app: FastAPI) -> None:
    """Add to the OpenAPI document how one gets in, and the models that forms hold as text."""
    made = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = made()
            components = schema.setdefault("components", {})
            components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
            schema["security"] = [{"key": []}]
            for model in api_jobs.SCHEMAS:
                form = model.model_json_schema(ref_template="#/components/schemas/{model}")
                components.setdefault("schemas", {})[model.__name__] = form
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]
