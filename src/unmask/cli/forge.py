"""``unmask forge``: make forged examples from your own files, to test with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unmask.cli.console import emit
from unmask.outputs import guard

if TYPE_CHECKING:
    from unmask.types import Pixels

app = typer.Typer(help="Make forged examples from your own files, to test with.")

Seed = Annotated[int, typer.Option(help="The same seed makes the same fake.")]
Mask = Annotated[Path | None, typer.Option(help="Write where it was changed, as PNG.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Out = Annotated[Path, typer.Argument(help="Where the fake goes; the ending names the format.")]


@app.command()
def face(
    target: Annotated[Path, typer.Argument(help="A photo with a face.")],
    out: Out,
    donor: Annotated[Path | None, typer.Option(help="A photo of another face.")] = None,
    family: Annotated[str, typer.Option(help="self-blend, swap, part or resynthesis.")] = "",
    seed: Seed = 0,
    mask: Mask = None,
    json: Json = False,
) -> None:
    """Blend the largest face with itself or with a donor's."""
    with _research():
        import numpy as np

        from unmask.forge import blend
    from unmask.errors import DataError

    name = family or ("swap" if donor else "self-blend")
    if name not in blend.FAMILIES:
        raise typer.BadParameter(f"There are: {', '.join(blend.FAMILIES)}.", param_hint="--family")
    if name in ("swap", "part") and donor is None:
        raise DataError(f"A {name} needs --donor, a photo of another face.")
    guard({"OUT": out, "--mask": mask}, filter(None, (target, donor)))
    first = _portrait(target)
    second = _portrait(donor) if donor else first
    made = blend.forge(name, first, second, np.random.default_rng(seed))
    _save(out, made.pixels)
    if mask:
        _save(mask, (made.mask * 255).astype(np.uint8))
    _tell(out, made.family, seed, json)


@app.command()
def picture(
    host: Annotated[Path, typer.Argument(help="A photo.")],
    out: Out,
    donor: Annotated[Path | None, typer.Option(help="A photo to take a piece of.")] = None,
    family: Annotated[str, typer.Option(help="splice, copy-move, fill, retouch, …")] = "",
    seed: Seed = 0,
    mask: Mask = None,
    json: Json = False,
) -> None:
    """Splice, copy-move, fill or retouch a part of a photo."""
    with _research():
        import numpy as np

        from unmask.forge import splice
    from unmask.errors import DataError
    from unmask.media import Limits, read_image

    known = (*splice.FAMILIES, *splice.HELD_OUT)
    if family and family not in known:
        raise typer.BadParameter(f"There are: {', '.join(known)}.", param_hint="--family")
    if family in ("splice", "poisson") and donor is None:
        raise DataError(f"A {family} needs --donor, another photo.")
    guard({"OUT": out, "--mask": mask}, filter(None, (host, donor)))
    pixels = read_image(host, Limits())
    other = read_image(donor, Limits()) if donor else pixels
    name = family or ("splice" if donor else "copy-move")
    made = splice.edit(pixels, other, np.random.default_rng(seed), name)
    _save(out, made.pixels)
    if mask:
        _save(mask, made.mask * 255)
    _tell(out, made.family, seed, json)


@app.command()
def text(
    host: Annotated[Path, typer.Argument(help="A picture with text.")],
    out: Out,
    donor: Annotated[Path | None, typer.Option(help="Another one, for a splice.")] = None,
    kind: Annotated[str, typer.Option(help="copy-move, splice, removal, insertion, …")] = "",
    table: Annotated[Path | None, typer.Option(help="How people edit, as TOML.")] = None,
    seed: Seed = 0,
    mask: Mask = None,
    json: Json = False,
) -> None:
    """Edit a line of text in a picture, as one person of a population would."""
    with _research():
        import numpy as np

        from unmask.forge.text_edit import edit_text
        from unmask.forge.text_habits import KINDS, TABLE, population
    from unmask.errors import DataError
    from unmask.media import Limits, read_image

    if kind and kind not in KINDS:
        raise typer.BadParameter(f"There are: {', '.join(KINDS)}.", param_hint="--kind")
    if kind == "splice" and donor is None:
        raise DataError("A splice needs --donor, another picture with text.")
    guard({"OUT": out, "--mask": mask}, filter(None, (host, donor)))
    rng = np.random.default_rng(seed)
    pixels = read_image(host, Limits())
    other = read_image(donor, Limits()) if donor else None
    made = edit_text(pixels, rng, kind, other, population(table or TABLE).person(rng))
    _save(out, made.pixels)
    if mask:
        _save(mask, made.mask * 255)
    _tell(out, made.habit.kind, seed, json)


