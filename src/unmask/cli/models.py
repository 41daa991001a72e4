"""``unmask models``: what the models are and are not; whose weights, under which licence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from unmask.cli import models_add, models_export, models_sets
from unmask.cli.console import emit, out

if TYPE_CHECKING:
    from unmask.cards.card import Card

app = typer.Typer(help="The models: cards, limits, hashes.")
app.command("add")(models_add.add)
app.command("export")(models_export.export)
app.command("pull")(models_export.pull)
app.command("sets")(models_sets.sets)
Json = Annotated[bool, typer.Option("--json", help="Print as JSON.")]


@app.command("list")
def list_models(
    licence: Annotated[
        list[str] | None,
        typer.Option(help="Only those with weights under this licence; may be repeated."),
    ] = None,
    json: Json = False,
) -> None:
    """All models, a line each: shipped ones, the user's own, and published methods."""
    from rich.table import Table

    from unmask import registry
    from unmask.cards.card import read_card
    from unmask.cards.shelf import shelved

    found = {name: registry.detector_card(name) for name in registry.detectors()} | shelved()
    cards = {name: read_card(path) for name, path in sorted(found.items())}
    if licence:
        wanted = {entry.lower() for entry in licence}
        cards = {name: card for name, card in cards.items() if wanted & _licences(card)}
    if json:
        rows = [{**card.model_dump(), "folder": name} for name, card in cards.items()]
        emit(rows, as_json=True, text="")
        return
    table = Table("name", "modality", "says", "MB", "licence of weights", box=None)
    for name, card in cards.items():
        says = [row.claim for row in card.operating] or [o.claim for o in card.outputs if o.claim]
        size = f"{card.weights.bytes / 1e6:.1f}" if card.weights else "not here"
        licences = ", ".join(sorted(_licences(card))) or "none published"
        table.add_row(name, card.modality, ", ".join(says), size, licences)
    out.print(table)


def _licences(card: Card) -> set[str]:
    """Under which the weights of a card stand: those here, or else those of the authors."""
    if card.weights:
        return {card.weights.licence.lower()}
    return {file.licence.lower() for file in card.published}


@app.command()
def show(name: Annotated[str, typer.Argument(help="Name of a model.")], json: Json = False) -> None:
    """One model: what it does, how it was made, its operating points and limits."""
    from unmask import registry
    from unmask.cards.card import read_card
    from unmask.cards.shelf import shelved

    card = read_card(shelved().get(name) or registry.detector_card(name))
    lines = [
        f"{card.title} ({card.name} {card.version})",
        card.summary,
    ]
    if card.weights:
        lines.append(
            f"weights {card.weights.file} {card.weights.bytes} bytes sha256 {card.weights.sha256}"
        )
    for file in card.published:
        known = f"sha256 {file.sha256}" if file.sha256 else "hash not known: from a path only"
        lines.append(f"authors' weights {file.variant}: {file.url} ({file.licence}; {known})")
    for row in card.operating:
        lines.append(
            f"{row.claim}: flagged over {row.threshold(0.01):.3f} at 1 % false positives, clear "
            f"under {row.clear:.3f}; fitted {row.date} on {row.reals} real and {row.fakes} forged "
            f"items of {row.groups} groups ({row.fitted_on}; {row.laundering})"
        )
    lines += [f"limit: {limit}" for limit in card.limits]
    emit(card.model_dump(), as_json=json, text="\n".join(lines))
