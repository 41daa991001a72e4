"""The face crops of DeepfakeBench (Yan et al. 2023): what its own preparation leaves.

Its JSON files say which frames belong to which video, split and compression. Their paths are those
of the machine that wrote them, with either slash; what counts is the part from a folder on that is
here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from PIL import Image

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import SPLITS, Item
from unmask.datasets.on_disk import DatasetFolder

_JSON = ("", "dataset_json", "preprocessing/dataset_json")
_FRAMES = ("", "rgb/", "datasets/", "datasets/rgb/")
_CONDITIONS = {"raw": "c0", "c23": "c23", "c40": "c40"}
_MADE = {
    "FF-DF": ("Deepfakes", "face-swap"),
    "FF-F2F": ("Face2Face", "reenactment"),
    "FF-FS": ("FaceSwap", "face-swap"),
    "FF-NT": ("NeuralTextures", "reenactment"),
    "FF-FH": ("FaceShifter", "face-swap"),
    "DFD_fake": ("DeepFakeDetection", "face-swap"),
}
_SOURCES = (
    (r"FF-.*", "faceforensics"),
    (r"DFD_.*", "deepfakedetection"),
    (r"CelebDFv1_.*", "celeb-df-v1"),
    (r"CelebDFv2_.*", "celeb-df-v2"),
    (r"DFDCP_.*", "dfdc-preview"),
    (r"DFDC_.*", "dfdc"),
    (r"DF_.*", "deeperforensics"),
)
"""Its labels, and what the datasets are called here."""
_MARGIN = 1.3
"""Side of a crop over that of the face, as its preparation cuts."""
_RANK = {split: place for place, split in enumerate(SPLITS)}


@dataclass(slots=True)
class _Video:
    """One video under one compression; of the splits it is listed in, the last counts."""

    label: str
    condition: str
    split: str
    frames: list[str]
    masks: dict[str, str]
    listed: set[str]


class DeepfakeBenchCrops(Adapter):
    """Frames of cropped faces. A video that is listed in several splits is test.

    The source of an item is the name of its dataset here, so that protocols which ask for those
    manifests find it in this one.
    """

    name = "deepfakebench-crops"
    title = "DeepfakeBench (face crops)"
    licence = "CC BY-NC 4.0 for DeepfakeBench; each dataset by its own terms"
    citation = (
        "Yan, Zhang, Yuan, Lyu, Wu: DeepfakeBench: A Comprehensive Benchmark of Deepfake "
        "Detection. NeurIPS Datasets and Benchmarks 2023"
    )
    url = "https://github.com/SCLBD/DeepfakeBench"
    kinds = ("image",)
    splits = (
        "its JSON files; a video that they list in several splits is test, and where that leaves "
        "no validation it is split off training"
    )
    layout = """
        dataset_json/FaceForensics++.json, Celeb-DF-v2.json, … (or right in the folder)
        rgb/FaceForensics++/original_sequences/youtube/c23/frames/000/000.png (or without rgb/)
        rgb/FaceForensics++/manipulated_sequences/Deepfakes/c23/{frames|masks|landmarks}/000_003/…
        rgb/Celeb-DF-v2/Celeb-synthesis/{frames|landmarks}/id0_id1_0000/000.png
    """
    carves_val = True

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a frame; its video is the medium, its face the middle of the crop."""
        videos = self._videos(folder)
        several = sum(len(video.listed) > 1 for video in videos.values())
        if several:
            folder.notes.append(
                f"{several} videos are listed in several splits, validation and test alike; they "
                "count as test and choose nothing."
            )
        landmarks = 0
        wanted = {path: video for video in videos.values() for path in video.frames}
        sizes: dict[str, tuple[float, ...]] = {}
        for path in folder.present(wanted, "frames"):
            video = wanted[path]
            place = str(PurePosixPath(path).parent)
            if place not in sizes:
                sizes[place] = _face(folder, path)
            landmarks += folder.exists(_beside(path, "landmarks", ".npy"))
            yield self._item(folder, path, video, sizes[place])
        if landmarks:
            folder.notes.append(
                f"Landmarks (81 points) lie beside {landmarks} frames; no method here takes them."
            )

    @staticmethod
    def _item(folder: DatasetFolder, path: str, video: _Video, face: tuple[float, ...]) -> Item:
        fake = _forged(video.label)
        name = PurePosixPath(path).parent.name
        source = next((s for rule, s in _SOURCES if re.fullmatch(rule, video.label)), video.label)
        made, family = _MADE.get(video.label, (video.label, "")) if fake else ("", "")
        mask = video.masks.get(PurePosixPath(path).stem) or _beside(path, "masks", ".png")
        return medium(
            path,
            int(fake),
            media_id=str(PurePosixPath(path).parent),
            group=_people(source, name),
            split=video.split,
            condition=video.condition,
            generator=made,
            family=family,
            source=source,
            face=face,
            mask=mask if fake and folder.exists(mask) else "",
        )

    @staticmethod
    def _videos(folder: DatasetFolder) -> dict[str, _Video]:
        """Videos of all JSON files, by the folder of their frames."""
        found: dict[str, _Video] = {}
        lists = [
            f"{place}/{path.name}" if place else path.name
            for place in _JSON
            for path in sorted((folder.root / place).glob("*.json"))
        ]
        if not lists:
            raise folder.error(f"no JSON file lies in {folder.root} or its dataset_json")
        for name in lists:
            for keys, about in _leaves(folder.json(name)):
                folder.at = f"{name}, {'/'.join(keys)}"
                split = next((key for key in keys if key in _RANK), "")
                if not split:
                    raise folder.error(f"{folder.at} is in none of {', '.join(SPLITS)}")
                frames = [_here(folder, str(path)) for path in about["frames"]]
                if not frames:
                    continue
                masks = [_here(folder, str(path)) for path in about.get("masks") or ()]
                own = {PurePosixPath(mask).stem: mask for mask in masks}
                condition = next((_CONDITIONS[key] for key in keys if key in _CONDITIONS), "clean")
                video = found.setdefault(
                    str(PurePosixPath(frames[0]).parent),
                    _Video(str(about["label"]), condition, split, frames, own, set()),
                )
                video.listed.add(split)
                video.split = max(video.listed, key=_RANK.__getitem__)
        return found


