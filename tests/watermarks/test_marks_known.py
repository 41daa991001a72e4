"""The table of known marks."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from unmask.types import Label
from unmask.watermarks.marks import Mark, known


def row(**changed: object) -> dict[str, object]:
    values: dict[str, object] = {
        "name": "x",
        "pipeline": "a pipeline",
        "text": "AB",
        "arithmetic": "bytes",
        "orders": ["bgr"],
        "makes": "synthetic",
        "source": "https://example.org/code.py#L1",
    }
    return values | changed


def test_every_row_is_unique_and_has_a_source() -> None:
    marks = known()
    assert len({mark.name for mark in marks}) == len(marks)
    assert len({mark.message.tobytes() for mark in marks}) == len(marks)
    assert all(mark.source.startswith("https://github.com/") for mark in marks)


def test_messages_have_the_lengths_that_the_pipelines_embed() -> None:
    lengths = {mark.name: len(mark.message) for mark in known()}
    assert lengths == {
        "StableDiffusionV1": 136,
        "StableDiffusionV1-Inpainting": 224,
        "SDV2": 32,
        "SDXL": 48,
        "FLUX": 46,
        "InvokeAI": 64,
    }


def test_the_48_bits_of_sdxl_are_the_published_number() -> None:
    sdxl = next(mark for mark in known() if mark.name == "SDXL")
    assert int("".join(map(str, sdxl.message)), 2) == 0xB3EC907BB19E


def test_a_text_is_its_bytes_most_significant_bit_first() -> None:
    assert Mark.model_validate(row()).message.tolist() == [
        *(0, 1, 0, 0, 0, 0, 0, 1),
        *(0, 1, 0, 0, 0, 0, 1, 0),
    ]


def test_a_filled_part_is_manipulated_and_the_rest_is_synthetic() -> None:
    makes = {mark.name: mark.makes for mark in known()}
    assert makes.pop("StableDiffusionV1-Inpainting") == Label.MANIPULATED
    assert set(makes.values()) == {Label.SYNTHETIC}


@pytest.mark.parametrize(
    "changed",
    [{"bits": "01"}, {"text": ""}, {"bits": "012", "text": ""}, {"makes": "authentic"}, {"z": 1}],
)
def test_a_malformed_row_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Mark.model_validate(row(**changed))
