"""The JSON record: its published form, its numbers, and nothing lost or broken in it."""

from __future__ import annotations

import base64
import io
import json
import math
import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import report_samples as samples
from PIL import Image

from unmask.errors import MissingExtra, UnknownName, UnreadableMedia
from unmask.report import schema
from unmask.report.json import dumps, error_dict, to_dict, to_json
from unmask.report.schema import SCHEMA_VERSION, ReportRecord, json_schema
from unmask.types import Finding, Label, MediaInfo, Report, Verdict, posterior

SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def record(name: str, **options: Any) -> dict[str, Any]:
    return to_dict(samples.ALL[name](), cards=samples.CARDS, **options)


def test_schema_is_valid_and_describes_every_key() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for name, part in SCHEMA["$defs"].items():
        assert part.get("description"), name
        for key, value in part.get("properties", {}).items():
            assert value.get("description") or "$ref" in value, f"{name}.{key}"
            assert key in part["required"], f"{name}.{key} is always there"


def test_schema_allows_keys_of_later_minor_versions() -> None:
    newer = record("two_faces") | {"schema_version": "2.7", "added_later": 1}
    VALIDATOR.validate(newer)
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(newer | {"schema_version": "3.0"})


@pytest.mark.parametrize("name", samples.ALL)
@pytest.mark.parametrize("snapshots", [False, True])
def test_real_output_validates(name: str, snapshots: bool) -> None:
    text = to_json(samples.ALL[name](), cards=samples.CARDS, snapshots=snapshots)
    assert len(text.splitlines()) == 1
    assert text.isascii()
    VALIDATOR.validate(json.loads(text, parse_constant=lambda word: pytest.fail(word)))


def test_schema_refuses_a_broken_record() -> None:
    good = record("two_faces")
    for spoil in (
        {"verdict": good["verdict"] | {"label": "fake"}},
        {"verdict": good["verdict"] | {"probability": 1.5}},
        {"seconds": None},
    ):
        with pytest.raises(jsonschema.ValidationError):
            VALIDATOR.validate(good | spoil)


@pytest.mark.parametrize(
    ("kind", "part"), [(MediaInfo, "media"), (Verdict, "verdict"), (Finding, "findings")]
)
def test_no_field_of_a_report_is_lost(kind: type, part: str) -> None:
    value = record("two_faces")[part]
    keys = set(value[0] if isinstance(value, list) else value)
    # the name's bytes and not its text; told as a rate; what the decision is made with
    untold = {"opened_as", "surprise", "sign", "sayings"}
    told = {field.name for field in fields(kind)} - untold
    assert told <= keys


def test_top_level_fields_are_those_of_the_report() -> None:
    assert set(record("two_faces")) == {field.name for field in fields(Report)} | {
        "schema_version",
        "path",
    }
    assert set(ReportRecord.model_fields) == set(record("two_faces"))


def test_values_are_those_of_the_report() -> None:
    report, made = samples.two_faces(), record("two_faces")
    assert made["schema_version"] == SCHEMA_VERSION == "2.0"
    assert made["path"] == made["media"]["path"] == "press/astronaut.jpg"
    first = made["findings"][0]
    assert first["llr"] == 3.5
    assert first["probability"] == pytest.approx(1 / (1 + math.exp(-3.5)))
    assert first["where"]["boxes"] == [{"x": 168, "y": 64, "width": 116, "height": 140}]
    assert first["details"] == {"quality": 0.91, "pixels": [116, 140], "bad": None}
    assert first["snapshots"] == []
    assert made["not_checked"][0]["why"] == report.not_checked[0].why
    assert made["detectors"][0]["weights_sha256"] == "ab" * 32
    assert made["detectors"][0]["limits"] == samples.CARDS["face-blend"].limits
    assert made["detectors"][0]["calibrations"][0]["reals"] == 1200


def test_mask_survives_as_png() -> None:
    made = record("two_faces")["findings"][0]["where"]["masks"][0]
    grid = np.asarray(Image.open(io.BytesIO(base64.b64decode(made["png"]))))
    assert grid.dtype == np.uint8
    assert grid.shape == (made["rows"], made["columns"]) == (14, 14)
    assert np.abs(grid / 255 - samples.blob()).max() <= 0.5 / 255 + 1e-6
    assert made["box"] == {"x": 168, "y": 64, "width": 116, "height": 140}
    assert made["level"] == 0.5
    assert made["time"] is None


