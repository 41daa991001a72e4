"""Requests of every shape that the OpenAPI document allows, and many that it does not."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from serve_helpers import with_key, work_off

from unmask.serve import jobs
from unmask.serve.app import make_app
from unmask.serve.config import Serving
from unmask.serve.database import Database
from unmask.serve.jobs import Wish
from unmask.serve.leases import Leases

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
KEYS: dict[str, str] = {}


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("openapi")
    root = folder / "root"
    root.mkdir()
    (root / "a.txt").write_text("no medium")
    serving = Serving(data=folder / "data", roots=(root,), open_=False, spare=0, most_bytes=100_000)
    store = Database(serving.url)
    store.migrate()
    Leases(store, "w", 30, 3).seen(1)
    KEYS.update(with_key(store, "submit", "read", "delete", "admin", per_minute=0))
    owner = KEYS["Authorization"].split("_")[1]
    wish = Wish("a.txt", 9, "", {}, "r", source=str(root / "a.txt"))
    jobs.make(store, owner, [wish])
    work_off(serving, store)
    return schemathesis.openapi.from_asgi("/v1/openapi.json", make_app(serving, store))


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_no_request_breaks_the_service(document: Any, mode: GenerationMode) -> None:
    tried = 0
    for found in document.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=6,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        def ask(case: schemathesis.Case) -> None:
            case.call_and_validate(headers=KEYS, checks=CHECKS)

        with contextlib.suppress(Unsatisfiable):  # nothing about it can be wrong
            ask()
            tried += 1
    assert tried > (8 if mode is GenerationMode.NEGATIVE else 15)


def test_the_document_tells_every_route_under_v1(document: Any) -> None:
    paths = set(document.raw_schema["paths"])
    assert {"/v1/jobs", "/v1/batches", "/v1/compare", "/v1/jobs/{ident}/events"} <= paths
    assert not any(Path(path).parts[:2] == ("/", "static") for path in paths)