def _leaves(
    value: Any, keys: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Everything that has frames, with the keys that lead to it."""
    if not isinstance(value, dict):
        raise ValueError(f"{'/'.join(keys)} is a {type(value).__name__}")
    if isinstance(value.get("frames"), list):
        yield keys, value
        return
    for key, inner in value.items():
        yield from _leaves(inner, (*keys, str(key)))


def _here(folder: DatasetFolder, told: str) -> str:
    """Where a frame is here: the longest end of its path that begins with a folder that is here."""
    parts = [part for part in told.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    for first in range(len(parts) - 1):
        for place in _FRAMES:
            if folder.exists(f"{place}{parts[first]}"):
                return f"{place}{'/'.join(parts[first:])}"
    return "/".join(parts[-6:])


def _forged(label: str) -> bool:
    return "real" not in label.lower()


def _people(source: str, name: str) -> str:
    """Identities in the name of a video, by the habit of its dataset; else the video itself."""
    if source == "faceforensics" and re.fullmatch(r"\d{3}(_\d{3})?", name):
        return "+".join(f"ff:{one}" for one in name.split("_"))
    if source.startswith("celeb-df") and (found := re.findall(r"id\d+", name)):
        return "+".join(f"{source}:{one}" for one in found)
    if source == "deepfakedetection":
        return "+".join(f"actor{actor}" for actor in name.split("__")[0].split("_"))
    return f"{source}/{name}"


def _beside(path: str, folder: str, ending: str) -> str:
    """The file of a frame in a folder beside ``frames``."""
    parts = PurePosixPath(path).parts
    at = max((n for n, part in enumerate(parts) if part == "frames"), default=-1)
    if at < 0:
        return ""
    moved = (*parts[:at], folder, *parts[at + 1 :])
    return str(PurePosixPath(*moved).with_suffix(ending))


def _face(folder: DatasetFolder, path: str) -> tuple[float, ...]:
    """The face in a crop: its middle, ``_MARGIN`` times smaller; none where it cannot be read."""
    try:
        with Image.open(folder.root / path) as picture:
            width, height = picture.size
    except (OSError, ValueError, Image.DecompressionBombError):
        return ()
    rim = (1 - 1 / _MARGIN) / 2
    return width * rim, height * rim, width / _MARGIN, height / _MARGIN
