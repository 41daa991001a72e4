"""The command tree. Each verb's module is imported only when that verb runs."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from unmask import __version__

VERBS: dict[str, tuple[str, str]] = {
    "scan": ("scan:scan", "Judge files and folders: forged or not, where, how sure, why."),
    "compare": ("compare:compare", "Is it really that person? Against authentic material."),
    "profile": ("profile:app", "Profiles of people to compare with; kept on this machine only."),
    "morph": ("morph:morph", "Is this identity photo mixed of two people's?"),
    "index": ("index:app", "Your own index of known items: find copies and edits of them."),
    "calibrate": ("calibrate:app", "Thresholds from your own authentic files; do they still hold?"),
    "models": ("models:app", "The models: cards, limits, hashes."),
    "settings": ("settings:settings", "What a scan would be run with, and where it comes from."),
    "schema": ("schema:schema", "The JSON schema of a report."),
    "doctor": ("doctor:doctor", "What is installed, what is missing, what adds it."),
    "forge": ("forge:app", "Make forged examples from your own files, to test with."),
    "data": ("data:app", "Datasets: make a manifest, find its faults, cut out the faces."),
    "train": ("train:train", "Train a detector by its recipe."),
    "recipe": ("recipe:app", "Recipes of training: list them, copy one to change it."),
    "catalog": ("catalog:catalog", "Everything that works, with the papers it comes from."),
    "serve": ("serve:app", "Serve it: REST and a page for analysts; keys, the audit log."),
    "worker": ("worker:worker", "Judge the jobs of a service, also on another machine."),
    "verify": ("verify:verify", "Does a signed result hold? Judge the file again and compare."),
    "key": ("key:key", "Make a key to sign results with."),
    "explain": ("explain:explain", "What in a picture made a published method score as it did."),
    "protect": ("protect:protect", "Marks, cloaks, audits and defences for what is your own."),
    "bench": ("bench:app", "Predict, calibrate, and compute every number from predictions."),
}


class ExitCode:
    """What the exit code of ``unmask scan`` says. 2 is a mistake in the command itself."""

    CLEAN = 0
    FLAGGED = 1
    USAGE = 2
    INCONCLUSIVE = 3
    ERROR = 4
    INTERRUPTED = 130


class _Verbs(TyperGroup):
    """Lists verbs without importing them; imports one when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All verbs, in the order in which help shows them."""
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A stand-in that knows the help line of a verb and nothing else."""
        return TyperCommand(cmd_name, help=VERBS[cmd_name][1]) if cmd_name in VERBS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The real command of the verb that was called."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, _load(name) if name and command else command, rest


def _load(verb: str) -> Any:
    place, _, attribute = VERBS[verb][0].partition(":")
    value: Any = getattr(importlib.import_module(f"unmask.cli.{place}"), attribute)
    app = value
    if not isinstance(value, typer.Typer):
        app = typer.Typer(add_completion=False)
        app.command(verb)(value)
    command = typer.main.get_command(app)
    command.name = verb
    return command


app = typer.Typer(
    name="unmask",
    cls=_Verbs,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"unmask {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
    debug: bool = typer.Option(False, "--debug", help="Show the trace of an error."),
) -> None:
    """Is it forged, where, how sure, and why. On your own machine; nothing is uploaded."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the ``unmask`` command. Always ends in ``SystemExit``.

    ``--debug`` is taken wherever it stands, so that it can be added at the end of a line.
    """
    from unmask.errors import UnmaskError

    _write_any_text()
    _say_what_is_left_out()
    args = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in args or bool(os.environ.get("UNMASK_DEBUG"))
    args = [arg for arg in args if arg != "--debug"]
    try:
        try:
            app(args)
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        _say("Stopped. What was finished is kept.")
        sys.exit(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        _leave_output()
        sys.exit(ExitCode.CLEAN)
    except UnmaskError as error:
        if debug:
            raise
        _say(str(error))
        sys.exit(ExitCode.ERROR)
    except OSError as error:
        if debug:
            raise
        _leave_output()
        name = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
        _say(f"{name}{error.strerror or error}. What was finished is kept.")
        sys.exit(ExitCode.ERROR)
    except Exception as error:
        if debug:
            raise
        _say(_fault(error))
        sys.exit(ExitCode.ERROR)


def _fault(error: Exception) -> str:
    """What is said of an error that nobody foresaw; most often a package is not installed."""
    from unmask.errors import MissingExtra

    if isinstance(error, ModuleNotFoundError):
        name = error.name or "unmask"
        if name.partition(".")[0] != "unmask":
            return str(MissingExtra(f"This (the package {name!r})", "train"))
    text = " ".join(str(error).split()) or "no message"
    return f"A fault in unmask itself: {type(error).__name__}: {text} (--debug shows where)"


def _write_any_text() -> None:
    """Print what the terminal's encoding cannot hold as escapes, rather than fail on a name."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _say_what_is_left_out() -> None:
    """Plug-ins that are left out are told in one line each; other warnings as Python does."""
    import warnings

    from unmask.plugins import PluginWarning

    shown = warnings.showwarning

    def show(message: Any, category: type[Warning], *rest: Any, **more: Any) -> None:
        if issubclass(category, PluginWarning):
            _say(str(message))
        else:
            shown(message, category, *rest, **more)

    if getattr(shown, "__name__", "") != show.__name__:
        warnings.showwarning = show


def _leave_output() -> None:
    """Write no more to an output that takes nothing: what is left of it goes nowhere."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(line: str) -> None:
    sys.stderr.write(f"unmask: {line}\n")
