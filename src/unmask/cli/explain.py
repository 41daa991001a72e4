"""``unmask explain``: what in a picture made a published method score as it did."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from unmask.cli.console import emit
from unmask.plugin_files import listed


def explain(
    picture: Annotated[Path, typer.Argument(help="A photo.")],
    detector: Annotated[str, typer.Option(help="A published method.")],
    weights: Annotated[Path, typer.Option(help="A checkpoint: best.pt of a run, or the authors'.")],
    by: Annotated[str, typer.Option(help=f"How: {listed('explain')}.")] = "grad-cam",
    set: Annotated[
        list[str] | None, typer.Option("--set", help="A setting of it (steps=64); may be repeated.")
    ] = None,
    variant: Annotated[str, typer.Option(help="Variant of the method.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="Write the picture with the map, an SVG.")
    ] = None,
    check: Annotated[
        bool, typer.Option(help="Compare with the map of random weights (takes as long again).")
    ] = True,
    seed: Annotated[int, typer.Option(help="Seed of the random weights.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Map what spoke for forgery in a picture, for a method with a checkpoint.

    A map tells where the network looked and not whether it is right. One that is nearly the same
    with random weights shows the picture and nothing that was learnt.
    """
    from unmask.cli.models_export import method_of
    from unmask.outputs import guard, write

    guard({"--out": out}, (picture, weights))
    method = method_of(detector, variant)
    from functools import partial

    from unmask.explain._picture import drawn, shown, strongest
    from unmask.explain.base import Explainer, likeness
    from unmask.plugin_files import made
    from unmask.train.method import loaded, random_network

    pairs = (text.partition("=") for text in set or ())
    table = {key: value for key, _, value in pairs}
    explainer = made("explain", by, Explainer, table)  # type: ignore[type-abstract]
    found = shown(picture, method, loaded(method, weights))
    values = explainer.explain(found.asked).cpu().numpy()
    alike = (
        likeness(explainer, found.asked, partial(random_network, method, seed)) if check else None
    )
    box = strongest(values, found.view)
    if out is not None:
        write(out, drawn(found, values).encode())
    where = [round(v, 1) for v in (box.x, box.y, box.width, box.height)] if box else None
    score = float(found.asked.score(found.asked.seen).detach())
    text = [f"{method.card.title}: score {score:+.3f} (a logit, higher = forged), by {by}"]
    text.append(
        "Nothing spoke for forged."
        if where is None
        else "Most spoke for forged in {:g}, {:g}, {:g} × {:g} (left, top, size in pixels).".format(
            *where
        )
    )
    if alike is not None:
        text.append(
            f"Likeness to the map of random weights: {alike:.2f}"
            + (": this map shows little that was learnt." if alike > _TOO_ALIKE else ".")
        )
    emit(
        {
            "detector": detector,
            "by": by,
            "score": score,
            "strongest": where,
            "likeness_to_random": None if alike is None or math.isnan(alike) else alike,
            "out": str(out) if out else None,
        },
        as_json=json,
        text="\n".join(text),
    )


_TOO_ALIKE = 0.7
