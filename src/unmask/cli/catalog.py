"""``unmask catalog``: everything that works, with the papers it comes from."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from unmask.cli.console import emit, out


def catalog(
    bibtex: Annotated[bool, typer.Option("--bibtex", help="Print references.")] = False,
    only: Annotated[str, typer.Option(help="Keys that begin with this ('dataset:').")] = "",
    by: Annotated[
        str,
        typer.Option(
            help="Sort detectors and generators into the classes of this taxonomy, "
            "and list no others."
        ),
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List the key of everything that works: detectors, datasets, protocols, strategies, attacks …

    What is not built, or has no passing test, is not in it.
    """
    from rich.table import Table

    from unmask.catalog import catalog as listed
    from unmask.catalog import class_of
    from unmask.taxonomy.reading import taxonomy

    entries = [entry for entry in listed() if entry.key.startswith(only)]
    classes: dict[str, str] = {}
    if by:
        survey = taxonomy(by)
        classes = {entry.key: class_of(entry.key, survey) for entry in entries}
        entries = [entry for entry in entries if classes[entry.key]]
        order = [one.name for one in survey.classes]
        entries.sort(key=lambda entry: order.index(classes[entry.key]))
    if json:
        rows = [asdict(entry) | ({"class": classes[entry.key]} if by else {}) for entry in entries]
        emit({"keys": [entry.key for entry in entries], "entries": rows}, as_json=True, text="")
    elif bibtex:
        emit(None, as_json=False, text="\n\n".join(entry.bibtex() for entry in entries))
    else:
        table = Table(*(["class"] if by else []), "key", "title", "authors", "year", box=None)
        for entry in entries:
            authors = entry.authors.split(",")[0]
            more = " et al." if "," in entry.authors else ""
            first = [classes[entry.key]] if by else []
            table.add_row(*first, entry.key, entry.title, authors + more, str(entry.year or ""))
        out.print(table)
