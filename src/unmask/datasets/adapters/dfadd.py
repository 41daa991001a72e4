"""DFADD (Du et al. 2024): speech of diffusion and flow-matching synthesizers over VCTK."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from unmask.datasets.manifest import Item
from unmask.datasets.places import FolderAdapter, Place

_SPLITS = {"split": {"valid": "val"}}


class DFADD(FolderAdapter):
    """Five synthesizers, each beside the recordings of VCTK. The speaker is the group.

    The archives were issued again in April 2025, since labels of Matcha-TTS were wrong.
    """

    name = "dfadd"
    title = "DFADD"
    licence = "MIT; VCTK: CC BY 4.0"
    citation = (
        "Du, Lin, Chiu, Chen, Wu, Ren, Tsao, Lee, Jang: DFADD: The Diffusion and Flow-Matching "
        "Based Audio Deepfake Dataset. IEEE SLT 2024"
    )
    url = "https://huggingface.co/datasets/isjwdu/DFADD"
    kinds = ("audio",)
    published = ("GradTTS", "NaturalSpeech2", "StyleTTS2", "MatchaTTS", "PflowTTS")
    splits = "the folders train, valid (validation) and test"
    layout = """
        DATASET_GradTTS/{train|valid|test}/p226_001_….wav
        DATASET_NaturalSpeech2, DATASET_StyleTTS2, DATASET_MatchaTTS, DATASET_PflowTTS
        DATASET_VCTK_BONAFIDE/{train|valid|test}/p226_001_….wav
    """
    places = (
        Place(
            "{generator}/{split}/*", 1, {"family": "tts", "source": "DFADD", "language": "en"},
            _SPLITS, ("DATASET_VCTK_BONAFIDE",),
        ),
        Place(
            "DATASET_VCTK_BONAFIDE/{split}/*", 0, {"source": "VCTK", "language": "en"}, _SPLITS
        ),
    )  # fmt: skip

    def adjust(self, item: Item, caught: Mapping[str, str]) -> Item:
        """The speaker is the first part of the name, the synthesizer that of its folder."""
        speaker = item.path.rpartition("/")[2].partition("_")[0]
        generator = item.generator.removeprefix("DATASET_")
        return replace(item, subject=speaker, group=speaker, generator=generator)
