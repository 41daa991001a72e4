"""``unmask verify``: does a signed result hold?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from unmask.cli.console import emit
from unmask.errors import SettingError, StoreError

_MOST = 256 << 20


def verify(
    result: Annotated[Path, typer.Argument(help="A result as JSON, signed.")],
    file: Annotated[
        Path | None, typer.Option(help="The file that was judged: is it the very same?")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Judge the file again and compare (needs --file).")
    ] = False,
    key: Annotated[
        str, typer.Option(help="The public key that must have signed it (unmask key prints it).")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Check a signed result: was it changed, is it about this file, does it come out again?

    Everything is checked on this machine. Without --key a signature only shows that nothing was
    changed since. --again repeats the computation, with the settings of the result: it shows that
    these models say so, and is no proof for who cannot run them.

    Exit code: 0 it holds, 1 it does not, 4 it cannot be read, 2 a mistake in the command.
    """
    from unmask.signing import faults

    if again and file is None:
        raise typer.BadParameter("--again needs --file FILE.")
    record = _read(result)
    found = faults(record, key)
    checked = ["signature"]
    if not found and file is not None:
        checked.append("file")
        found += _other_file(record, file)
        if again and not found:
            checked.append("judged again")
            found += _judged_again(record, file)
    said = "Does not hold: " + "; ".join(found) + "." if found else _holds(record, checked, key)
    value = {"holds": not found, "checked": checked, "faults": found}
    emit(value, as_json=json, text=said)
    if found:
        raise typer.Exit(1)


def _read(path: Path) -> Any:
    from unmask.canonical_json import read_strictly

    try:
        if path.stat().st_size > _MOST:
            raise StoreError(f"{path} is too large to be a result.")
        return read_strictly(path.read_bytes())
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise StoreError(f"{path} holds no result as JSON: {error}.") from error


def _holds(record: Any, checked: list[str], key: str) -> str:
    who = "by the key that was asked for" if key else f"by {record['signature']['public_key']}"
    more = {"file": "it is about this very file", "judged again": "judging it again says the same"}
    return "; ".join([f"Holds: signed {who}", *(more[c] for c in checked if c in more)]) + "."


def _other_file(record: Any, file: Path) -> list[str]:
    from unmask.digests import sha256_of

    media = record.get("media")
    if not isinstance(media, dict):
        return ["it is no report about a file"]
    try:
        return [] if sha256_of(file) == media.get("sha256") else [f"{file} is another file"]
    except OSError as error:
        raise StoreError(f"{file} cannot be read: {error.strerror}.") from error


def _judged_again(record: Any, file: Path) -> list[str]:
    from unmask.report.json import to_dict
    from unmask.scanning import scan
    from unmask.settings import make_settings

    try:
        settings = make_settings(**record["settings"])
    except (KeyError, TypeError) as error:
        raise SettingError("The settings of this result cannot be used by this version.") from error
    fresh = to_dict(scan(file, settings))
    if models := _changed_models(record, fresh):
        return [f"other models are installed: {', '.join(models)}"]
    parts = [part for part in ("verdict", "findings") if record.get(part) != fresh[part]]
    if not parts:
        return []
    versions = {n for n, v in fresh["versions"].items() if record["versions"].get(n) != v}
    why = f" (other versions: {', '.join(sorted(versions))})" if versions else ""
    return [f"judging it again gives another {' and '.join(parts)}{why}"]


def _changed_models(record: Any, fresh: Any) -> list[str]:
    before = {one["name"]: one["weights_sha256"] for one in record.get("detectors", ())}
    now = {one["name"]: one["weights_sha256"] for one in fresh["detectors"]}
    return sorted(name for name in before | now if before.get(name) != now.get(name))
