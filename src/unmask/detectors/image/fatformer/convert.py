"""The authors' checkpoint under our names. It holds all of CLIP, some of it twice."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

from unmask.nn.clip_names import text_names, vision_names

_TWICE = ("image_encoder.", "text_encoder.")
_ADAPTER = {
    "freq_scale": "open",
    "first_conv_layer.": "down.",
    "second_conv_layer.": "up.",
    "dwt_norm.": "band_norm.",
    "intra_band.": "bands.among.",  # the names are exchanged there
    "norm_intra.": "bands.norm_among.",
    "inter_band.": "bands.within.",
    "norm_inter.": "bands.norm_within.",
    "linear1.": "bands.wide.",
    "linear2.": "bands.narrow.",
    "norm3.": "bands.norm.",
}
_FIXED = re.compile(r"(i?dwt_transform)\.")
_ATTENDING = {
    "patch_basaed_enhancer.": "attention.",
    "text_guided_interactor.": "attention.",
    "linear1.": "wide.",
    "linear2.": "narrow.",
    "norm1.": "norm1.",
    "norm2.": "norm2.",
}
_BLOCK = re.compile(r"transformer\.resblocks\.(\d+)\.forgery_aware_adapter\.(.*)")


def from_official(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors under our names; a name that is not known stays as it is."""
    result: dict[str, Tensor] = {}
    clip: dict[str, Tensor] = {}
    adapters: dict[int, dict[str, Tensor]] = {}
    for name, value in checkpoint.items():
        name = name.removeprefix("module.")
        if name.startswith(_TWICE) or name == "logit_scale":
            continue
        if name.startswith("clip_model."):
            rest = name.removeprefix("clip_model.")
            if found := _BLOCK.match(rest.removeprefix("visual.")):
                if not _FIXED.match(found[2]):
                    adapters.setdefault(int(found[1]), {})[found[2]] = value
            else:
                clip[rest] = value
        elif name.startswith("language_guided_alignment."):
            rest = name.removeprefix("language_guided_alignment.")
            learnt = rest in ("ctx", "token_prefix", "token_suffix")
            place = "prompts.learnt." if learnt else "prompts.enhance."
            result[place + (rest if learnt else _new(rest, _ATTENDING))] = value.float()
        else:
            result["interact." + _new(name, _ATTENDING)] = value.float()
    for number, block in enumerate(sorted(adapters)):
        for name, value in adapters[block].items():
            new = _new(name, _ADAPTER)
            squeezed = value[..., 0] if new in ("down.weight", "up.weight") else value
            result[f"adapters.{number}.{new}"] = squeezed.float()
    seen = {n.removeprefix("visual."): v for n, v in clip.items() if n.startswith("visual.")}
    read = {n: v for n, v in clip.items() if not n.startswith(("visual.", "logit_scale"))}
    if "proj" in seen:
        result["project.weight"] = seen["proj"].float().T.contiguous()
    if "logit_scale" in clip:
        result["scale"] = clip["logit_scale"].float()
    result |= {f"clip.{name}": value for name, value in vision_names(seen).items()}
    for name, value in text_names(read).items():
        inner = "" if name.startswith("text_projection") else "text_model."
        result[f"text.{inner}{name}"] = value
    return result


def _new(name: str, table: Mapping[str, str]) -> str:
    return next(
        (new + name.removeprefix(old) for old, new in table.items() if name.startswith(old)), name
    )
