"""``unmask morph``: is this identity photo mixed of two people's?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from unmask.cli.app import ExitCode
from unmask.cli.console import emit, told_as_json
from unmask.cli.scan import option
from unmask.settings import SETTINGS


def morph(
    photo: Annotated[str, typer.Argument(help="The identity photo: one face.")],
    person: Annotated[
        list[str] | None,
        typer.Option(help="Somebody whom it might show: a photo, a folder or a profile; repeat."),
    ] = None,
    live: Annotated[
        str, typer.Option(help="A picture of the holder that you trust, instead of --person.")
    ] = "",
    fpr: Annotated[float, option("fpr")] = SETTINGS["fpr"].default,
    threads: Annotated[int, option("threads")] = int(SETTINGS["threads"].default),
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Say whether one face matches two people, or differs from its holder as a morph does.

    Exit code: 0 no sign of it, 1 it looks mixed, 3 undecided, 4 no answer (a face cannot be
    compared), 2 a mistake in the command.
    """
    from unmask.cli.passphrase import unlock
    from unmask.identity.id_photo import differs_from_live, matches_two, told
    from unmask.identity.references import file_of
    from unmask.types import Vote

    persons = person or []
    if bool(persons) == bool(live):
        raise typer.BadParameter("Give --person twice or more, or --live once.")
    if persons and len(set(persons)) < 2:
        raise typer.BadParameter("One person cannot tell a morph: give --person twice or more.")
    rate = SETTINGS["fpr"].checked("fpr", fpr)
    unlock(file_of(one) for one in (*persons, live) if one)
    with told_as_json(Path(photo), json):
        found = (
            differs_from_live(photo, live, rate, threads)
            if live
            else matches_two(photo, persons, rate, threads)
        )
    record = {
        "photo": photo,
        "vote": found.vote.value,
        "score": found.score,
        "llr": found.llr,
        "fpr": rate,
        "people": [{"name": name, "distance": away} for name, away in found.people],
        "reason": told(found),
    }
    emit(record, as_json=json, text=told(found))
    codes = {Vote.FORGED: ExitCode.FLAGGED, Vote.UNDECIDED: ExitCode.INCONCLUSIVE}
    raise typer.Exit(codes.get(found.vote, ExitCode.CLEAN))
