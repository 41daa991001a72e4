"""``unmask index``: the user's own index of known items."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unmask.cli.console import Progressing, emit, err, out, told_as_json

if TYPE_CHECKING:
    from unmask.index.item import Item
    from unmask.index.store import Entry, Store, Writer

app = typer.Typer(help="Your own index of known items: find copies and edits of them.")
Json = Annotated[bool, typer.Option("--json", help="Print as JSON.")]
Index = Annotated[Path, typer.Argument(help="The file of the index.")]


@app.command()
def add(
    index: Index,
    files: Annotated[list[Path], typer.Argument(help="Files and folders to add.")],
    encrypt: Annotated[
        bool, typer.Option("--encrypt", help="Encrypt a new index; asks for a passphrase.")
    ] = False,
    json: Json = False,
) -> None:
    """Add files to an index; it is made when it is not there.

    A file that is known already is not added twice, so the same command goes on where it was
    stopped. A file that cannot be read is named, and the rest is added. Exit code 4 then, else 0.
    """
    from unmask.batch import find_files, key_of
    from unmask.cli.app import ExitCode
    from unmask.cli.passphrase import chosen, unlock
    from unmask.errors import MediaError, UnreadableMedia
    from unmask.index.store import Writer
    from unmask.vault import passphrase

    if index.exists():
        unlock((index,))
        words = passphrase()
    else:
        words = chosen(encrypt)
    own = index.resolve()
    paths = [path for path in find_files(files) if path.resolve() != own]
    if not paths:
        raise UnreadableMedia(f"No files in {key_of(files[0])!r}: there is nothing to add.")
    added, known = 0, 0
    failed: list[dict[str, str]] = []
    with (
        Writer(index, words) as writer,
        Progressing("adding", unit="files", quiet=json) as bar,
    ):
        _warn(writer.store)
        for number, path in enumerate(paths):
            try:
                new = _add_one(writer, path)
                added, known = added + new, known + (not new)
            except MediaError as error:
                failed.append({"path": key_of(path), "error": str(error)})
                if not json:
                    err.print(f"not added: {error}", markup=False, soft_wrap=True)
            bar.update(number + 1, len(paths))
    text = f"{index}: {added} added, {known} known already, {len(failed)} not readable"
    emit({"added": added, "known": known, "failed": failed}, as_json=json, text=text)
    if failed:
        raise typer.Exit(ExitCode.ERROR)


def _add_one(writer: Writer, path: Path) -> bool:
    """Add one file; False when it is known. Raises MediaError."""
    from unmask.index.keys import take
    from unmask.media import probe

    media = probe(path)
    if media.sha256 in writer.known:
        return False
    taken = take(path, media)
    writer.add(taken.item, taken.keys, taken.pictures)
    return True


@app.command()
def search(
    index: Index,
    file: Annotated[Path, typer.Argument(help="The file in question.")],
    json: Json = False,
) -> None:
    """Say of which known items a file is a copy or an edit, and where it differs.

    Exit code 0: nothing, or copies; 3: an edit of a known item.
    """
    from unmask.cli.app import ExitCode
    from unmask.cli.passphrase import unlock
    from unmask.report.json import to_dict
    from unmask.scanning import prepare, scan
    from unmask.settings import make_settings

    unlock((index,))
    settings = make_settings(index=str(index), analyzers=("duplicates",))
    prepare(settings)
    with told_as_json(file, json), Progressing("searching", "s of media", json) as bar:
        report = scan(file, settings, progress=bar.update)
    record = to_dict(report)
    lines = [finding.reason for finding in report.findings]
    lines += [f"not checked: {one.what}: {one.why}" for one in report.not_checked
              if one.analyzer == "duplicates"]  # fmt: skip
    if not report.findings:
        lines.insert(0, "No item of the index is in this file.")
    found = [row for row in record["findings"] if row["analyzer"] == "duplicates"]
    left = [row for row in record["not_checked"] if row["analyzer"] == "duplicates"]
    told = {"path": record["path"], "found": found, "not_checked": left}
    emit(told, as_json=json, text="\n".join(lines))
    if any(finding.bearing for finding in report.findings):
        raise typer.Exit(ExitCode.INCONCLUSIVE)


@app.command("list")
def list_items(index: Index, json: Json = False) -> None:
    """What an index holds."""
    from rich.table import Table

    from unmask.report.plain import visible

    store = _open(index)
    if json:
        _warn(store)
        emit([entry.item.to_dict() for entry in store.entries], as_json=True, text="")
        return
    table = Table("name", "kind", "added", "size or length", "sha256", box=None)
    for entry in store.entries:
        item = entry.item
        table.add_row(
            visible(item.name, 60),
            item.kind.value,
            item.added[:10],
            _extent(item),
            item.sha256[:12],
        )
    out.print(table)
    kept = "encrypted" if store.lock else "not encrypted"
    count = len(store.entries)
    out.print(f"{count} item{'' if count == 1 else 's'}, {kept}", markup=False)
    _warn(store)


@app.command()
def export(
    index: Index,
    to: Annotated[
        Path | None, typer.Option("--to", help="A .json or .csv file; default: JSON, printed.")
    ] = None,
    json: Json = False,
) -> None:
    """Write what an index holds, with the hashes, as JSON or CSV. It is then not encrypted."""
    import json as json_

    from unmask.errors import SettingError
    from unmask.outputs import guard
    from unmask.vault import replace

    if to is not None and to.suffix.lower() not in (".json", ".csv"):
        raise SettingError(f"--to is {to.name!r}; it must end in .json or .csv.")
    guard({"--to": to}, (index,))
    store = _open(index)
    _warn(store)
    rows = [_row(entry) for entry in store.entries]
    if to is None:
        emit(rows, as_json=True, text="")
        return
    text = _csv(rows) if to.suffix.lower() == ".csv" else json_.dumps(rows, indent=1) + "\n"
    replace(to, (text.encode("utf-8", "backslashreplace"),))
    about = {"path": str(to), "items": len(rows)}
    emit(about, as_json=json, text=f"{to}: {len(rows)} items, not encrypted")


@app.command()
def remove(
    index: Index,
    names: Annotated[
        list[str], typer.Argument(help="Names, or SHA-256 sums (at least 8 characters of them).")
    ],
    json: Json = False,
) -> None:
    """Take items out of an index, and all that was kept of them."""
    from unmask.cli.passphrase import unlock
    from unmask.errors import UnknownName
    from unmask.index.store import keep
    from unmask.vault import passphrase

    store = _open(index)
    for name in names:
        if not any(_is(entry.item, name) for entry in store.entries):
            raise UnknownName("item of the index", name, [e.item.name for e in store.entries][:20])
    unlock((index,))
    gone = keep(index, passphrase(), lambda item: not any(_is(item, name) for name in names))
    emit([item.to_dict() for item in gone], as_json=json, text=f"{len(gone)} items taken out")


@app.command()
def delete(
    index: Index,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Delete a whole index. The files that it knows are not touched."""
    from unmask.errors import OutputError, StoreError
    from unmask.index.store import is_index

    if not is_index(index):
        raise StoreError(f"{index} is not an index, so it is not deleted.")
    if not yes:
        if not sys.stdin.isatty():
            raise StoreError("Nobody can be asked here. Add --yes to delete the index.")
        typer.confirm(f"Delete {index}?", abort=True, err=True)
    try:
        index.unlink()
    except OSError as error:
        raise OutputError(f"{index} cannot be deleted: {error.strerror}.") from error
    emit({"deleted": str(index)}, as_json=json, text=f"{index} deleted")


