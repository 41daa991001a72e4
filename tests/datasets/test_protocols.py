"""Every protocol runs from tiny copies of its datasets to a table, and never chooses on tests."""

from __future__ import annotations

import importlib
import math
import tomllib
import zlib
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from pathlib import Path

import pytest

from unmask.bench import run as running
from unmask.bench.perturb import applies
from unmask.bench.protocol import FOLDER, Protocol, protocols, read_protocol
from unmask.bench.run import Order, run
from unmask.bench.table import lines, stored
from unmask.datasets.adapter import adapter
from unmask.datasets.manifest import Item, Manifest, write_manifest
from unmask.errors import DataError
from unmask.voices.challenges import CHALLENGES

OWN = sorted(name for name in protocols() if read_protocol(name).manifests)
"""All but those over a user's own collection."""
SPARSE = {"df40", "df40-1", "df40-2", "df40-3", "df40-4", "genimage", "deepfakebench"}
"""Their tiny copies do not hold every generator that they test."""


class Claim(Enum):
    FORGED = "forged"


class Hashed:
    """A detector that knows nothing: scores are a hash of the name."""

    weights = "0" * 64
    claim = Claim.FORGED
    kinds = frozenset({"image", "video", "audio", "imagetext", "text"})

    def __init__(self, detector: str, claim: str = "") -> None:
        del detector, claim

    def score(
        self,
        manifest: Manifest,
        condition: str,
        classes: Sequence[str],
        said: Callable[[int], None],
    ) -> Iterator[running.Outcome]:
        assert not any(item.split != "test" for item in manifest)
        for done, item in enumerate(manifest, 1):
            said(done)
            yield self._row(item, manifest.name, condition, classes)

    @staticmethod
    def _row(item: Item, test: str, condition: str, classes: Sequence[str]) -> running.Outcome:
        drawn = zlib.crc32(f"{item.item_id}|{condition}".encode()) / 2**32
        forged = bool(item.label and classes)
        return running.Outcome(
            item.item_id, item.media_id, item.path, test, condition, item.label, 4 * drawn - 2,
            kind=item.kind, group=item.group, source=item.source, family=item.family,
            generator=item.generator, segments=item.segments,
            proposals=((drawn, *item.segments[0]),) if item.segments else (),
            class_number=(
                classes.index(item.generator) if forged and item.generator in classes else -1
            ),
            class_scores=tuple(math.sin(i + 9 * drawn) for i in range(len(classes) * forged)),
        )  # fmt: skip


@pytest.fixture(params=OWN)
def protocol(request: pytest.FixtureRequest) -> Protocol:
    return read_protocol(str(request.param))


@pytest.fixture
def data(protocol: Protocol, tmp_path: Path) -> list[Path]:
    paths = []
    for name in protocol.manifests:
        importlib.import_module(f"tiny.{name.replace('-', '_')}").make(tmp_path / name)
        made = adapter(name).build(tmp_path / name)
        paths.append(write_manifest(tmp_path / name / "manifest.jsonl", made))
    return paths


def test_it_runs_to_a_table(
    protocol: Protocol, data: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert all(
        any(applies(c, Item("", "", "", kind, 0)) for kind in protocol.kinds)
        for c in protocol.conditions
    )
    protocol = protocol.model_copy(update={"conditions": protocol.conditions[:3]})
    monkeypatch.setattr(running, "ShippedScorer", Hashed)
    order = Order("unmask_face", data, tmp_path / "results", tmp_path / "runs")
    ran = run(protocol, order)
    path, count = ran.path, ran.rows
    (outcomes,) = stored(tmp_path / "results", protocol)
    assert (path.is_file(), count) == (True, len(outcomes.rows))
    asked = {test.name for test in protocol.test}
    found = {row.test for row in outcomes.rows} - {"val"}
    assert found == asked or (protocol.name in SPARSE and found < asked)
    made = lines(protocol, [outcomes], intervals=False)
    assert {line.test for line in made} == found
    assert all(0 <= line.cells["auc"].value <= 1 for line in made if "auc" in line.cells)
    assert {line.condition for line in made} == set(protocol.conditions)


def test_what_trains_and_chooses_is_there_and_never_tested(
    protocol: Protocol, data: list[Path]
) -> None:
    material = running.gather(protocol, data, protocol.kinds)
    tested = {item.media_id for test in material.tests.values() for item in test}
    fit = {item.media_id for item in material.fit}
    assert not fit & tested
    if protocol.train:
        assert {item.split for item in material.fit} >= {"train"}
        classes = {0, 1} if protocol.both_classes else {1}
        assert {item.label for item in material.fit.select(split="train")} == classes


def test_calls_of_your_own_run_to_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "ShippedScorer", Hashed)
    rows = [
        Item(f"{call}/{name}.wav", f"call{call}", f"{call}/{name}.wav", "audio", call % 2,
             source="calls", group=f"call{call}", split="test", condition=name)
        for call in range(6)
        for name in CHALLENGES
    ]  # fmt: skip
    path = write_manifest(tmp_path / "m.jsonl", Manifest(tmp_path, tuple(rows), "calls"))
    pitch = read_protocol("pitch")
    run(pitch, Order("unmask_voice", [path], tmp_path / "results", tmp_path / "runs"))
    (outcomes,) = stored(tmp_path / "results", pitch)
    made = {line.test: line for line in lines(pitch, [outcomes], intervals=False)}
    assert set(made) == {test.name for test in pitch.test}
    together = made["all challenges of a call"]
    assert (together.reals, together.fakes) == (3, 3)  # answers of a call are one
    assert {test.where["condition"][0] for test in pitch.test[:-1]} == set(CHALLENGES)


def test_every_protocol_over_public_data_is_run_here() -> None:
    assert set(protocols()) - set(OWN) == {"mini", "mini-robustness", "pitch"}


@pytest.mark.parametrize("what", ["checkpoint", "threshold"])
@pytest.mark.parametrize("name", protocols())
def test_a_copy_that_chooses_on_tests_is_refused(name: str, what: str, tmp_path: Path) -> None:
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if not line.startswith(f"{what} =")]
    copy = tmp_path / "copy.toml"
    copy.write_text("\n".join([f'{what} = "test"', *kept]), encoding="utf-8")
    assert tomllib.loads(copy.read_text(encoding="utf-8"))[what] == "test"
    with pytest.raises(DataError, match=f"its {what} on test data"):
        read_protocol(str(copy))


def test_a_copy_that_trains_on_its_tests_is_refused(protocol: Protocol, data: list[Path]) -> None:
    name = next(iter(running.gather(protocol, data, protocol.kinds).tests))
    (tested,) = (test for test in protocol.test if test.name == name)
    own = protocol.model_copy(update={"train": running.Train(where=tested.where), "val": None})
    with pytest.raises(DataError, match="test items may only be scored"):
        running.gather(own, data, protocol.kinds)
