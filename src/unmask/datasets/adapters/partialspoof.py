"""PartialSpoof (Zhang et al. 2023): bona fide utterances with synthetic stretches in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_PARTS = {"train": "train", "val": "dev", "test": "eval"}
Stretches = dict[str, tuple[tuple[float, float], ...]]


class PartialSpoof(Adapter):
    """Utterances by protocol; stretches by the RTTM files (text: the label arrays are pickles)."""

    name = "partialspoof"
    title = "PartialSpoof"
    licence = "as the Zenodo record says"
    citation = (
        "Zhang, Wang, Cooper, Evans, Yamagishi: The PartialSpoof Database and Countermeasures for "
        "the Detection of Short Fake Speech Segments Embedded in an Utterance. IEEE/ACM TASLP 31, "
        "2023"
    )
    url = "https://zenodo.org/records/5766198"
    kinds = ("audio",)
    splits = "train, dev (validation) and eval (test) of the protocols"
    layout = """
        database/protocols/PartialSpoof_LA_cm_protocols/PartialSpoof.LA.cm.{train|dev|eval}.trl.txt
        database/{train|dev|eval}/con_wav/CON_T_0000000.wav
        database/{train|dev|eval}/con_data/rttm_2cls_0sil_spoof
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item an utterance, with its forged stretches in seconds."""
        top = "database/" if folder.has("database") else ""
        for split, part in _PARTS.items():
            protocol = f"{top}protocols/PartialSpoof_LA_cm_protocols/PartialSpoof.LA.cm.{part}.trl"
            rttm = folder.part(
                f"{top}{part}/con_data/rttm_2cls_0sil_spoof", f"{top}{part}/con_data/rttm_2cls_0sil"
            )
            if not rttm:
                continue
            stretches = _stretches(folder, rttm)
            wav = f"{top}{part}/con_wav"
            rows = {f"{wav}/{c[1]}.wav": c for c in folder.rows(f"{protocol}.txt", 5)}
            for path in folder.present(rows, f"recordings of {part}"):
                speaker, name, _, _, key = rows[path][:5]
                label = int(key == "spoof")
                if label and name not in stretches:
                    raise folder.error(f"{rttm} does not say where {name} is spoofed")
                yield medium(
                    path,
                    label,
                    group=speaker,
                    subject=speaker,
                    split=split,
                    family="partial" if label else "",
                    generator="PartialSpoof" if label else "",
                    source="ASVspoof 2019 LA",
                    language="en",
                    segments=stretches[name] if label else (),
                )


def _stretches(folder: DatasetFolder, rttm: str) -> Stretches:
    """Spoofed stretches of each recording; neighbours that touch are one."""
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for cells in folder.rows(rttm, 8):
        if cells[7] == "spoof":
            start = float(cells[3])
            found[cells[1]].append((start, start + float(cells[4])))
    return {name: _merged(sorted(spans)) for name, spans in found.items()}


def _merged(spans: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    whole: list[tuple[float, float]] = []
    for start, end in spans:
        end = round(end, 5)
        if whole and start <= whole[-1][1] + 1e-4:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        else:
            whole.append((start, end))
    return tuple(whole)
