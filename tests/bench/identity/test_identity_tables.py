"""The measured tables of docs/identity.md are those of the stored rows."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from unmask.bench.identity.gates import Degraded
from unmask.bench.identity.morphs import Suspect
from unmask.bench.identity.pairs import Pair
from unmask.bench.identity.rows import read_rows
from unmask.cards.card import read_card
from unmask.identity.cards import card_path

HOME = Path(__file__).resolve().parents[3]
PAGE = (HOME / "docs" / "identity.md").read_text(encoding="utf-8")


def benchmark(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, HOME / "benchmarks" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["face_identity", "voice_identity"])
def test_verification(name: str) -> None:
    made = benchmark("identity_verification")
    rows = read_rows(made.STORED / f"{name}.parquet", Pair)
    assert made.section(name, rows, read_card(card_path(name)).operating) in PAGE


def test_gates_of_faces() -> None:
    made = benchmark("identity_gates")
    assert made.tables(read_rows(made.ROWS, Degraded)) in PAGE


def test_gate_of_voices() -> None:
    made = benchmark("identity_voice_gate")
    text = made.tables(read_rows(made.PAIRS, Pair), read_rows(made.PROBES, made.Probe))
    assert text in PAGE


def test_morphs() -> None:
    made = benchmark("identity_morphs")
    rows = [row for row in read_rows(made.ROWS, Suspect) if row.half == "test"]
    for operating in read_card(card_path("face_morph")).operating:
        assert made.table(rows, operating) in PAGE
    assert made.plain_distance(rows) in PAGE
