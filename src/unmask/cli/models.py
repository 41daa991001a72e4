"""``unmask models``: what the shipped models are and are not."""

from __future__ import annotations

from typing import Annotated

import typer

from unmask.cli.console import emit, out

app = typer.Typer(help="The models: cards, limits, hashes.")
Json = Annotated[bool, typer.Option("--json", help="Print as JSON.")]


@app.command("list")
def list_models(json: Json = False) -> None:
    """All models, a line each."""
    from rich.table import Table

    from unmask import registry
    from unmask.detectors.card import read_card

    cards = [read_card(registry.detector_card(name)) for name in registry.detectors()]
    if json:
        emit([card.model_dump() for card in cards], as_json=True, text="")
        return
    table = Table("name", "modality", "claims", "MB", "version", box=None)
    for card in cards:
        claims = ", ".join(row.claim for row in card.operating)
        size = f"{card.weights.bytes / 1e6:.1f}" if card.weights else "not here"
        table.add_row(card.name, card.modality, claims, size, card.version)
    out.print(table)


@app.command()
def show(name: Annotated[str, typer.Argument(help="Name of a model.")], json: Json = False) -> None:
    """One model: what it does, how it was made, its operating points and limits."""
    from unmask import registry
    from unmask.detectors.card import read_card

    card = read_card(registry.detector_card(name))
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
