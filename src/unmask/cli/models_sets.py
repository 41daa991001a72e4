"""``unmask models sets`` and ``models pull --set``: detectors worth having, all at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unmask.cli.console import Progressing, emit, err

if TYPE_CHECKING:
    from unmask.cards.card import Published
    from unmask.detectors.sets import Entry

HERE = "on the shelf"
PATH_ONLY = "from a path only: its hash is not known"
FREE_TO_FETCH = "can be fetched"


def sets(
    name: Annotated[str, typer.Argument(help="One set; default: all.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Sets of published detectors: for which claim, why, whose licence, and what is here."""
    from unmask.cards.fetching import FREE
    from unmask.detectors.sets import detector_set
    from unmask.detectors.sets import sets as known

    if name:
        detector_set(name)  # raises for an unknown name
    chosen = {key: one for key, one in known().items() if name in ("", key)}
    if json:
        value = [
            {
                "set": key,
                "summary": one.summary,
                "detectors": [_row(entry, FREE) for entry in one.detector],
            }
            for key, one in chosen.items()
        ]
        emit(value, as_json=True, text="")
        return
    for key, one in chosen.items():
        lines = [f"{key}: {one.summary}"]
        for entry in one.detector:
            row = _row(entry, FREE)
            size = f"{row['bytes'] / 1e6:.1f} MB, " if row["bytes"] else ""
            lines.append(f"  {entry.name} ({entry.claim}; {size}{row['licence']}): {row['state']}")
            lines.append(f"      {entry.reason}")
        emit(None, as_json=False, text="\n".join(lines))
    emit(None, as_json=False, text="Fetch what can be fetched: unmask models pull --set NAME")


def pull_set(name: str, licences: list[str] | None, json: bool) -> None:
    """Fetch and export what a set holds, is not here, and may be fetched.

    Says what and how much before it begins. One that fails does not stop the others; the error is
    raised at the end.
    """
    from unmask.cards.fetching import FREE
    from unmask.detectors.sets import detector_set
    from unmask.errors import ModelError, UnmaskError

    accepted = tuple(one.lower() for one in licences) if licences else FREE
    entries = detector_set(name)
    rows = {entry.name: _row(entry, accepted) for entry in entries}
    wanted = [entry for entry in entries if rows[entry.name]["state"] == FREE_TO_FETCH]
    for entry in entries:
        row = rows[entry.name]
        if entry in wanted:
            row["bytes"] = row["bytes"] or _size(entry)
        size = f", {row['bytes'] / 1e6:.1f} MB" if row["bytes"] else ""
        line = f"{entry.name}: {row['licence']}{size}; {row['state']} ({row['url']})"
        err.print(line, markup=False, soft_wrap=True)
    known = [rows[entry.name]["bytes"] for entry in wanted]
    more = " or more" if 0 in known else ""
    err.print(f"To fetch: {len(wanted)} files, {sum(known) / 1e6:.1f} MB{more}")
    problems: list[str] = []
    for entry in wanted:
        try:
            folder = _pulled(entry, licences, json)
            rows[entry.name] |= {"state": HERE, "folder": str(folder)}
        except UnmaskError as error:
            rows[entry.name]["state"] = f"failed: {error}"
            problems.append(f"{entry.name}: {error}")
    ready = [row["name"] for row in rows.values() if row["state"] == HERE]
    text = f"On the shelf: {', '.join(ready) or 'none of them'}. Now: unmask scan FILE --set {name}"
    emit(list(rows.values()), as_json=json, text=text)
    if problems:
        more = f" ({len(problems) - 1} more failed)" if len(problems) > 1 else ""
        raise ModelError(f"{problems[0]}{more}")


def _row(entry: Entry, accepted: tuple[str, ...]) -> dict[str, Any]:
    file = entry.file
    return {
        "name": entry.name,
        "title": entry.title,
        "claim": entry.claim,
        "reason": entry.reason,
        "licence": file.licence,
        "url": file.url,
        "sha256": file.sha256,
        "bytes": entry.bytes,
        "state": _state(entry, file, accepted),
        "folder": str(entry.place.parent) if entry.place else "",
    }


def _state(entry: Entry, file: Published, accepted: tuple[str, ...]) -> str:
    from unmask.cards.fetching import permitted
    from unmask.errors import SettingError

    if entry.place is not None:
        return HERE
    if not file.sha256:
        return PATH_ONLY
    try:
        permitted(file, accepted)
    except SettingError:
        return f"not fetched: its licence must be named, --licence '{file.licence.lower()}'"
    return FREE_TO_FETCH


def _size(entry: Entry) -> int:
    """Bytes of its file, as the server says; 0 when it does not say."""
    from unmask.cards.download import announced

    return 0 if entry.source else announced(entry.file.url) or 0


def _pulled(entry: Entry, licences: list[str] | None, quiet: bool) -> Path:
    from unmask.cards.fetching import fetch_all
    from unmask.cards.shelf import shelf
    from unmask.cli.models_export import method_of

    if entry.source:
        return _from_hub(entry, licences, quiet)
    method = method_of(entry.method, entry.variant)
    file = entry.file
    with Progressing(f"fetching {entry.name}", unit="bytes", quiet=quiet) as bar:
        paths = fetch_all(file, shelf() / "fetched", bar.update)
    from unmask.train.shelving import shelve

    folder = shelf() / entry.name
    shelve(method, paths, folder, file.licence)
    return folder


def _from_hub(entry: Entry, licences: list[str] | None, quiet: bool) -> Path:
    from unmask.adding.hub import repository
    from unmask.adding.options import Wishes
    from unmask.cli.models_add import added
    from unmask.errors import ModelError

    held = repository(entry.source).files[-1]
    if held.digest != entry.sha256:
        raise ModelError(f"{entry.source} holds other weights than the set names; not fetched.")
    wishes = Wishes(name=entry.name, claim=entry.claim, take=entry.take)
    return added(entry.source, wishes, licences, quiet)[1]
