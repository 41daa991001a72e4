"""What the tests of datasets share: the command as a user calls it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from unmask.cli.app import main

Call = Callable[..., tuple[int, Any]]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """``call("data", …)``: exit code and the JSON it printed, or what stood on standard error."""

    def run(*arguments: object) -> tuple[int, Any]:
        with pytest.raises(SystemExit) as ended:
            main([*map(str, arguments), "--json"])
        said = capsys.readouterr()
        code = ended.value.code or 0
        assert isinstance(code, int)
        return code, json.loads(said.out) if said.out.strip() else said.err

    return run
