"""Small media of every kind, made once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from make_media import every_kind


@pytest.fixture(scope="session")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    return every_kind(tmp_path_factory.mktemp("kinds"))
