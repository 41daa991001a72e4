"""What exists, found by looking: detector folders, analyzer files, plug-ins by entry point.

Nothing is listed by hand. Adding a detector is adding a folder with a ``card.toml``; adding an
analyzer is adding a file to ``analyzers/`` that defines one subclass of ``Analyzer``. Other
packages announce theirs under the entry-point group ``unmask.plugins``: the value is a module
that holds detector folders, analyzers, or both.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from unmask.errors import UnknownName

if TYPE_CHECKING:
    from unmask.analyzers.base import Analyzer

_HERE = Path(__file__).parent
PLUGINS = "unmask.plugins"


@lru_cache(maxsize=1)
def _plugins() -> tuple[ModuleType, ...]:
    return tuple(point.load() for point in entry_points(group=PLUGINS))


@lru_cache(maxsize=1)
def _detectors() -> dict[str, Path]:
    roots = [_HERE / "detectors"]
    roots += [Path(module.__file__).parent for module in _plugins() if module.__file__]
    cards = (card for root in roots for card in sorted(root.rglob("card.toml")))
    return {card.parent.name: card for card in cards}


def detectors() -> tuple[str, ...]:
    """Names of all detectors that have a card."""
    return tuple(sorted(_detectors()))


def detector_card(name: str) -> Path:
    """Path of a detector's card. Raises UnknownName."""
    try:
        return _detectors()[name]
    except KeyError:
        raise UnknownName("detector", name, _detectors()) from None


@lru_cache(maxsize=1)
def _analyzers() -> dict[str, type[Analyzer]]:
    from unmask import analyzers as package
    from unmask.analyzers.base import Analyzer

    modules = [
        importlib.import_module(f"{package.__name__}.{info.name}")
        for info in pkgutil.iter_modules(package.__path__)
        if info.name != "base"
    ]
    found: dict[str, type[Analyzer]] = {}
    for module in [*modules, *_plugins()]:
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Analyzer) and value is not Analyzer:
                found[value.name] = value
    return dict(sorted(found.items()))


def analyzers() -> tuple[str, ...]:
    """Names of all analyzers."""
    return tuple(_analyzers())


def analyzer(name: str) -> type[Analyzer]:
    """The analyzer of a name. Raises UnknownName."""
    try:
        return _analyzers()[name]
    except KeyError:
        raise UnknownName("analyzer", name, _analyzers()) from None


def recipes() -> dict[str, Path]:
    """Training recipes by detector name: every detector folder that holds a ``recipe.toml``."""
    found = sorted((_HERE / "detectors").rglob("recipe.toml"))
    return {path.parent.name: path for path in found}
