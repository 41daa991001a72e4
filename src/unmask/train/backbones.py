"""Backbones as timm and transformers publish them: with all their weights, or not at all.

And single files that the Hugging Face hub keeps.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from torch import nn

from unmask.errors import MissingExtra, ModelError


def timm_model(name: str, pretrained: bool, **options: Any) -> nn.Module:
    """The model that timm calls ``name``; ``options`` say how it is built.

    ``pretrained``: with its published weights, from the local cache or from the hub. Raises
    MissingExtra without timm, and ModelError when the weights cannot be had.
    """
    try:
        import timm
    except ImportError:
        raise MissingExtra(f"The backbone {name}", "train") from None
    if not pretrained:
        network: nn.Module = timm.create_model(name, pretrained=False, **options)
        return network
    try:
        network = timm.create_model(name, pretrained=True, **options)
    except (OSError, RuntimeError) as error:
        raise _not_to_be_had(
            name, error, f"timm.create_model({name!r}, pretrained=True)"
        ) from error
    return network


def transformers_model(kind: str, name: str, config: Any) -> nn.Module:
    """The model ``kind`` of transformers with the weights published as ``name``.

    ``config`` says how it is built. The files come from the local cache or from the hub. Raises
    MissingExtra without transformers, and ModelError when the weights cannot be had or leave a
    part of the network untouched.
    """
    try:
        import transformers
    except ImportError:
        raise MissingExtra(f"The backbone {name}", "train") from None
    try:
        network, report = getattr(transformers, kind).from_pretrained(
            name, config=config, output_loading_info=True, local_files_only=not online()
        )
    except (OSError, ValueError, RuntimeError) as error:
        call = f"transformers.{kind}.from_pretrained({name!r})"
        raise _not_to_be_had(name, error, call) from error
    if missing := sorted(report["missing_keys"]):
        raise ModelError(
            f"The weights {name!r} lack {missing[0]!r} and {len(missing) - 1} more; training would "
            "start from random numbers there."
        )
    result: nn.Module = network
    return result


def hub_file(name: str, file: str) -> Path:
    """A file of the hub's repository ``name``, from the local cache or fetched.

    Raises MissingExtra without the hub's client, ModelError when the file cannot be had.
    """
    try:
        from huggingface_hub import hf_hub_download
    except ImportError:
        raise MissingExtra(f"The file {file} of {name}", "train") from None
    try:
        return Path(hf_hub_download(name, file, local_files_only=not online()))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"The file {file} of {name!r} cannot be had: {_first_line(error)}"
        ) from error


def online() -> bool:
    """Whether the hub could be reached; its client would go on trying for minutes."""
    from huggingface_hub.constants import ENDPOINT

    if getproxies():
        return True
    try:
        return bool(socket.getaddrinfo(urlsplit(ENDPOINT).hostname, None))
    except OSError:
        return False


def _not_to_be_had(name: str, error: Exception, call: str) -> ModelError:
    """``call`` is what brings the weights where there is a network."""
    return ModelError(
        f"The weights {name!r} that training starts from cannot be had: {_first_line(error)} "
        f"Fetch them where there is a network ({call})."
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]
