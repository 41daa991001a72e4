"""Heads that transformers knows: image, video and audio classification, from a checked copy."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from unmask.adding.head import Head, Medium
from unmask.adding.preprocessing import picture_look, sound_look
from unmask.adding.safety import plain
from unmask.adding.sources import Source
from unmask.errors import ModelError

_RATE = 16000
_ROOM = 1.5
"""How many times the tensors of its file a network may hold."""


class _Logits(nn.Module):
    """A network of transformers that takes one tensor and gives logits."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, values: Tensor) -> Tensor:
        logits: Tensor = self.network(values).logits
        return logits


def transformers_head(source: Source) -> Head:
    """The head of a folder in transformers' layout. Raises ModelError. Runs no code of the folder.

    ``source`` is a checked copy with a ``config.json``.
    """
    _quiet()
    try:
        return _head(source)
    except ModelError:
        raise
    except Exception as error:  # transformers raises whatever its parts raise
        text = plain(str(error))
        raise ModelError(f"{source.given} cannot be read by transformers: {text}") from error


def _quiet() -> None:
    """No talk on the terminal; and nothing is asked of any server: all that is read is the copy."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from transformers import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()


def _head(source: Source) -> Head:
    from transformers import AutoConfig

    configuration = AutoConfig.from_pretrained(
        source.folder, trust_remote_code=False, local_files_only=True
    )
    medium, kind = _kind(configuration, source)
    _fits_its_file(kind, configuration, source)
    network = _loaded(kind, configuration, source)
    names = configuration.id2label
    labels = tuple(plain(str(names[place]), 80) for place in sorted(names))
    several = configuration.problem_type == "multi_label_classification"
    common: dict[str, Any] = {
        "medium": medium,
        "architecture": kind.__name__,
        "labels": labels,
        "given": "logits of each" if several else "logits",
        "network": _Logits(network),
    }
    if medium == "audio":
        extractor = extractor_of(source)
        return Head(normal=sound_look(extractor, _RATE), reference=heard_by(extractor), **common)
    processor = processor_of(source)
    look = picture_look(processor)
    frames = int(getattr(configuration, "num_frames", 0)) if medium == "video" else 0
    seen = seen_by(processor, medium)
    return Head(normal=look.normal, look=look, frames=frames, reference=seen, **common)


def extractor_of(source: Source) -> Any:
    """The feature extractor of a checked copy."""
    from transformers import AutoFeatureExtractor

    return AutoFeatureExtractor.from_pretrained(
        source.folder, trust_remote_code=False, local_files_only=True
    )


def heard_by(extractor: Any) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """What a feature extractor makes of samples."""

    def heard(samples: NDArray[Any]) -> NDArray[Any]:
        made = extractor(samples, sampling_rate=_RATE, return_tensors="np")
        return np.asarray(made["input_values"][0])

    return heard


def seen_by(processor: Any, medium: str) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """What an image processor makes of a picture, or of the frames of a clip."""

    def seen(pixels: NDArray[Any]) -> NDArray[Any]:
        one = medium == "image"
        given = Image.fromarray(pixels) if one else [Image.fromarray(row) for row in pixels]
        return np.asarray(processor(given, return_tensors="np")["pixel_values"][0])

    return seen


def processor_of(source: Source) -> Any:
    """The processor on Pillow, whose numbers are those of a scan."""
    import transformers
    from transformers import AutoImageProcessor

    new = int(transformers.__version__.split(".")[0]) >= 5
    how: dict[str, Any] = {"backend": "pil"} if new else {"use_fast": False}
    return AutoImageProcessor.from_pretrained(
        source.folder, trust_remote_code=False, local_files_only=True, **how
    )


def _kind(configuration: Any, source: Source) -> tuple[Medium, Any]:
    from transformers.models.auto import modeling_auto as auto

    kinds: tuple[tuple[Medium, Any], ...] = (
        ("image", auto.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING),
        ("video", auto.MODEL_FOR_VIDEO_CLASSIFICATION_MAPPING),
        ("audio", auto.MODEL_FOR_AUDIO_CLASSIFICATION_MAPPING),
    )
    said = (configuration.architectures or [""])[0]
    for medium, mapping in kinds:
        if type(configuration) in mapping:
            found = mapping[type(configuration)]
            for kind in found if isinstance(found, tuple) else (found,):
                if kind.__name__ == said:
                    return medium, kind
    what = plain(str(said), 80) or "a network without a name"
    raise ModelError(
        f"{source.given} is {what}; what can be added are heads for image, video or audio "
        "classification."
    )


def _fits_its_file(kind: Any, configuration: Any, source: Source) -> None:
    """Refuse a configuration that would make a far larger network than the file holds."""
    with torch.device("meta"):
        bare = kind(configuration)
    wanted = sum(value.numel() for value in bare.state_dict().values())
    held = source.weights.stat().st_size
    if wanted > _ROOM * held:  # a number takes a byte at the least
        raise ModelError(
            f"The configuration of {source.given} makes a network of {wanted} numbers, which its "
            f"file of {held} bytes cannot hold."
        )


def _loaded(kind: Any, configuration: Any, source: Source) -> nn.Module:
    if source.weights.suffix != ".safetensors":
        _only_tensors(source)
    network, report = kind.from_pretrained(
        source.folder,
        config=configuration,
        local_files_only=True,
        use_safetensors=True,
        output_loading_info=True,
        attn_implementation="eager",
    )
    missing = sorted(report["missing_keys"])
    if missing or report["mismatched_keys"]:
        lacks = f"it lacks {plain(missing[0])}" if missing else "shapes differ"
        raise ModelError(f"The weights of {source.given} do not fit its configuration: {lacks}.")
    ready: nn.Module = network.float().eval()
    return ready


def _only_tensors(source: Source) -> None:
    """Turn a pickled file of tensors into safetensors. Nothing but tensors is let through."""
    from safetensors.torch import save_file

    values = tensors(source)
    plain = {name: value.clone().contiguous() for name, value in values.items()}
    save_file(plain, source.folder / "model.safetensors", metadata={"format": "pt"})
    source.weights.unlink()


def tensors(source: Source) -> dict[str, Tensor]:
    """The named tensors of a file of weights. Raises ModelError for anything else in it."""
    try:
        if source.weights.suffix == ".safetensors":
            from safetensors.torch import load_file

            return dict(load_file(source.weights))
        value = torch.load(source.weights, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, ValueError, EOFError, KeyError) as error:
        name = source.weights.name
        text = plain(str(error), 160)
        raise ModelError(
            f"{name} of {source.given} holds more than tensors, or is damaged; nothing of it was "
            f"run: {text}"
        ) from error
    for inner in ("state_dict", "model", "net", "state_dict_ema"):
        if isinstance(value, dict) and isinstance(value.get(inner), dict):
            value = value[inner]
    found = {str(k): v for k, v in value.items()} if isinstance(value, dict) else {}
    held = {name: one for name, one in found.items() if isinstance(one, Tensor)}
    if not held:
        raise ModelError(f"{source.weights.name} of {source.given} holds no named tensors.")
    return held
