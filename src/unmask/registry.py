"""What exists, found by looking: detector folders, analyzer files, plug-ins by entry point.

Nothing is listed by hand. Adding a detector is adding a folder with a ``card.toml`` (a published
method has a ``method.py`` too); adding an analyzer is adding a file to ``analyzers/`` that defines
one subclass of ``Analyzer``. Other packages bring theirs as plug-ins (see ``plugins.py``): a
module that holds detector folders, analyzers, or both.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from unmask.errors import UnknownName, UnmaskError
from unmask.plugins import leave_out, plugins, taken

if TYPE_CHECKING:
    from unmask.analyzers.base import Analyzer

_HERE = Path(__file__).parent


@lru_cache(maxsize=1)
def _detectors() -> dict[str, Path]:
    from unmask.cards.card import read_card

    found = {card.parent.name: card for card in sorted((_HERE / "detectors").rglob("card.toml"))}
    for plugin in plugins():
        for card in plugin.cards():
            name = card.parent.name
            if name in found:
                taken(plugin, "detector", name, card.parent, found[name].parent)
                continue
            try:
                read_card(card)
            except (UnmaskError, OSError) as error:
                leave_out(f"The detector {name!r} of the plug-in {plugin}", error)
                continue
            found[name] = card
    return found


def detectors() -> tuple[str, ...]:
    """Names of all detectors that have a card."""
    return tuple(sorted(_detectors()))


def weighted_card(name: str) -> Path:
    """The card of a model that can run: of a path, of the user's shelf, of a shipped detector.

    ``name`` is a detector's name, a ``card.toml`` or the folder that holds one. Raises UnknownName,
    and ModelError when the detector has no weights here.
    """
    from unmask.cards.card import read_card
    from unmask.cards.shelf import shelved

    path = Path(name)
    if path.suffix == ".toml" or (path / "card.toml").is_file():
        return path / "card.toml" if path.is_dir() else path
    own = shelved()
    if name in own:
        return own[name]
    if name not in detectors():
        raise UnknownName("detector", name, {*detectors(), *own})
    card = detector_card(name)
    read_card(card).file()
    return card


@lru_cache(maxsize=1)
def shipped() -> tuple[str, ...]:
    """Names of the detectors that come with weights: what a scan can run as it is."""
    from unmask.cards.card import read_card

    return tuple(name for name in detectors() if read_card(_detectors()[name]).weights)


def methods() -> tuple[str, ...]:
    """Names of the published methods: every detector folder that holds a ``method.py``."""
    return tuple(n for n, card in sorted(_detectors().items()) if _method_file(card).is_file())


def method_file(name: str) -> Path:
    """The ``method.py`` of a published method. Raises UnknownName.

    What it defines belongs to the research wing: ``train.method.method_named`` reads it.
    """
    if name not in methods():
        raise UnknownName("method", name, methods())
    return _method_file(_detectors()[name])


def _method_file(card: Path) -> Path:
    return card.parent / "method.py"


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
    # One without a name of its own is not run unless a detector is asked for by name.
    for value in (value for module in modules for value in vars(module).values()):
        if isinstance(value, type) and issubclass(value, Analyzer) and "name" in vars(value):
            found[value.name] = value
    for plugin in plugins():
        for value in vars(plugin.module).values():
            if not (isinstance(value, type) and issubclass(value, Analyzer)):
                continue
            if "name" not in vars(value) or found.get(value.name) is value:
                continue
            if value.name in found:
                own = found[value.name]
                taken(plugin, "analyzer", value.name, value.__module__, own.__module__)
            else:
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
    beside = {name: card.parent / "recipe.toml" for name, card in sorted(_detectors().items())}
    return {name: path for name, path in beside.items() if path.is_file()}
