"""CD-ADD (Li et al. 2024): one sentence, spoken by a person and by five voice cloners."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder
from unmask.datasets.places import FolderAdapter, Place

_CLEAN = "dataset_LibriTTS/dataset_clean_v2"
_CLONERS = {
    "openvoice": "OpenVoice", "seamless": "Seamless Expressive", "valle": "VALL-E",
    "whisperSpeech": "WhisperSpeech", "yourTTS": "YourTTS",
}  # fmt: skip
_SPLITS = {"train-clean": "train", "dev-clean": "val", "test-clean": "test"}


class CDADD(FolderAdapter):
    """A folder a sentence; the file's name is "real" or the cloner. The speaker is the group.

    Training and testing within LibriTTS, and a test on TED-LIUM, another domain. Sentences that a
    cloner said wrongly more than the authors allow are not in it. Its own page tells no layout:
    the paths and counts are those that a public loader of it lists.
    """

    name = "cd-add"
    title = "CD-ADD"
    licence = "none stated; LibriTTS: CC BY 4.0; TED-LIUM 3: CC BY-NC-ND 3.0"
    citation = (
        "Li, Zhang, Ren et al.: Cross-Domain Audio Deepfake Detection: Dataset and Analysis. "
        "arXiv 2404.04904, 2024"
    )
    url = "https://openxlab.org.cn/datasets/lyaleo/CD-ADD"
    kinds = ("audio",)
    splits = "the folders train-clean, dev-clean (validation) and test-clean; TED-LIUM is test"
    layout = """
        dataset_LibriTTS/dataset_clean_v2/{train-clean|dev-clean|test-clean}/SPEAKER/CHAPTER/SENTENCE/
            real.wav, openvoice.wav, seamless.wav, valle.wav, whisperSpeech.wav, yourTTS.wav
        dataset_TED-LIUM/dataset_ted/TALK/SENTENCE/real.wav, … (the same)
    """
    places = (
        Place(
            f"{_CLEAN}/{{part}}/{{subject}}/{{session}}/{{sentence}}/*", 1,
            {"source": "LibriTTS", "language": "en", "generator": "{stem}"}, whole=140790,
        ),
        Place(
            "dataset_TED-LIUM/dataset_ted/{subject}/{sentence}/*", 1,
            {"source": "TED-LIUM", "language": "en", "generator": "{stem}"}, whole=4780,
        ),
    )  # fmt: skip

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a recording. Cloned sentences may be missing, the spoken ones may not."""
        for part in _SPLITS:
            folder.part(f"{_CLEAN}/{part}")
        found = list(super().items(folder))
        sentences = {item.path.rpartition("/")[0] for item in found}
        spoken = {item.path.rpartition("/")[0] for item in found if not item.label}
        if gone := sorted(sentences - spoken):
            said = f"{len(gone)} of {len(sentences)} sentences have no real.wav, first {gone[0]}"
            if not folder.partial:
                raise folder.error(said)
            folder.notes.append(f"Partial: {said}.")
        yield from found

    def adjust(self, item: Item, caught: Mapping[str, str]) -> Item:
        """The label and the cloner by the file's name, the split by the folder."""
        part = caught.get("part", "test-clean")
        if part not in _SPLITS:
            raise ValueError(f"{part} is none of {', '.join(_SPLITS)}")
        item = replace(item, split=_SPLITS[part], group=f"{item.source}/{item.subject}")
        if item.generator == "real":
            return replace(item, label=0, generator="")
        if item.generator not in _CLONERS:
            raise ValueError(f"{item.path} is neither real nor of a known cloner")
        return replace(item, generator=_CLONERS[item.generator], family="voice-cloning")