@app.command()
def texts(
    out: Annotated[Path, typer.Argument(help="A new folder.")],
    pictures: Annotated[int, typer.Option(min=10, help="How many; every second is edited.")] = 600,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Make a set of pages of text, half of them edited, with masks and a manifest."""
    with _research():
        from unmask.forge.text_set import text_set
    from unmask.cli.console import Progressing
    from unmask.errors import OutputError

    if out.exists() and any(out.iterdir()):
        raise OutputError(f"{out} is not empty. Name a new folder.")
    with Progressing("making", unit="pages", quiet=json) as bar:
        manifest = text_set(out, pictures, seed, bar.update)
    value = {"path": str(manifest), "pictures": pictures, "seed": seed}
    emit(value, as_json=json, text=f"{manifest}: {pictures} pages, seed {seed}")


@app.command()
def voice(
    recording: Annotated[Path, typer.Argument(help="A recording of speech.")],
    out: Out,
    method: Annotated[str, typer.Option(help="How it is built again.")] = "griffin-lim",
    start: Annotated[float, typer.Option(help="Second at which the forged part begins.")] = 0.0,
    seconds: Annotated[float, typer.Option(help="Its length; 0: to the end.")] = 0.0,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Build a recording, or a part of it, again from a lossy description (copy synthesis)."""
    with _research():
        import numpy as np

        from unmask.forge import vocode
    import soundfile

    from unmask.errors import DataError, OutputError
    from unmask.feeding import SOUND_RATE
    from unmask.media import Limits, blocks, probe

    if method not in vocode.METHODS:
        raise typer.BadParameter(f"There are: {', '.join(vocode.METHODS)}.", param_hint="--method")
    guard({"OUT": out}, (recording,))
    media = probe(recording, Limits())
    parts = [block.samples for block in blocks(recording, media, rate=SOUND_RATE)]
    whole = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    first = round(start * SOUND_RATE)
    last = first + round(seconds * SOUND_RATE) if seconds else whole.size
    if not 0 <= first < last <= whole.size:
        raise DataError(
            f"The part from {start:g} s does not lie inside {recording}, which lasts "
            f"{whole.size / SOUND_RATE:.2f} s."
        )
    fake = vocode.resynthesise(method, whole, SOUND_RATE, np.random.default_rng(seed))
    made = fake
    if last - first < whole.size:
        made = vocode.insert(whole, fake[first:last], start, SOUND_RATE)
    try:
        soundfile.write(out, made, SOUND_RATE)
    except (OSError, RuntimeError, ValueError, TypeError) as error:
        raise OutputError(f"{out} cannot be written: {error}. Use .wav or .flac.") from error
    _tell(out, method, seed, json)


class _research:  # noqa: N801 - used as a statement
    """Turns a missing package of the research wing into the command that adds it."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        from unmask.errors import MissingExtra

        if isinstance(error, ModuleNotFoundError):
            raise MissingExtra(f"Forging (the package {error.name!r})", "train") from error


def _portrait(path: Path) -> Any:
    from unmask.errors import DataError
    from unmask.faces.detect import detect
    from unmask.forge.blend import Portrait
    from unmask.media import Limits, read_image

    pixels = read_image(path, Limits())
    faces = detect(pixels)
    if not faces:
        raise DataError(f"No face was found in {path}. Give a photo with a larger, frontal face.")
    return Portrait(pixels, faces[0].points)


def _save(path: Path, pixels: Pixels) -> None:
    from PIL import Image

    from unmask.errors import OutputError

    try:
        Image.fromarray(pixels).save(path, quality=92)
    except (OSError, ValueError) as error:
        raise OutputError(f"{path} cannot be written: {error}. Use .jpg, .png or .webp.") from error


def _tell(out: Path, family: str, seed: int, json: bool) -> None:
    value = {"path": str(out), "family": family, "seed": seed}
    emit(value, as_json=json, text=f"{out}: {family}, seed {seed}")
