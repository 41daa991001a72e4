"""``unmask models add``: a network of others onto the user's shelf, to join scans."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unmask.cli.console import Progressing, emit, err

if TYPE_CHECKING:
    from unmask.adding.converted import Converted
    from unmask.adding.hub import Repository
    from unmask.adding.options import Wishes


def add(
    source: Annotated[
        str,
        typer.Argument(
            help="hf:OWNER/NAME[@REVISION], a folder in transformers' layout, an ONNX file, or a "
            "checkpoint of timm."
        ),
    ],
    name: Annotated[str, typer.Option(help="Its name here; default: that of the source.")] = "",
    take: Annotated[
        str,
        typer.Option(
            help="What it is given: picture or face (images), frames or clip (video), sound. "
            "Default: picture, frames, sound."
        ),
    ] = "",
    claim: Annotated[
        str, typer.Option(help="What a high score says of the file; default: by what it is given.")
    ] = "",
    forged: Annotated[
        list[str] | None,
        typer.Option(help="A label that means forged, where names do not tell; may be repeated."),
    ] = None,
    labels: Annotated[
        str, typer.Option(help="Labels in their order, for a file that does not name them: a,b")
    ] = "",
    architecture: Annotated[
        str, typer.Option(help="timm's name of the network a checkpoint belongs to.")
    ] = "",
    licence: Annotated[
        list[str] | None,
        typer.Option(
            help="Licences to accept when it is fetched (may be repeated; 'any': all; default: "
            "free ones), and the licence of files that state none."
        ),
    ] = None,
    mean: Annotated[
        str, typer.Option(help="Mean of an ONNX file's pictures, of values 0…1: R,G,B")
    ] = "",
    std: Annotated[str, typer.Option(help="Their deviation: R,G,B")] = "",
    filter: Annotated[
        str, typer.Option(help="How an ONNX file's pictures are scaled.")
    ] = "bilinear",
    step: Annotated[
        float, typer.Option(min=0, help="Seconds between frames; 0: evenly over the whole video.")
    ] = 4 / 30,
    seconds: Annotated[
        float, typer.Option(min=0.05, max=60, help="Length of a stretch of sound.")
    ] = 4.0,
    margin: Annotated[
        float, typer.Option(min=1, max=4, help="Side of the square around a face, in faces.")
    ] = 1.3,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of a model of this name.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Convert a classifier of others to ONNX with its card, checked against the original.

    No code of the source is run. Afterwards `unmask scan FILE --with NAME` lets it join.
    """
    from unmask.detectors.sets import slug

    _extra()
    from unmask.adding.options import Wishes

    chosen = name or slug(re.split(r"@", source.removeprefix("hf:"))[0].rstrip("/").split("/")[-1])
    if not name and source.endswith((".onnx", ".pth", ".pt", ".bin", ".safetensors")):
        chosen = slug(Path(source).stem)
    free_name(chosen, replace)
    wishes = Wishes(
        name=chosen,
        take=take,
        claim=_claim(claim),
        forged=tuple(forged or ()),
        labels=tuple(one.strip() for one in labels.split(",")) if labels else (),
        architecture=architecture,
        licence=(licence or [""])[0],
        step=step,
        seconds=seconds,
        margin=margin,
        mean=_three("--mean", mean),
        std=_three("--std", std),
        filter=_filter(filter),
    )
    made, folder = added(source, wishes, licence, json)
    _say(made, folder, json)


def added(
    source: str, wishes: Wishes, licences: list[str] | None, quiet: bool
) -> tuple[Converted, Path]:
    """Fetch if need be, convert and shelve one network; its folder on the shelf."""
    from unmask.adding.adder import add as put
    from unmask.adding.hub import PREFIX, fetch
    from unmask.cards.shelf import shelf
    from unmask.errors import ModelError

    folder, given, url = shelf() / wishes.name, "", ""
    path = Path(source)
    if source.startswith(PREFIX):
        repo, path = announce(source, licences)
        given, url = repo.given, repo.url
        with Progressing(f"fetching {repo.name}", unit="bytes", quiet=quiet) as bar:
            fetch(repo, path, bar.update)
    elif not path.exists():
        raise ModelError(f"There is nothing at {path}. A model of a hub is hf:OWNER/NAME.")
    with Progressing(f"adding {wishes.name}", unit="stages", quiet=quiet) as bar:
        return put(path, wishes, folder, given, url, bar.update), folder


