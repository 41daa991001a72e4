"""CodecFake (Wu et al. 2024): speech of VCTK sent through fifteen neural codecs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from unmask.datasets.manifest import Item
from unmask.datasets.places import FolderAdapter, Place

_VAL = {"p226", "p229"}
_TEST = {"p227", "p228"}
_NAME = re.compile(r"(?:(?P<codec>.+)\+)?(?P<speaker>[ps]\d+)_(?P<sentence>\d+)")


class CodecFakeWu(FolderAdapter):
    """Fakes are named by codec, speaker and sentence. Not the Codecfake of Xie et al.

    The recordings of VCTK are fetched apart. Rates differ among codecs.
    """

    name = "codecfake-wu"
    title = "CodecFake (Wu et al.)"
    licence = "none stated; VCTK: CC BY 4.0"
    citation = (
        "Wu, Tseng, Lee: CodecFake: Enhancing Anti-Spoofing Models Against Deepfake Audios from "
        "Codec-Based Speech Synthesis Systems. Interspeech 2024"
    )
    url = "https://huggingface.co/datasets/rogertseng/CodecFake_wavs"
    kinds = ("audio",)
    splits = "by speaker as in the authors' code: p226, p229 validation; p227, p228 test"
    layout = """
        processed/encodec_24khz+p272_103.wav (the archives, unpacked)
        VCTK-Corpus-0.92/wav48_silence_trimmed/p272/p272_103_mic1.flac (from datashare.ed.ac.uk)
    """
    places = (
        Place("processed/**", 1, {"family": "codec", "source": "CodecFake", "language": "en"}),
        Place("VCTK-Corpus-0.92/wav48_silence_trimmed/{subject}/*", 0,
              {"source": "VCTK", "language": "en"}),
    )  # fmt: skip

    def adjust(self, item: Item, caught: Mapping[str, str]) -> Item:
        """Codec, speaker and split by the name; the speaker is the group."""
        found = _NAME.match(item.path.rpartition("/")[2])
        if found is None or bool(found["codec"]) != bool(item.label):
            raise ValueError(f"the name of {item.path}")
        speaker = found["speaker"]
        split = "val" if speaker in _VAL else "test" if speaker in _TEST else "train"
        codec = found["codec"] or ""
        return replace(item, generator=codec, subject=speaker, group=speaker, split=split)
