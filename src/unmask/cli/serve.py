"""``unmask serve``: the service, its keys and its audit log."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unmask.cli.console import emit, err
from unmask.cli.scan import device_option
from unmask.serve.config import GIB, Serving, default_data, need_packages

if TYPE_CHECKING:
    from unmask.serve.database import Database

app = typer.Typer(no_args_is_help=False, add_completion=False)

Data = Annotated[
    Path | None,
    typer.Option(envvar="UNMASK_DATA", help="Folder of uploads and results; shared by machines."),
]
Url = Annotated[
    str,
    typer.Option(
        "--database",
        envvar="UNMASK_DATABASE",
        help="postgresql://HOST/NAME, or sqlite:///FILE; by default an SQLite file in --data.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print as JSON.")]
Slots = Annotated[
    int, typer.Option(min=0, max=256, help="Files judged at the same time; 0: one a core.")
]
Memory = Annotated[
    float, typer.Option(min=0, help="GiB of address space for one file; 0: no limit.")
]
Tries = Annotated[int, typer.Option(min=1, max=100, help="How often a file may kill its process.")]
LeaseSeconds = Annotated[
    float, typer.Option(min=1, max=3600, help="After how long a silent worker's jobs move on.")
]
Timeout = Annotated[float, typer.Option(min=1, max=1e6, help="Seconds that one file may take.")]
Days = Annotated[
    float, typer.Option(min=0, help="Delete jobs that ended this many days ago; 0: never.")
]
Sign = Annotated[str, typer.Option(help="Sign results with this key (unmask key FILE).")]


@app.callback(invoke_without_command=True)
def serve(
    context: typer.Context,
    data: Data = None,
    database: Url = "",
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8000,
    keys: Annotated[
        bool, typer.Option("--keys", help="Ask for keys, on loopback too (behind a proxy).")
    ] = False,
    root: Annotated[
        list[Path] | None,
        typer.Option(help="A folder whose files clients may name by path; may be repeated."),
    ] = None,
    workers: Annotated[
        int,
        typer.Option(min=0, max=256, help="Files judged at the same time; 0: none, by others."),
    ] = max(1, os.cpu_count() or 1),
    memory: Memory = 8,
    tries: Tries = 3,
    lease: LeaseSeconds = 30,
    timeout: Timeout = 3600,
    most: Annotated[float, typer.Option(min=1e-6, help="GiB of the largest upload.")] = 4,
    retain_days: Days = 0,
    webhook_host: Annotated[
        list[str] | None, typer.Option(help="A host that webhooks may go to; may be repeated.")
    ] = None,
    webhook_private: Annotated[
        bool, typer.Option("--webhook-private", help="These hosts may lie in private networks.")
    ] = False,
    sign: Sign = "",
    device: Annotated[str, device_option()] = "",
    https: Annotated[
        bool, typer.Option("--https", help="A proxy in front speaks TLS: cookies go over it only.")
    ] = False,
) -> None:
    """Serve REST under /v1 and the page for analysts, with workers beside it.

    On 127.0.0.1 no key is needed. With any other address keys are: `unmask serve add-key NAME`.
    """
    if context.invoked_subcommand is not None:
        return
    need_packages(database)
    from unmask.serve.config import loopback
    from unmask.serve.running import run

    serving = Serving(
        data=(data or default_data()).absolute(),
        database=database,
        host=host,
        port=port,
        open_=not keys and loopback(host),
        roots=tuple(path.absolute() for path in root or ()),
        slots=workers,
        tries=tries,
        lease=lease,
        timeout=timeout,
        memory=int(memory * GIB),
        most_bytes=int(most * GIB),
        retain_days=retain_days,
        webhooks=tuple(webhook_host or ()),
        private_webhooks=webhook_private,
        sign=sign,
        https=https,
    )
    run(serving, say)


@app.command("add-key")
def add_key(
    name: Annotated[str, typer.Argument(help="Whose key it is.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="submit, read, delete, admin; may be repeated.")
    ] = None,
    days: Annotated[float, typer.Option(min=0, help="It holds this long; 0: until revoked.")] = 0,
    per_minute: Annotated[int, typer.Option(min=0, help="Requests a minute; 0: any.")] = 600,
    storage: Annotated[float, typer.Option(min=0, help="GiB of uploads kept; 0: any.")] = 0,
    data: Data = None,
    database: Url = "",
    json: Json = False,
) -> None:
    """Make an API key. It is shown this once; only a hash of it is kept."""
    from unmask.serve import keys
    from unmask.serve.webhooks import secret_for

    serving, store = opened(data, database)
    scopes = scope or ("submit", "read", "delete")
    limits: dict[str, Any] = {"days": days, "per_minute": per_minute}
    made = keys.add(store, name, scopes, **limits, storage=int(storage * GIB))
    ident = made.split("_")[1]
    secret = secret_for(serving.secret(), ident)
    value = {"id": ident, "key": made, "webhook_secret": secret, "scopes": list(scopes)}
    emit(value, as_json=json, text=f"{made}\nsecret of its webhooks: {secret}")


@app.command("keys")
def list_keys(data: Data = None, database: Url = "", json: Json = False) -> None:
    """List the API keys; never the keys themselves."""
    from unmask.serve import keys

    found = keys.listed(opened(data, database)[1])
    lines = [
        f"{row['id']}  {row['name']}  {', '.join(row['scopes'])}"
        f"{'  revoked' if row['revoked'] else ''}"
        for row in found
    ]
    emit(found, as_json=json, text="\n".join(lines) or "There are no keys yet.")


@app.command("revoke-key")
def revoke_key(
    ident: Annotated[str, typer.Argument(help="Number of the key, from `unmask serve keys`.")],
    data: Data = None,
    database: Url = "",
    json: Json = False,
) -> None:
    """End a key at once."""
    from unmask.serve import keys

    keys.revoke(opened(data, database)[1], ident)
    emit({"revoked": ident}, as_json=json, text=f"{ident} opens nothing any more.")


@app.command("audit")
def audit(data: Data = None, database: Url = "", json: Json = False) -> None:
    """Check the audit log. Exit code 1 when an entry was changed or is missing."""
    from unmask.serve.audit import check

    count, last, fault = check(opened(data, database)[1])
    said = f"Broken: {fault}." if fault else f"{count} entries, unbroken. The last: {last}"
    emit({"entries": count, "last": last, "fault": fault}, as_json=json, text=said)
    if fault:
        raise typer.Exit(1)


def opened(data: Path | None, database: str) -> tuple[Serving, Database]:
    """The settings of a store and the store itself, in its newest form."""
    need_packages(database)
    from unmask.serve.database import Database

    serving = Serving(data=(data or default_data()).absolute(), database=database)
    store = Database(serving.url)
    store.migrate()
    return serving, store


def say(line: str) -> None:
    """Tell the operator."""
    err.print(line, markup=False, soft_wrap=True)
