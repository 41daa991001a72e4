"""``unmask profile``: what is remembered of people, and how to forget it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from unmask.cli.console import Progressing, emit

app = typer.Typer(help="Profiles of people to compare with: enrol, list, show, export, delete.")
Json = Annotated[bool, typer.Option("--json", help="Print as JSON.")]
Name = Annotated[str, typer.Argument(help="Name of the profile.")]


@app.command()
def enrol(
    name: Name,
    source: Annotated[
        list[Path], typer.Option("--from", help="Folder or file of authentic material.")
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="Overwrite a profile of this name.")
    ] = False,
    encrypt: Annotated[
        bool, typer.Option("--encrypt", help="Encrypt it; asks for a passphrase.")
    ] = False,
    json: Json = False,
) -> None:
    """Make a profile of a person from authentic photos, videos and recordings.

    It holds numbers that describe the face and the voice, no pixels and no sound, and stays on
    this machine. What was not used, and why, is said. Exit code 4 when nothing suffices.
    """
    from unmask.batch import find_files
    from unmask.cli.passphrase import chosen
    from unmask.errors import SettingError
    from unmask.identity import store
    from unmask.identity.enrol import enrol as gather
    from unmask.identity.references import person_of
    from unmask.outputs import guard

    path = store.new_path(name)
    if path.exists() and not replace:
        raise SettingError(f"There is a profile {name!r} already. Add --replace to overwrite it.")
    guard({"the profile": path}, source)
    chosen(encrypt)
    for one in source:
        if not one.exists():
            raise SettingError(f"{one} does not exist. Check the path.")
    with Progressing("enrolling", unit="files", quiet=json) as bar:
        profile = gather(name, find_files(source), said=bar.update)
    person_of(profile)
    store.save(profile, path)
    _say(path, json)


@app.command("list")
def list_profiles(json: Json = False) -> None:
    """All profiles, a line each."""
    from unmask.identity import store
    from unmask.vault import locked

    rows = [
        {"name": name, "path": str(path), "encrypted": locked(path), "bytes": path.stat().st_size}
        for name in store.names()
        for path in [store.path_of(name)]
    ]
    lines = [f"{row['name']}{' (encrypted)' if row['encrypted'] else ''}" for row in rows]
    emit(rows, as_json=json, text="\n".join(lines) or f"No profiles in {store.folder()}.")


@app.command()
def show(name: Name, json: Json = False) -> None:
    """What a profile holds, from which files, and what was left out."""
    from unmask.cli.passphrase import unlock
    from unmask.identity import store

    path = store.path_of(name)
    unlock((path,))
    _say(path, json)


@app.command()
def export(
    name: Name,
    to: Annotated[Path, typer.Argument(help="File to write, such as NAME.profile.")],
    plain: Annotated[
        bool, typer.Option("--plain", help="Write it readable, even if it is encrypted.")
    ] = False,
) -> None:
    """Copy a profile to a file: as it lies there, or decrypted."""
    from unmask import vault
    from unmask.cli.passphrase import unlock
    from unmask.errors import OutputError
    from unmask.identity import store

    path = store.path_of(name)
    if to.exists():
        raise OutputError(f"{to} exists. Name another file.")
    if plain:
        unlock((path,))
        vault.write(to, vault.read(path, vault.passphrase()))
    else:
        vault.replace(to, (path.read_bytes(),))
    emit(None, as_json=False, text=f"Written: {to}")


@app.command()
def delete(name: Name) -> None:
    """Forget a person: the profile's file is removed."""
    from unmask.identity import store

    path = store.path_of(name)
    store.delete(name)
    emit(None, as_json=False, text=f"Deleted: {path}")


def _say(path: Path, json: bool) -> None:
    """What a stored profile holds."""
    from unmask.identity import store
    from unmask.identity.references import person_of, spoken
    from unmask.vault import locked

    profile = store.load(path)
    person = person_of(profile)
    value: dict[str, Any] = {
        "name": profile.name,
        "path": str(path),
        "encrypted": locked(path),
        "created": profile.created,
        "models": dict(profile.models),
        "faces": len(profile.faces),
        "speech_seconds": round(spoken(profile.voices), 1),
        "sources": list(profile.sources),
        "left_out": [
            {"source": item.source, "what": item.what, "why": item.why} for item in profile.left_out
        ],
        "lacking": dict(person.lacking),
    }
    lines = [
        f"{profile.name}: {value['faces']} looks at the face, {value['speech_seconds']} s of "
        f"speech, from {len(profile.sources)} files",
        f"file: {path}{' (encrypted)' if value['encrypted'] else ''}",
        *(f"not comparable by {sense}: {why}" for sense, why in person.lacking),
        *(f"left out: {item.what} of {item.source}: {item.why}" for item in profile.left_out),
    ]
    emit(value, as_json=json, text="\n".join(lines))