def announce(source: str, licences: list[str] | None) -> tuple[Repository, Path]:
    """Say what a hub holds, under which licence, before any weights are fetched.

    Raises SettingError when the licence is not accepted.
    """
    from unmask.adding.hub import licence, repository
    from unmask.cards.card import Published
    from unmask.cards.fetching import FREE, permitted
    from unmask.cards.shelf import shelf

    repo = repository(source)
    place = shelf() / "fetched" / f"{repo.name.replace('/', '--')}@{repo.commit}"
    said = licence(repo, place)
    err.print(
        f"{repo.given}: licence {said}; to fetch: {len(repo.files)} files, "
        f"{repo.bytes / 1e6:.1f} MB",
        markup=False,
        soft_wrap=True,
    )
    accepted = tuple(one.lower() for one in licences) if licences else FREE
    permitted(Published(variant="default", url=repo.url, licence=said), accepted)
    return repo, place


def free_name(name: str, replace: bool) -> None:
    """Refuse a name that a scan could not tell from another. Raises SettingError."""
    from unmask import registry
    from unmask.cards.shelf import shelf
    from unmask.detectors.sets import slug
    from unmask.encoders.known import FOLDER
    from unmask.errors import SettingError

    if name != slug(name) or name in ("fetched", FOLDER):
        raise SettingError(
            f"{name!r} is no name: small letters, digits and hyphens, as {slug(name)}."
        )
    if name in (*registry.analyzers(), *registry.detectors()):
        raise SettingError(f"{name!r} is the name of a part of unmask. Say another: --name NAME.")
    if (shelf() / name).exists() and not replace:
        raise SettingError(
            f"A model called {name!r} is on the shelf. Say --replace, or another name: --name NAME."
        )


def _extra() -> None:
    from importlib.util import find_spec

    from unmask.errors import MissingExtra

    for package in ("torch", "transformers", "timm", "onnx", "onnxscript"):
        if find_spec(package) is None:
            raise MissingExtra(f"Adding a model (the package {package!r})", "train")


def _claim(claim: str) -> str:
    from unmask.errors import UnknownName
    from unmask.types import Claim

    if claim and claim not in set(Claim):
        raise UnknownName("claim", claim, Claim)
    return claim


def _filter(name: str) -> str:
    from PIL import Image

    from unmask.errors import UnknownName

    known = [one.name.lower() for one in Image.Resampling]
    if name not in known:
        raise UnknownName("filter", name, known)
    return name


def _three(option: str, given: str) -> tuple[float, ...]:
    try:
        values = tuple(float(one) for one in given.split(",")) if given else ()
    except ValueError:
        values = (0.0,)
    if len(values) not in (0, 3) or (option == "--std" and 0 in values):
        raise typer.BadParameter(f"{option} takes three numbers: R,G,B")
    return values


def _say(made: Converted, folder: Path, json: bool) -> None:
    from unmask.cards.card import read_card

    card = read_card(folder / "card.toml")
    weights = card.file()
    forged = [made.labels[place] for place in made.odds.forged]
    gap = made.preparation_gap
    value = {
        "name": card.name,
        "folder": str(folder),
        "take": made.part.take,
        "claim": card.outputs[0].claim,
        "labels": list(made.labels),
        "forged": forged,
        "licence": weights.licence,
        "origin": weights.origin,
        "sha256": weights.sha256,
        "largest_difference_of_scores": made.score_gap,
        "largest_difference_of_prepared_values": gap,
    }
    checked = f"prepared values to {gap:.1g}, " if gap is not None else ""
    text = (
        f"{folder}: {weights.bytes / 1e6:.1f} MB, licence {weights.licence}\n"
        f"Labels: {_few(made.labels)}; forged: {_few(forged) or 'the opposite'}.\n"
        f"It is given: {made.part.take} (--take); says: {card.outputs[0].claim} (--claim).\n"
        f"{made.part.preparation}\n"
        f"Checked against the original: {checked}scores to {made.score_gap:.1g}.\n"
        "Not calibrated: a scan shows its score and draws no verdict from it.\n"
        f"Now: unmask scan FILE --with {card.name}"
    )
    emit(value, as_json=json, text=text)


def _few(labels: Sequence[str]) -> str:
    more = f", … ({len(labels)} in all)" if len(labels) > 20 else ""
    return ", ".join(labels[:20]) + more
