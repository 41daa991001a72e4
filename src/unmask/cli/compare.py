"""``unmask compare``: is this really that person?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from unmask.cli.console import Progressing, told_as_json
from unmask.cli.scan import option, shown
from unmask.settings import SETTINGS


def compare(
    suspect: Annotated[Path, typer.Argument(help="The photo, video or recording.")],
    reference: Annotated[
        list[str],
        typer.Option(
            help="Authentic material of the person: a folder, or a profile (path or name). "
            "Repeated: other people, whom it is compared with as well."
        ),
    ],
    html: Annotated[Path | None, typer.Option(help="Write the page here.")] = None,
    pdf: Annotated[Path | None, typer.Option(help="Write the page as PDF.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    fpr: Annotated[float, option("fpr")] = SETTINGS["fpr"].default,
    prior: Annotated[float, option("prior")] = SETTINGS["prior"].default,
    fps: Annotated[float, option("fps")] = SETTINGS["fps"].default,
    threads: Annotated[int, option("threads")] = int(SETTINGS["threads"].default),
) -> None:
    """Compare the faces and the voice of a file with authentic material of one person.

    It says whether another person is seen or heard, when, and how sure that is. It looks for no
    traces of forgery: `unmask scan --reference` does both.

    Exit code: 0 no sign of another person, 1 another person in whole or in part, 3 inconclusive,
    4 no answer (the references do not suffice, or the file cannot be read), 2 a mistake in the
    command.
    """
    from unmask.cli.passphrase import unlock
    from unmask.identity.comparing import compare as judge
    from unmask.identity.references import file_of
    from unmask.outputs import guard

    guard({"--html": html, "--pdf": pdf, "--json": "-" if json else None}, (suspect, *reference))
    unlock(file_of(one) for one in reference)
    with told_as_json(suspect, json), Progressing("comparing", "s of media", json) as bar:
        report = judge(
            suspect, reference, progress=bar.update, fpr=fpr, prior=prior, fps=fps, threads=threads
        )
    raise typer.Exit(shown(report, html, pdf, json))
