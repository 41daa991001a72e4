"""ASVspoof 2019 LA, 2021 LA and DF, and 5: voices made to fool speaker verification."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_LABELS = {"bonafide": 0, "spoof": 1}


def _label(folder: DatasetFolder, key: str, where: str) -> int:
    if key not in _LABELS:
        raise folder.error(f"{where}: the key is {key!r}, not bonafide or spoof")
    return _LABELS[key]


class ASVspoof2019LA(Adapter):
    """Logical access by its countermeasure protocols. Speakers differ between the splits."""

    name = "asvspoof2019-la"
    title = "ASVspoof 2019 LA"
    licence = "ODC-By 1.0"
    citation = (
        "Wang, Yamagishi, Todisco, Delgado, Nautsch, Evans, et al.: ASVspoof 2019: A Large-Scale "
        "Public Database of Synthesized, Converted and Replayed Speech. Computer Speech & "
        "Language 64, 2020"
    )
    url = "https://datashare.ed.ac.uk/handle/10283/3336"
    kinds = ("audio",)
    splits = "train, dev (validation) and eval (test) of the protocols"
    layout = """
        ASVspoof2019_LA_cm_protocols/ASVspoof2019.LA.cm.train.trn.txt, ….dev.trl.txt, ….eval.trl.txt
        ASVspoof2019_LA_train/flac/LA_T_1000137.flac, ASVspoof2019_LA_dev, ASVspoof2019_LA_eval
    """
    parts: ClassVar[dict[str, tuple[str, str]]] = {
        "train": ("train", "train.trn"),
        "val": ("dev", "dev.trl"),
        "test": ("eval", "eval.trl"),
    }

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item an utterance."""
        top = "LA/" if folder.has("LA") else ""
        for split, (part, file) in self.parts.items():
            protocol = f"{top}ASVspoof2019_LA_cm_protocols/ASVspoof2019.LA.cm.{file}.txt"
            flac = f"{top}ASVspoof2019_LA_{part}/flac"
            if not folder.part(protocol):
                continue
            rows = {f"{flac}/{c[1]}.flac": c for c in folder.rows(protocol, 5)}
            for path in folder.present(rows, f"recordings of {part}"):
                speaker, _, _, attack, key = rows[path][:5]
                label = _label(folder, key, protocol)
                yield medium(
                    path,
                    label,
                    group=speaker,
                    subject=speaker,
                    split=split,
                    generator=attack if label else "",
                    source="VCTK",
                    language="en",
                )


