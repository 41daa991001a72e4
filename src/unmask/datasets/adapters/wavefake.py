"""WaveFake (Frank and Schönherr 2021): six vocoders over two single speakers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from unmask.datasets.manifest import Item
from unmask.datasets.places import FolderAdapter, Place

_TAIL = re.compile(r"_gen(erated)?$")


class WaveFake(FolderAdapter):
    """Each folder of ``generated_audio`` is a corpus and a vocoder. The reals are others' corpora.

    The same sentences stand on both sides: the sentence is the group.
    """

    name = "wavefake"
    title = "WaveFake"
    licence = "CC BY-SA 4.0; LJSpeech: public domain; JSUT: its own terms"
    citation = (
        "Frank, Schönherr: WaveFake: A Data Set to Facilitate Audio Deepfake Detection. "
        "NeurIPS Datasets and Benchmarks 2021"
    )
    url = "https://zenodo.org/records/5642694"
    kinds = ("audio",)
    splits = "none exist; sentences are split by a hash"
    layout = """
        generated_audio/ljspeech_melgan/LJ001-0001_gen.wav, …, jsut_parallel_wavegan, …
        generated_audio/common_voices_prompts_from_conformer_fastspeech2_pwg_ljspeech/*.wav
        LJSpeech-1.1/wavs/*.wav (from keithito.com)
        jsut_ver1.1/basic5000/wav/*.wav (where jsut_ sets are used)
    """
    official = False
    places = (
        Place("generated_audio/{generator}/**", 1, {"family": "vocoder", "source": "WaveFake"}),
        Place("LJSpeech-1.1/wavs/*", 0, {"source": "LJSpeech", "language": "en"}, whole=13100),
        Place("jsut_ver1.1/**", 0, {"source": "JSUT", "language": "ja"}, optional=True),
    )

    def adjust(self, item: Item, caught: Mapping[str, str]) -> Item:
        """The sentence as group; sentences of Common Voice are nobody else's."""
        generator = caught.get("generator", "")
        stem = _TAIL.sub("", item.path.rpartition("/")[2].rpartition(".")[0])
        own = generator.startswith("common_voices")
        speech = "tts" if own else "vocoder"
        return replace(
            item,
            group=f"{generator}/{stem}" if own else stem,
            family=speech if item.label else "",
            language=item.language or ("ja" if generator.startswith("jsut") else "en"),
            subject="JSUT" if "jsut" in item.path else "LJSpeech",
        )