def test_gaps_of_a_series_are_null_and_the_rest_is_kept() -> None:
    report = samples.video()
    made = record("video")["findings"][1]["series"][0]
    values = report.findings[1].series[0].values
    assert made["values"] == [None if math.isnan(v) else v for v in values]
    assert None in made["values"]
    assert made["times"] == list(report.findings[1].series[0].times)


def test_another_prior_changes_probabilities_and_not_evidence() -> None:
    rare = record("two_faces", prior=0.01)
    assert rare["verdict"]["prior"] == 0.01
    assert rare["verdict"]["llr"] == 3.5
    assert rare["verdict"]["probability"] == pytest.approx(posterior(3.5, 0.01))
    assert rare["findings"][0]["probability"] == pytest.approx(posterior(3.5, 0.01))
    assert record("facts", prior=0.01)["verdict"]["probability"] is None


def test_snapshots_are_there_when_asked() -> None:
    shot = record("two_faces", snapshots=True)["findings"][0]["snapshots"][0]
    picture = Image.open(io.BytesIO(base64.b64decode(shot["jpeg"])))
    assert picture.format == "JPEG"
    assert picture.size == (512, 512)


def test_no_nan_or_infinity_anywhere() -> None:
    report = samples.two_faces()
    wild = {
        "a": float("inf"),
        "b": np.float32("nan"),
        "c": np.array([1.0, -np.inf]),
        "d": {1: (float("nan"),)},
        "e": {3, 1},
        "f": object,
        "g": report.verdict,
    }
    finding = replace(report.findings[0], score=float("nan"), llr=float("inf"), details=wild)
    media = replace(report.media, seconds=float("nan"))
    changed = replace(report, media=media, findings=(finding,), settings=wild)
    made = to_dict(changed, cards=samples.CARDS)
    VALIDATOR.validate(made)
    details = made["findings"][0]["details"]
    assert details["c"] == [1.0, None]
    assert details["d"] == {"1": [None]}
    assert details["e"] == [1, 3]
    assert details["g"]["label"] == "manipulated"
    assert made["findings"][0]["llr"] is None
    json.dumps(made, allow_nan=False)


def test_hostile_text_stays_on_one_line_and_decodes() -> None:
    text = to_json(samples.hostile(), cards=samples.CARDS)
    assert "\n" not in text
    path = json.loads(text)["path"]
    assert path.startswith("<script>")
    assert "\\udcff" in path  # the byte that is not Unicode is written out


def test_numpy_numbers_in_boxes_are_taken() -> None:
    report = samples.two_faces()
    box = type(samples.FACE)(*np.array([1, 2, 3, 4], dtype=np.float32))
    finding = replace(report.findings[0], where=replace(report.findings[0].where, boxes=(box,)))
    made = to_dict(replace(report, findings=(finding,)), cards=samples.CARDS)
    assert made["findings"][0]["where"]["boxes"][0] == {"x": 1, "y": 2, "width": 3, "height": 4}


def test_error_record() -> None:
    made = error_dict("a\udcff.jpg", UnreadableMedia("The file\nis cut off."))
    VALIDATOR.validate(made)
    assert made == {
        "schema_version": "2.0",
        "path": "a\\udcff.jpg",
        "error": {"kind": "UnreadableMedia", "message": "The file is cut off."},
    }
    assert error_dict("b", MissingExtra("PDF", "pdf"))["error"]["kind"] == "MissingExtra"
    assert error_dict("c", ValueError())["error"]["message"]
    assert dumps(made).count("\n") == 0


def test_an_unknown_detector_is_an_error_and_not_a_gap() -> None:
    report = replace(samples.two_faces(), detectors=("no-such-detector",))
    with pytest.raises(UnknownName, match="no-such-detector"):
        to_dict(report)


def test_every_key_is_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "report.md").read_text(encoding="utf-8")
    for model in (schema.ReportRecord, schema.FindingRecord, schema.NotCheckedRecord):
        for key in model.model_fields:
            assert re.search(rf"`(where\.)?{key}(\.\w+)?`", page), key
    for label in Label:
        assert label.value in page
