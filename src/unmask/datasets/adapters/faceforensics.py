"""FaceForensics++ (Rössler et al. 2019) with FaceShifter, and DeepFakeDetection beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_CITATION = (
    "Rössler, Cozzolino, Verdoliva, Riess, Thies, Nießner: FaceForensics++: Learning to Detect "
    "Manipulated Facial Images. ICCV 2019"
)
_LICENCE = "FaceForensics terms of use: non-commercial research, after signing a form"
_URL = "https://github.com/ondyari/FaceForensics/tree/master/dataset"
_CONDITIONS = {"raw": "c0", "c0": "c0", "c23": "c23", "c40": "c40"}
_REAL = "original_sequences/youtube"
_FAMILIES = {
    "Deepfakes": "face-swap",
    "FaceSwap": "face-swap",
    "FaceShifter": "face-swap",
    "Face2Face": "reenactment",
    "NeuralTextures": "reenactment",
}


def _conditions(folder: DatasetFolder, place: str) -> Iterator[tuple[str, str]]:
    """Condition and place of its videos, for every compression that is there."""
    found = [name for name in folder.folders(place) if name in _CONDITIONS]
    for name in found:
        yield _CONDITIONS[name], f"{place}/{name}/videos"
    if not found:
        folder.part(f"{place}/c23/videos")


def _uneven(seen: Mapping[str, set[str]]) -> Iterator[str]:
    """A note for every compression that some methods have and others lack."""
    for condition in sorted(set().union(*seen.values())):
        gone = [method for method, there in seen.items() if condition not in there]
        if gone:
            yield f"Not there: {condition} of {', '.join(gone)}."


class FaceForensics(Adapter):
    """Videos of every compression that is there; fakes are grouped with both their originals."""

    name = "faceforensics"
    title = "FaceForensics++"
    licence = _LICENCE
    citation = _CITATION
    url = _URL
    kinds = ("video",)
    published = tuple(_FAMILIES)
    splits = "train.json, val.json and test.json of the authors' repository (dataset/splits)"
    layout = """
        train.json, val.json, test.json (from dataset/splits of the repository)
        original_sequences/youtube/{raw|c23|c40}/videos/000.mp4
        manipulated_sequences/{Deepfakes|Face2Face|…}/{raw|c23|c40}/videos/000_003.mp4
        manipulated_sequences/{Deepfakes|…}/masks/videos/000_003.mp4 (optional)
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a video and compression."""
        splits = self._splits(folder)
        originals = [name for name in splits if "_" not in name]
        fakes = [name for name in splits if "_" in name]
        yield from self._videos(folder, _REAL, originals, splits)
        methods = [m for m in folder.folders("manipulated_sequences") if m in _FAMILIES]
        if not methods:
            folder.part("manipulated_sequences/Deepfakes")
        seen = {_REAL: {condition for condition, _ in _conditions(folder, _REAL)}}
        for method in methods:
            place = f"manipulated_sequences/{method}"
            seen[method] = {condition for condition, _ in _conditions(folder, place)}
            yield from self._videos(folder, place, fakes, splits, method)
        folder.notes += _uneven(seen)

    @staticmethod
    def _splits(folder: DatasetFolder) -> dict[str, str]:
        """Split of every original ("000") and every fake ("000_003")."""
        found: dict[str, str] = {}
        for split in ("train", "val", "test"):
            hint = f"copy dataset/splits/{split}.json of {_URL.split('/tree')[0]} there"
            for one, two in folder.json(f"{split}.json", hint):
                found |= dict.fromkeys((one, two, f"{one}_{two}", f"{two}_{one}"), split)
        return found

    @staticmethod
    def _videos(
        folder: DatasetFolder,
        place: str,
        names: list[str],
        splits: dict[str, str],
        method: str = "",
    ) -> Iterator[Item]:
        masks = f"{place}/masks/videos"
        for condition, videos in _conditions(folder, place):
            wanted = (f"{videos}/{name}.mp4" for name in names)
            for path in folder.present(wanted, f"videos of {place} ({condition})"):
                stem = path.rpartition("/")[2].removesuffix(".mp4")
                mask = f"{masks}/{stem}.mp4"
                shown = stem.split("_")[0]
                original = path.replace(place, _REAL, 1).replace(stem, shown)
                yield medium(
                    path,
                    int(bool(method)),
                    group=stem.replace("_", "+"),
                    split=splits[stem],
                    condition=condition,
                    generator=method,
                    family=_FAMILIES.get(method, ""),
                    source="FaceForensics++",
                    subject=shown,
                    mask=mask if method and folder.exists(mask) else "",
                    original=original if method and folder.exists(original) else "",
                )


class DeepFakeDetection(Adapter):
    """Google's DeepFakeDetection: paid actors, no official splits, so all of it is for testing."""

    name = "deepfakedetection"
    title = "DeepFakeDetection"
    licence = _LICENCE
    citation = (
        "Dufour, Gully: Contributing Data to Deepfake Detection Research. Google AI Blog, 2019"
    )
    url = _URL
    kinds = ("video",)
    splits = "none exist; everything is test, as in cross-dataset protocols"
    layout = """
        original_sequences/actors/{raw|c23|c40}/videos/01__exit_phone_room.mp4
        manipulated_sequences/DeepFakeDetection/{raw|c23|c40}/videos/01_02__exit_phone_room__ID.mp4
        manipulated_sequences/DeepFakeDetection/masks/videos (optional)
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a video and compression."""
        sides = ("original_sequences/actors", "manipulated_sequences/DeepFakeDetection")
        for label, place in enumerate(sides):
            for condition, videos in _conditions(folder, place):
                reals = videos.replace(place, sides[0], 1)
                names = folder.media(videos)
                if not names and folder.part(videos):
                    raise folder.error(f"{videos} holds no video")
                for name in names:
                    first, *scene = name.split("__")
                    actors = first.split("_")
                    mask = f"{place}/masks/videos/{name}"
                    # The name ends with a number that the original's has not.
                    original = f"{reals}/{actors[0]}__{scene[0].removesuffix('.mp4')}.mp4"
                    yield medium(
                        f"{videos}/{name}",
                        label,
                        group="+".join(f"actor{actor}" for actor in actors),
                        split="test",
                        condition=condition,
                        generator="DeepFakeDetection" if label else "",
                        family="face-swap" if label else "",
                        source="DeepFakeDetection",
                        subject=actors[0],
                        mask=mask if label and folder.exists(mask) else "",
                        original=original if label and folder.exists(original) else "",
                    )
