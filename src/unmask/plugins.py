"""Plug-ins: modules that other packages announce under the entry-point group ``unmask.plugins``.

One that cannot be loaded, or that brings something broken or called like what is there already, is
named in a warning and left out; everything else works.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

GROUP = "unmask.plugins"
_HERE = Path(__file__).parent


class PluginWarning(UserWarning):
    """A plug-in, or a part of one, is left out. The message is one line that says which and why."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plug-in that was loaded: its name, the package that announces it, and its module."""

    name: str
    package: str
    module: ModuleType

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where it may hold detectors and rooms; nowhere when it is a single file."""
        return tuple(Path(place) for place in getattr(self.module, "__path__", ()))

    def __str__(self) -> str:
        return f"{self.name!r} (package {self.package})"

    def cards(self) -> Iterator[Path]:
        """The cards of its detectors. Unmask's own, where it lies in the same folder, are none."""
        for folder in self.folders:
            for card in sorted(folder.rglob("card.toml")):
                if not card.resolve().is_relative_to(_HERE.resolve()):
                    yield card


@lru_cache(maxsize=1)
def plugins() -> tuple[Plugin, ...]:
    """All plug-ins that can be loaded, by name."""
    found = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        package = point.dist.name if point.dist else "unknown"
        try:
            module = point.load()
        except (Exception, SystemExit) as error:  # a stranger's code may raise anything
            leave_out(f"The plug-in {point.name!r} (package {package})", error)
            continue
        if not isinstance(module, ModuleType):
            leave_out(
                f"The plug-in {point.name!r} (package {package})",
                f"{point.value} is a {type(module).__name__}, not a module",
            )
            continue
        found.append(Plugin(point.name, package, module))
    return tuple(found)


def leave_out(what: str, why: Exception | SystemExit | str) -> None:
    """Warn that something is left out."""
    if not isinstance(why, str):
        text = " ".join(str(why).split())
        why = f"{type(why).__name__}: {text}" if text else type(why).__name__
    warnings.warn(f"{what} is left out: {why}.".replace("..", "."), PluginWarning, stacklevel=3)


def taken(plugin: Plugin, what: str, name: str, theirs: object, ours: object) -> None:
    """Warn that a name is taken, with both places."""
    leave_out(
        f"The {what} {name!r} of the plug-in {plugin}",
        f"its name is taken; it is at {theirs}, the one that stays at {ours}. Rename it",
    )
