"""Every label of a generator that an adapter emits, or has in a table, is a known generator."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from unmask.datasets.adapter import adapter, adapters
from unmask.datasets.adapters import df40, faceforensics, forgerynet, imaginet
from unmask.sources import sources
from unmask.taxonomy.reading import taxonomy

TABLES = {
    "df40": tuple(df40._FAMILY),
    "faceforensics": tuple(faceforensics._FAMILIES),
    "forgerynet": forgerynet._METHODS,
    "imaginet": imaginet._MODELS,
}
LAYOUTS = {  # names that the text of an adapter's layout gives
    "dfadd": ("GradTTS", "NaturalSpeech2", "StyleTTS2", "MatchaTTS", "PflowTTS"),
    "dgm4": ("simswap", "infoswap", "HFGI", "StyleCLIP"),
    "dvf": ("sora", "pika", "opensora", "zeroscope", "videocrafter1", "stablevideodiffusion"),
    "d3": ("gen_0", "gen_1", "gen_2", "gen_3"),
    "asvspoof2019-la": tuple(f"A{number:02}" for number in range(1, 20)),
    "asvspoof5": tuple(f"A{number:02}" for number in range(1, 33)),
    "codecfake-xie": tuple(f"F{number:02}" for number in range(1, 8)),
    "fakeavceleb": ("wav2lip", "rtvc", "faceswap-wav2lip", "fsgan-wav2lip", "fsgan", "faceswap"),
}


@pytest.mark.parametrize("name", adapters())
def test_what_an_adapter_emits_is_known(name: str, tmp_path: Path) -> None:
    importlib.import_module(f"tiny.{name.replace('-', '_')}").make(tmp_path / name)
    items = adapter(name).build(tmp_path / name).items
    lost = {
        item.generator
        for item in items
        if item.generator and not sources().named(item.generator, name, item.source, item.family)
    }
    assert not lost, f"{name} names generators that sources.toml does not know"


@pytest.mark.parametrize("name", sorted(TABLES | LAYOUTS))
def test_what_an_adapter_declares_is_known(name: str) -> None:
    labels = (*TABLES.get(name, ()), *LAYOUTS.get(name, ()))
    assert not [label for label in labels if not sources().named(label, name)]


def test_a_label_nobody_knows_is_not_taken_for_another() -> None:
    for label in ("swapomatic", "simswap2", "simswap-or-so", "A05", "gen_0", "wav2lip+nobody", ""):
        assert sources().named(label) == (), label


def test_samples_are_of_datasets_that_are_read() -> None:
    said = {text for one in sources().by_key.values() for text in one.samples}
    named = {text.removeprefix("dataset:") for text in said if text.startswith("dataset:")}
    assert len(named) > 10
    assert named <= set(adapters())


def test_the_groups_of_df40_are_the_four_classes_of_the_survey() -> None:
    survey = taxonomy("deepfakes-and-beyond")
    found: dict[str, set[str]] = {}
    for label, family in df40._FAMILY.items():
        (source,) = sources().named(label, "df40")
        found.setdefault(family, set()).add(survey.of(source))
    assert found == {
        "face-swap": {"identity swap"},
        "reenactment": {"expression swap"},
        "whole-face": {"entire synthesis"},
        "face-edit": {"attribute manipulation"},
    }