def _open(index: Path) -> Store:
    from unmask.cli.passphrase import unlock
    from unmask.index.store import Store
    from unmask.vault import passphrase

    unlock((index,))
    return Store(index, passphrase())


def _warn(store: Store) -> None:
    """Say which records were left out, beside the result and not in it."""
    if store.damaged:
        err.print(f"{store.path}: {store.left_out()}.", markup=False, soft_wrap=True)


def _is(item: Item, name: str) -> bool:
    return item.name == name or (len(name) >= 8 and item.sha256.startswith(name.lower()))


def _extent(item: Item) -> str:
    parts = [f"{item.width} × {item.height}"] if item.width else []
    parts += [f"{item.seconds:.1f} s"] if item.seconds is not None else []
    return ", ".join(parts)


def _row(entry: Entry) -> dict[str, Any]:
    """An item with what can be compared by other programs."""
    hashes = [bytes(row.tobytes()).hex() for row in entry.keys.hashes]
    return {
        **entry.item.to_dict(),
        "hashes": hashes,
        "times": [round(float(time), 3) for time in entry.keys.times],
        "sound_words": len(entry.keys.codes),
    }


def _csv(rows: list[dict[str, Any]]) -> str:
    out_ = io.StringIO()
    names = [name for name in rows[0] if name not in ("hashes", "times")] if rows else ["name"]
    writer = csv.DictWriter(out_, [*names, "hash"], extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({**row, "hash": row["hashes"][0] if row["hashes"] else ""})
    return out_.getvalue()
