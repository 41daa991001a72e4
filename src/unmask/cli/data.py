"""``unmask data``: manifests of datasets, their faults, and faces cut out of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unmask.cli.console import Progressing, emit, out
from unmask.cli.data_comply import comply

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest

app = typer.Typer(help="Datasets: make a manifest, find its faults, cut out the faces.")
app.command()(comply)
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command()
def make(
    source: Annotated[
        Path, typer.Argument(help="A folder (real/ and fake/, or a dataset's), a CSV or a JSONL.")
    ],
    out: Annotated[Path, typer.Option(help="Parquet file, or folder for manifest.parquet.")],
    dataset: Annotated[
        str, typer.Option(help="Read SOURCE as this dataset's download (see unmask data list).")
    ] = "",
    name: Annotated[str, typer.Option(help="Name of the manifest; default: the source's.")] = "",
    shares: Annotated[
        str, typer.Option(help="Shares of train, val, test where there are no official splits.")
    ] = "0.8,0.1,0.1",
    seed: Annotated[int, typer.Option(help="Another number gives other splits.")] = 0,
    frames: Annotated[
        bool, typer.Option(help="The innermost folders are videos taken apart into frames.")
    ] = False,
    partial: Annotated[
        bool, typer.Option(help="Take the part of a --dataset that is there, and note the rest.")
    ] = False,
    json: Json = False,
) -> None:
    """Write a manifest: one row an item, with label, generator, group and split."""
    from unmask.datasets.adapter import adapter
    from unmask.datasets.folder import folder_manifest
    from unmask.datasets.manifest import write_manifest
    from unmask.datasets.table import table_manifest
    from unmask.errors import DataError, SettingError
    from unmask.outputs import guard

    path = out if out.suffix == ".parquet" else out / "manifest.parquet"
    guard({"--out": path}, (source,))
    parts = _shares(shares)
    if (frames and dataset) or (partial and not dataset):
        raise SettingError("--frames is for folders of your own, --partial for a --dataset.")
    if dataset:
        with _needed("Reading a dataset"):
            manifest = adapter(dataset).build(source, partial, parts, seed)
            manifest = replace(manifest, name=name or manifest.name)
    elif source.is_dir():
        manifest = folder_manifest(source, name, frames, parts, seed)
    elif source.suffix.lower() in (".csv", ".jsonl", ".ndjson") and source.is_file():
        manifest = table_manifest(source, name, parts, seed)
    else:
        raise DataError(f"{source} is neither a folder nor a .csv or .jsonl file. Name one.")
    write_manifest(path, manifest)
    emit(
        {"path": str(path), **_counts(manifest)},
        as_json=json,
        text=f"{path}\n{_summary(manifest)}",
    )


@contextmanager
def _needed(what: str) -> Iterator[None]:
    """Turn a package that is not installed into the command that adds it."""
    from unmask.errors import MissingExtra

    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtra(f"{what} (the package {error.name!r})", "train") from error


def _told(bar: Progressing, done: int, of: int) -> None:
    bar.update(done, of or None)


def _shares(text: str) -> tuple[float, ...]:
    from unmask.errors import SettingError

    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise SettingError(f"--shares is {text!r}; give three like 0.8,0.1,0.1.") from None


@app.command()
def unpack(
    sources: Annotated[
        list[Path], typer.Argument(help="Archives (.zip, .tar), Parquet files, or TSV with images.")
    ],
    out: Annotated[Path, typer.Option(help="Folder; each source gets a folder of its own name.")],
    json: Json = False,
) -> None:
    """Take archives, and tables that hold media, apart into files and a rows.jsonl.

    Nothing is run, and nothing is written outside the folders.
    """
    from unmask.datasets.unpack import unpack as take_apart
    from unmask.outputs import guard

    guard({"--out": out}, sources)
    made = []
    for source in sources:
        with Progressing(f"unpacking {source.name}", unit="files", quiet=json) as bar:
            made.append(take_apart(source, out, partial(_told, bar)))
    lines = [
        f"{one.folder}: {one.files} files" + (f" of {one.rows} rows" if one.rows else "")
        for one in made
    ]
    emit(
        [{"folder": str(one.folder), "files": one.files, "rows": one.rows} for one in made],
        as_json=json,
        text="\n".join(lines),
    )


@app.command("list")
def list_datasets(json: Json = False) -> None:
    """All known datasets, with licence and where to get them."""
    from rich.table import Table

    from unmask.datasets.adapter import adapter, adapters

    known = [adapter(name) for name in adapters()]
    if json:
        emit([_about(one) for one in known], as_json=True, text="")
        return
    table = Table(box=None)
    for column in ("name", "kinds", "licence", "where"):
        table.add_column(column, overflow="fold", no_wrap=column == "name")
    for one in known:
        table.add_row(one.name, ", ".join(one.kinds), one.licence, one.url)
    out.print(table)


@app.command()
def show(
    what: Annotated[str, typer.Argument(help="Name of a dataset, or path of a manifest.")],
    json: Json = False,
) -> None:
    """A known dataset (licence, citation, layout), or what a manifest holds."""
    from unmask.datasets.adapter import adapter, adapters
    from unmask.datasets.manifest import read_manifest

    if what not in adapters() and Path(what).exists():
        manifest = read_manifest(Path(what))
        emit(_counts(manifest), as_json=json, text=_summary(manifest))
        return
    about = _about(adapter(what))
    shown = {**about, **{name: ", ".join(about[name]) for name in ("kinds", "classes")}}
    text = "\n".join(f"{name}: {value}" for name, value in shown.items() if name != "layout")
    emit(about, as_json=json, text=f"{text}\nlayout:\n{about['layout']}")


@app.command()
def check(
    manifest: Annotated[Path, typer.Argument(help="A manifest, or the folder that holds one.")],
    sample: Annotated[
        int, typer.Option(help="Files of each source whose format is looked at.")
    ] = 400,
    processes: Annotated[int, typer.Option(help="Worker processes.")] = 1,
    json: Json = False,
) -> None:
    """Find leaks: duplicates and persons across splits, formats that give the label away.

    Ends with 0 when the dataset is clean and with 1 when it has faults.
    """
    from unmask.cli.app import ExitCode
    from unmask.datasets.check import check as look
    from unmask.datasets.manifest import read_manifest

    with _needed("Checking data"), Progressing("checking", unit="files", quiet=json) as bar:
        found = look(read_manifest(manifest), sample, processes, bar.update)
    lines = [
        f"{fault.kind}: {fault.what}"
        if fault.kind == "format"
        else f"{fault.kind}: {fault.count} {fault.what}"
        for fault in found.faults
    ]
    leaking = sum(pair.leaks for pair in found.pairs)
    lines.append(f"{len(found.pairs)} pairs of a real and a forged source compared, {leaking} leak")
    head = f"{len(found.faults)} faults" if found.faults else "no fault found"
    looked = f"{found.items} items, {found.fingerprints} fingerprints, {found.traits} formats"
    emit(found.to_dict(), as_json=json, text="\n".join([f"{head} ({looked})", *lines]))
    raise typer.Exit(ExitCode.FLAGGED if found.faults else ExitCode.CLEAN)


@app.command()
def faces(
    manifest: Annotated[Path, typer.Argument(help="A manifest, or the folder that holds one.")],
    out: Annotated[Path, typer.Option(help="Folder for the crops and their manifest.")],
    detector_card: Annotated[str, typer.Option(help="Cut as the card of this detector says.")] = "",
    margin: Annotated[
        float, typer.Option(help="Side of the square over the longer side of the face box.")
    ] = 1.3,
    size: Annotated[int, typer.Option(help="Pixels of a side of the crop.")] = 256,
    frames: Annotated[int, typer.Option(help="Frames of a video, spread over all of it.")] = 32,
    originals: Annotated[
        bool, typer.Option("--originals", help="Cut the same square out of a fake's original too.")
    ] = False,
    processes: Annotated[int, typer.Option(help="Worker processes.")] = 1,
    json: Json = False,
) -> None:
    """Cut the faces of pictures and videos out once, and write a manifest of the crops.

    The same command goes on where it was stopped.
    """
    from unmask.datasets.face_crops import Cut, cut_of_card
    from unmask.datasets.face_manifest import cut_faces
    from unmask.datasets.manifest import read_manifest
    from unmask.errors import SettingError
    from unmask.outputs import guard

    if margin < 1 or not 16 <= size <= 2048 or frames < 1:
        raise SettingError("Allowed are --margin from 1, --size 16 to 2048, --frames from 1.")
    read = manifest / "manifest.parquet" if manifest.is_dir() else manifest
    guard({"--out": out / "manifest.parquet"}, (read,))
    cut = cut_of_card(detector_card, frames) if detector_card else Cut(margin, size, frames)
    cut = replace(cut, originals=originals)
    with _needed("Cutting faces"), Progressing("cutting", unit="files", quiet=json) as bar:
        made = cut_faces(read_manifest(manifest), out, cut, processes, bar.update)
    lines = [f"{made.path}: {made.crops} crops", f"without a face: {made.faceless} files"]
    lines += [f"not read: {line}" for line in made.unread]
    emit(
        {
            "path": str(made.path),
            "crops": made.crops,
            "faceless": made.faceless,
            "unread": list(made.unread),
        },
        as_json=json,
        text="\n".join(lines),
    )


def _about(one: Any) -> dict[str, Any]:
    from inspect import cleandoc

    about = {
        part: getattr(one, part)
        for part in ("name", "title", "kinds", "licence", "citation", "url", "splits", "layout")
    }
    classes = [("real", "forged")[label] for label in one.labels]
    return {**about, "kinds": list(one.kinds), "classes": classes, "layout": cleandoc(one.layout)}


def _counts(manifest: Manifest) -> dict[str, Any]:
    split = Counter(f"{i.split} {'forged' if i.label else 'real'}" for i in manifest)
    return {
        "name": manifest.name,
        "root": str(manifest.root),
        "licence": manifest.licence,
        "citation": manifest.citation,
        "items": len(manifest),
        "groups": len({item.group for item in manifest}),
        "splits": dict(sorted(split.items())),
        "kinds": _count(item.kind for item in manifest),
        "generators": _count(item.generator for item in manifest if item.label),
        "made_by": _count(
            _made_by(item.generator, manifest.name, item.source, item.family)
            for item in manifest
            if item.label
        ),
        "sources": _count(item.source for item in manifest),
        "conditions": _count(item.condition for item in manifest),
        "notes": list(manifest.notes),
    }


@lru_cache(maxsize=4096)
def _made_by(generator: str, *places: str) -> str:
    """The kind of the generators that a label names, if they are known ones."""
    from unmask.sources import sources

    found = sources().named(generator, *places)
    return " + ".join(dict.fromkeys(source.kind.value for source in found))


def _count(values: Any) -> dict[str, int]:
    return dict(sorted(Counter(value or "(none)" for value in values).items()))


def _summary(manifest: Manifest) -> str:
    counts = _counts(manifest)
    lines = [f"{counts['name']}: {counts['items']} items in {counts['groups']} groups"]
    for part in ("splits", "kinds", "generators", "made_by", "sources", "conditions"):
        if counts[part] and set(counts[part]) != {"(none)"}:
            lines.append(f"{part.replace('_', ' ')}: {_listed(counts[part])}")
    lines += [f"note: {note}" for note in counts["notes"]]
    return "\n".join(lines)


def _listed(counts: Mapping[str, int], most: int = 12) -> str:
    shown = [f"{name} {count}" for name, count in list(counts.items())[:most]]
    return ", ".join(shown + ([f"{len(counts) - most} more"] if len(counts) > most else []))