class _ASVspoof2021(Adapter):
    """Evaluation data only: subset ``eval`` is test, ``progress`` validation, ``hidden`` left out.

    The full keys of the organisers are needed.
    """

    track: ClassVar[str]
    licence = "ODC-By 1.0"  # README.LA.txt of the release, section 4, "Copying"
    citation = (
        "Liu, Wang, Sahidullah, Patino, Delgado, Kinnunen, et al.: ASVspoof 2021: Towards Spoofed "
        "and Deepfake Speech Detection in the Wild. IEEE/ACM TASLP 31, 2023"
    )
    kinds = ("audio",)
    splits = (
        "no training data (use ASVspoof 2019 LA); subset eval is test, progress is validation, "
        "hidden (silence cut off) is left out"
    )

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item an utterance; ``condition`` is the codec."""
        keys = folder.one_of(
            f"keys/{self.track}/CM/trial_metadata.txt", "keys/CM/trial_metadata.txt"
        )
        where = self._recordings(folder)
        rows = {c[1]: c for c in folder.rows(keys, 8)}
        wanted = {where.get(name, f"{self._folder}/{name}.flac"): name for name in rows}
        hidden = 0
        for path in folder.present(wanted, "recordings"):
            speaker, _, codec, origin, attack, key, _, subset, *rest = rows[wanted[path]]
            if subset == "hidden":
                hidden += 1
                continue
            label = _label(folder, key, keys)
            yield medium(
                path,
                label,
                group=speaker,
                subject=speaker,
                split=folder.known({"eval": "test", "progress": "val"}, subset, "subset"),
                generator=attack if label else "",
                family=rest[0] if rest and label else "",
                condition="clean" if codec in ("none", "nocodec") else codec,
                source=origin if self.track == "DF" else "asvspoof",
                language="" if origin.startswith("vcc") else "en",
            )
        if hidden:
            folder.notes.append(f"{hidden} recordings of the subset 'hidden' are left out.")

    @property
    def _folder(self) -> str:
        return f"ASVspoof2021_{self.track}_eval/flac"

    def _recordings(self, folder: DatasetFolder) -> dict[str, str]:
        """Where each recording is: the archives of DF may lie in folders of their own."""
        name = f"ASVspoof2021_{self.track}_eval"
        places = [self._folder]
        places += [f"{p}/{name}/flac" for p in folder.folders("") if p.startswith(f"{name}_part")]
        return {
            file.removesuffix(".flac"): f"{place}/{file}"
            for place in places
            for file in folder.media(place)
        }


class ASVspoof2021LA(_ASVspoof2021):
    """Logical access over telephone lines."""

    name = "asvspoof2021-la"
    title = "ASVspoof 2021 LA"
    url = "https://zenodo.org/records/4837263 (keys: https://www.asvspoof.org/index2021.html)"
    track = "LA"
    layout = """
        ASVspoof2021_LA_eval/flac/LA_E_9332881.flac
        keys/LA/CM/trial_metadata.txt (LA-keys-full.tar.gz)
    """


class ASVspoof2021DF(_ASVspoof2021):
    """Deepfakes after lossy coding."""

    name = "asvspoof2021-df"
    title = "ASVspoof 2021 DF"
    url = "https://zenodo.org/records/4835108 (keys: https://www.asvspoof.org/index2021.html)"
    track = "DF"
    layout = """
        ASVspoof2021_DF_eval/flac/DF_E_2000011.flac (or …_part00/ASVspoof2021_DF_eval/flac)
        keys/DF/CM/trial_metadata.txt (DF-keys-full.tar.gz)
    """


class ASVspoof5(Adapter):
    """Crowd-sourced voices; track 1. Columns of the protocols are split at white space."""

    name = "asvspoof5"
    title = "ASVspoof 5"
    licence = "ODC-By 1.0"
    citation = (
        "Wang, Delgado, Tak, Jung, Shim, Todisco, et al.: ASVspoof 5: Crowdsourced Speech Data, "
        "Deepfakes, and Adversarial Attacks at Scale. ASVspoof Workshop 2024"
    )
    url = "https://zenodo.org/records/14498691"
    kinds = ("audio",)
    splits = "train, dev (validation) and eval (test) of the track 1 protocols"
    layout = """
        ASVspoof5.train.tsv, ASVspoof5.dev.track_1.tsv, ASVspoof5.eval.track_1.tsv
        flac_T/T_0000000000.flac, flac_D/…, flac_E_eval/…
    """
    parts: ClassVar[dict[str, tuple[str, str]]] = {
        "train": ("ASVspoof5.train.tsv", "flac_T"),
        "val": ("ASVspoof5.dev.track_1.tsv", "flac_D"),
        "test": ("ASVspoof5.eval.track_1.tsv", "flac_E_eval"),
    }

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item an utterance; ``condition`` is the codec and its quality."""
        for split, (file, flac) in self.parts.items():
            protocol = folder.part(file, f"ASVspoof5_protocols/{file}")
            if not protocol:
                continue
            rows = {f"{flac}/{c[1]}.flac": c for c in folder.rows(protocol, 9)}
            for path in folder.present(rows, f"recordings of {flac}"):
                speaker, _, gender, codec, quality, _, _, attack, key = rows[path][:9]
                label = _label(folder, key, protocol)
                yield medium(
                    path,
                    label,
                    group=speaker,
                    subject=speaker,
                    gender={"F": "female", "M": "male"}.get(gender, ""),
                    split=split,
                    generator=attack if label else "",
                    condition="clean" if codec == "-" else f"{codec}:{quality}",
                    source="MLS",
                    language="en",
                )
