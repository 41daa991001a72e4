"""``unmask bench faces``: protocols that ask a whole face program."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unmask.cli.console import Progressing, emit

if TYPE_CHECKING:
    from unmask.bench.faces.protocol import FaceProtocol


def faces(
    protocol: Annotated[str, typer.Argument(help="fruits, fanvid, or a TOML file.")],
    data: Annotated[
        Path, typer.Option(help="fruits: a manifest of people; fanvid: the dataset's folder.")
    ],
    network: Annotated[
        Path | None, typer.Option(help="fruits: an ArcFace network (ONNX); default: dlib's.")
    ] = None,
    found: Annotated[
        list[str] | None,
        typer.Option(help="fanvid: faces=TABLE.csv or plates=TABLE.csv; may be repeated."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Run a protocol of face programs and print its figures."""
    from unmask.bench.faces.protocol import read_face_protocol

    asked = read_face_protocol(protocol)
    if asked.asks == "timed":
        rows = _timed(asked, data, network, json)
    else:
        rows = _marked(asked, data, found or [])
    text = [asked.title, *(row.pop("text") for row in rows), *asked.notes]
    emit({"protocol": asked.name, "rows": rows}, as_json=json, text="\n".join(text))


def _timed(
    asked: FaceProtocol, path: Path, network: Path | None, json: bool
) -> list[dict[str, Any]]:
    from unmask.bench.faces.timed import run
    from unmask.datasets.manifest import read_manifest
    from unmask.faces.detect import detect
    from unmask.faces.embed import FaceEmbedder
    from unmask.media import read_image

    data = read_manifest(path)
    embedder = FaceEmbedder(network or "", threads=1)

    def program(pixels: Any) -> Any:
        seen = detect(pixels)
        return embedder.embed(pixels, max(seen, key=lambda f: f.box.width)) if seen else None

    with Progressing("comparing", unit="pictures", quiet=json) as bar:
        made = run(asked, data, program, lambda item: read_image(data.file(item)), bar.update)
    rows = []
    for one in made:
        head = f"within {one.limit:g} ms (took {one.milliseconds:.1f}): "
        said = [
            f"{p.part}: {p.missed:.4f} missed of {p.own}, {p.false:.2g} false of {p.other}"
            for p in one.parts
        ]
        text = head + ("; ".join(said) or "too slow, no score")
        rows.append(_plain(asdict(one)) | {"text": text})
    return rows


def _marked(asked: FaceProtocol, folder: Path, given: list[str]) -> list[dict[str, Any]]:
    from unmask.bench.faces.marked import read_found, score
    from unmask.datasets.adapter import adapter
    from unmask.datasets.adapters.fanvid import TASKS, boxes
    from unmask.datasets.on_disk import DatasetFolder
    from unmask.errors import SettingError

    one = adapter("fanvid")
    place = DatasetFolder(folder, one.title, one.url, one.layout)
    tables = dict(text.partition("=")[::2] for text in given)
    if not tables or set(tables) - set(TASKS):
        raise SettingError(f"Name the boxes of a program: --found {'|'.join(TASKS)}=TABLE.csv")
    tested = {item.path for item in one.items(place) if item.split == "test"}
    rows = []
    for task, table in tables.items():
        truth = [b for b in boxes(place, task) if f"clips/{task}/{b.clip}.mp4" in tested]
        known = {b.clip for b in truth}
        said = [f for f in read_found(Path(table)) if f.marked.clip in known]
        made = score(truth, said, asked.overlap, plates=task == "plates")
        text = (
            f"{task}: AP {made.places:.4f} of boxes, {made.named:.4f} with what they say, at an "
            f"overlap of {asked.overlap:g} ({made.boxes} marked, {made.found} given)"
        )
        rows.append({"task": task, **_plain(asdict(made)), "text": text})
    return rows


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Figures that are none become nothing."""
    return {
        key: None
        if isinstance(value, float) and math.isnan(value)
        else [_plain(one) for one in value]
        if isinstance(value, tuple)
        else value
        for key, value in values.items()
    }
