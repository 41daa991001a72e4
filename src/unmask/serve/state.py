"""What all requests of one server process share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from fastapi import Request

from unmask.serve.access import Access
from unmask.serve.config import Serving
from unmask.serve.database import Database
from unmask.serve.files import Files
from unmask.serve.metrics import Metrics
from unmask.serve.results import Results
from unmask.serve.submitting import Submitting


@dataclass(slots=True)
class State:
    """The parts of a server. ``watchers``: how many follow events now."""

    serving: Serving
    database: Database
    files: Files
    access: Access
    submitting: Submitting
    results: Results
    metrics: Metrics
    watchers: int = 0
    stopping: bool = False

    @classmethod
    def of(cls, request: Request) -> State:
        """The state of the server that a request came to."""
        return cast(State, request.app.state.shared)
