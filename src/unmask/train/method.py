"""A published method as the research wing sees it.

A method's folder holds ``method.py`` (one subclass of ``Method``), ``model.py`` (the network and
nothing else), ``convert.py`` (the authors' checkpoint to ours), ``recipe.toml`` (the paper's
training), ``card.toml`` and ``README.md`` (what differs from it); a loss of its own stands in
``loss.py``.
Nothing else in the house knows the method by name.
"""

from __future__ import annotations

import importlib
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask import registry
from unmask.cards.card import Card, read_card
from unmask.errors import DataError, MissingExtra, ModelError, UnknownName
from unmask.plugins import plugins

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.train.recipe import Recipe

Batch = dict[str, Tensor]
"""Named tensors, batch first: the card's inputs, ``label`` (B, 1 = forged), further targets."""
Outputs = dict[str, Tensor]
"""What a network gives: ``logit`` (B, higher = forged) and the further outputs of its card."""


class Method(ABC):
    """One published detector: its network, its loss, its data, its authors' checkpoints.

    The network takes the card's inputs in their order and gives ``Outputs``. It is pure: it reads
    no file and picks no device; normalisation is inside it, so callers hand over plain pixels
    (0…255) and samples (-1…1). ``settings`` are those of a recipe; ``variant`` among them chooses
    one of ``variants``. Raises UnknownName for another.

    ``small``: settings under which the network has the same parts but few and narrow ones, where
    the paper's is too large to be tested by anybody anywhere.

    ``files``: what the files of an authors' checkpoint hold, where their program writes several;
    ``convert`` sees the names of each below that of its file.

    ``frozen``: what of the network gives the same for the same input at every step, as
    ``vit.forward_features``: a part that never learns, and the method that is called of it. With
    the setting ``features`` (a file) its results are kept there (``train.kept_features``).

    ``judged_as_trained``: protocols judge items as ``samples`` prepares them. Otherwise they go by
    the card alone, as a scan does, and leave out what only training does.

    ``selects``: the figure on validation that chooses weights and stops: ``auc``, ``eer`` and
    ``balanced_accuracy`` (at 0) of recordings, or one of ``measured``; with ``-`` before it the
    lowest is best.
    """

    variants: ClassVar[tuple[str, ...]] = ("default",)
    selects: str = "auc"
    small: ClassVar[Mapping[str, Any]] = {}
    files: ClassVar[tuple[str, ...]] = ()
    frozen: ClassVar[str] = ""
    judged_as_trained: ClassVar[bool] = False

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        self.settings = dict(settings or {})
        self.variant = str(self.settings.get("variant") or self.variants[0])
        if self.variant not in self.variants:
            raise UnknownName("variant", self.variant, self.variants)

    @property
    def card_file(self) -> Path:
        """Where the card beside the method is."""
        file = sys.modules[type(self).__module__].__file__
        assert file
        return Path(file).parent / "card.toml"

    @cached_property
    def card(self) -> Card:
        """The card beside the method."""
        return read_card(self.card_file)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Entries of a batch that the network takes, in their order."""
        return tuple(part.name for part in self.card.inputs)

    @abstractmethod
    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network. ``pretrained``: its backbone as the paper starts it.

        Raises MissingExtra or ModelError when those weights cannot be had; never goes on with
        random ones.
        """

    @abstractmethod
    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """The paper's loss of one batch, and its parts for the log."""

    @abstractmethod
    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' checkpoint under our names. Raises ModelError when it does not fit."""

    @abstractmethod
    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """A made batch, as small as the network allows: inputs and every target of the loss."""

    def score(self, outputs: Outputs) -> Tensor:
        """The number by which items are ranked, batch; higher = forged."""
        return outputs["logit"]

    def measured(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        """Further figures of each entry that is validated, batch; their means are logged."""
        return {}

    def described(self) -> Mapping[str, Any]:
        """Values of the card's ``[parameters]`` that hang on the settings: names of classes."""
        return {}

    def completed(self, outputs: Outputs, batch: Batch) -> Outputs:
        """Outputs and what follows from them outside the network, such as stretches from a map."""
        return outputs

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Items of a split as training takes them: by default read and prepared by the card.

        A method whose paper makes its own training fakes, or draws pairs, gives its own.
        """
        from unmask.datasets.samples import Prepared

        part = manifest.select(split=split)
        return Prepared(part, self.card.inputs, recipe, train=split == "train")

    def run(self, network: nn.Module, batch: Batch) -> Outputs:
        """The network on the inputs of a batch."""
        result: Outputs = network(*(batch[name] for name in self.inputs))
        return result


def method_named(name: str) -> type[Method]:
    """The published method of a name: what its ``method.py`` defines. Raises UnknownName."""
    path = registry.method_file(name)
    module = _module_at(path)
    own = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Method)
        and value.__module__ == module.__name__
    ]
    if len(own) != 1:
        raise ModelError(f"{path} defines {len(own)} methods; it must define one.")
    return own[0]


def _module_at(path: Path) -> ModuleType:
    """The module of a file, wherever its package lies on the import path."""
    for plugin in plugins():
        for folder in plugin.folders:
            if path.is_relative_to(folder):
                inner = path.relative_to(folder).with_suffix("").parts
                return importlib.import_module(".".join((plugin.module.__name__, *inner)))
    package = next((up for up in path.parents if not (up / "__init__.py").is_file()), path.parent)
    return importlib.import_module(".".join(path.relative_to(package).with_suffix("").parts))


def fitted(
    network: nn.Module, theirs: Mapping[str, Tensor], what: str, ignore: Sequence[str] = ()
) -> dict[str, Tensor]:
    """``theirs`` checked against a network: every name there, every shape the same, none left over.

    ``ignore``: beginnings of names which the network has and the checkpoint need not have. Raises
    ModelError that names the first thing that does not fit.
    """
    ours = network.state_dict()
    kept = {name for name in ours if not name.startswith(tuple(ignore))} if ignore else set(ours)
    # Counters of batch normalisation are missing in checkpoints of other frameworks.
    kept = {name for name in kept if not name.endswith("num_batches_tracked")}
    if missing := sorted(kept - set(theirs)):
        raise ModelError(f"The checkpoint does not fit {what}: it lacks {missing[0]!r}"
                         f" and {len(missing) - 1} more.")  # fmt: skip
    if extra := sorted(set(theirs) - set(ours)):
        raise ModelError(f"The checkpoint does not fit {what}: it has {extra[0]!r}"
                         f" and {len(extra) - 1} more that are unknown.")  # fmt: skip
    for name, value in theirs.items():
        if value.shape != ours[name].shape:
            raise ModelError(
                f"The checkpoint does not fit {what}: {name!r} is {tuple(value.shape)}, "
                f"not {tuple(ours[name].shape)}."
            )
    return {**ours, **theirs}


_BESIDE = ("extractor_state_dict", "classifier")


def read_checkpoint(path: Path) -> dict[str, Any]:
    """A PyTorch file (tensors and plain values only, never code), safetensors or Keras HDF5.

    A dictionary that holds the tensors one level down under ``state_dict``, ``model``, ``net`` or
    ``state_dict_ema`` is opened; tensors that stand beside it under ``extractor_state_dict`` or
    ``classifier`` keep that beginning. The weights of a Keras file (``.h5``, ``.hdf5``) are called
    ``layer.weight``. Raises DataError when the file is missing or unreadable, MissingExtra.
    """
    if not path.is_file():
        raise DataError(f"There is no checkpoint at {path}.")
    if path.suffix in (".h5", ".hdf5"):
        return _read_keras(path)
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return dict(load_file(path))
        value = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch and pickle raise many kinds
        text = str(error).split("\n", 1)[0]
        raise DataError(f"The checkpoint {path} cannot be read: {text}") from error
    if not isinstance(value, dict):
        raise DataError(f"The checkpoint {path} holds a {type(value).__name__}, not named tensors.")
    for name in ("state_dict", "model", "net", "state_dict_ema"):
        if isinstance(value.get(name), dict):
            beside = {
                f"{other}.{inner}": one
                for other in _BESIDE
                if isinstance(value.get(other), dict)
                for inner, one in value[other].items()
            }
            return {**value[name], **beside}
    return value


def read_checkpoints(paths: Sequence[Path], parts: Sequence[str] = ()) -> dict[str, Any]:
    """Checkpoints of one network: a single file as it is, several with their names below ``parts``.

    Raises DataError when there are not as many files as parts, and as ``read_checkpoint``.
    """
    if len(paths) == 1:
        return read_checkpoint(paths[0])
    if len(paths) != len(parts):
        wanted = f"{len(parts)} files ({', '.join(parts)})" if parts else "one file"
        raise DataError(f"{len(paths)} files were given; a checkpoint of this method is {wanted}.")
    return {
        f"{part}.{name}": value
        for part, path in zip(parts, paths, strict=True)
        for name, value in read_checkpoint(path).items()
    }


def loaded(method: Method, weights: Path) -> nn.Module:
    """The method's network with a checkpoint of ours or the authors', where it computes best."""
    network = method.network()
    checkpoint = read_checkpoint(weights)
    ours = set(network.state_dict()) == set(checkpoint)
    network.load_state_dict(checkpoint if ours else method.convert(checkpoint))
    return network.eval().to("cuda" if torch.cuda.is_available() else "cpu")


def random_network(method: Method, seed: int = 0) -> nn.Module:
    """The method's network with weights that depend on ``seed`` alone."""
    torch.manual_seed(seed)
    return method.network().eval()


def _read_keras(path: Path) -> dict[str, Any]:
    try:
        import h5py
    except ImportError:
        raise MissingExtra("Reading a Keras checkpoint", "train") from None
    try:
        with h5py.File(path, "r") as file:
            layers = file.get("model_weights", file)
            return {
                f"{_text(layer)}.{_text(name).rsplit('/', 1)[-1].split(':')[0]}": torch.from_numpy(
                    layers[layer][name][()]
                )
                for layer in layers.attrs["layer_names"]
                for name in layers[layer].attrs["weight_names"]
            }
    except (OSError, KeyError, TypeError) as error:
        text = str(error).split("\n", 1)[0]
        raise DataError(f"The checkpoint {path} is not a readable Keras file: {text}") from error


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name
