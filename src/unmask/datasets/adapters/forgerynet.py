"""ForgeryNet (He et al. 2021): pictures with masks, videos with forged stretches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder
from unmask.errors import DataError

_SPLITS = {"Training": "train", "Validation": "val", "Test": "test"}
_METHODS = (
    "FaceShifter", "FS-GAN", "DeepFakes", "BlendFace", "MMReplacement", "DeepFakes-StarGAN-Stack",
    "Talking Head Video", "ATVG-Net", "StarGAN-BlendFace-Stack", "First Order Motion", "StyleGAN2",
    "MaskGAN", "StarGAN2", "SC-FEGAN", "DiscoFaceGAN",
)  # fmt: skip
"""Folders 1 to 15, as the authors name them (issue 17 of their repository)."""
_SOURCES = ("RAVDESS", "CREMA-D", "AVSpeech", "VoxCeleb2")
"""Folders 16 to 19, likewise."""
_FAMILIES = {"0": "", "1": "identity-remained", "2": "identity-replaced"}
"""Three-way classes: lines that issues 17, 26 and 36 quote give FaceShifter 2, Talking Head 1."""


class ForgeryNet(Adapter):
    """Pictures by ``image_list.txt``, videos by ``video_list.txt``, of every part that is there.

    A line of the first: name, two-way, three-way and sixteen-way class. Of the second: number of
    stretches, name, first frame, frames and class (0 real) of each stretch, then the same classes.
    Frames become seconds by the video's own frame rate. The method is that of the folder: the
    sixteen-way class of the lists is numbered otherwise, and the authors say to go by the folder.
    The names of the lists are theirs as well (issues 17 and 29 of their repository).
    """

    name = "forgerynet"
    title = "ForgeryNet"
    licence = "non-commercial research and education"
    citation = (
        "He, Gan, Chen, Zhou, Yin, Song, Sheng, Shao, Liu: ForgeryNet: A Versatile Benchmark for "
        "Comprehensive Forgery Analysis. CVPR 2021"
    )
    url = "https://github.com/yinanhe/ForgeryNet"
    kinds = ("image", "video")
    published = _METHODS
    splits = "the folders Training, Validation and Test"
    layout = """
        {Training|Validation|Test}/image_list.txt and image/train_release/…/frame00019.jpg
        {Training|Validation}/spatial_localize/train_mask_release/… (masks of the forged pictures)
        {Training|Validation|Test}/video_list.txt and video/train_video_release/… (optional)
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a picture, one a video."""
        parts = [part for part in _SPLITS if folder.has(part)]
        if not parts:
            folder.need("Training")
        folder.notes += [f"Not there: {part}." for part in _SPLITS if part not in parts]
        for part in parts:
            seen = False
            if folder.has(f"{part}/image"):
                seen = True
                yield from self._images(folder, part)
            if folder.has(f"{part}/video"):
                seen = True
                yield from self._videos(folder, part)
            if not seen:
                folder.part(f"{part}/image")

    def _images(self, folder: DatasetFolder, part: str) -> Iterator[Item]:
        rows = {f"{part}/image/{c[0]}": c for c in folder.rows(f"{part}/image_list.txt", 4)}
        for path in folder.present(rows, f"pictures of {part}"):
            name, binary, triple = rows[path][:3]
            yield medium(
                path,
                int(binary),
                mask=self._mask(folder, part, name) if binary != "0" else "",
                **self._common(part, name, triple),
            )

    @staticmethod
    def _mask(folder: DatasetFolder, part: str, name: str) -> str:
        """The mask of a forged picture; raises DataError when the masks are there but not this."""
        top = f"{part}/spatial_localize"
        if not folder.has(top):
            return ""
        release, _, rest = name.partition("/")
        mask_release = release.replace("train_release", "train_mask_release")
        for place in (f"{top}/{mask_release}/{rest}", f"{top}/{rest}"):
            for path in (place, str(Path(place).with_suffix(".png"))):
                if folder.exists(path):
                    return path
        if folder.partial:
            return ""
        raise folder.error(f"the mask of {part}/image/{name} is missing below {top}")

    def _videos(self, folder: DatasetFolder, part: str) -> Iterator[Item]:
        rows: dict[str, list[str]] = {}
        for cells in folder.rows(f"{part}/video_list.txt", 5):
            if not cells[0].isdigit() or len(cells) != 5 + 3 * int(cells[0]):
                raise folder.error(f"{part}/video_list.txt: the line of {cells[1]} is malformed")
            rows[f"{part}/video/{cells[1]}"] = cells
        for path in folder.present(rows, f"videos of {part}"):
            cells = rows[path]
            stretches = [tuple(map(int, cells[i : i + 3])) for i in range(2, len(cells) - 3, 3)]
            forged = [(first, count) for first, count, fake in stretches if fake]
            rate = _frame_rate(folder.root / path) if forged else 1.0
            yield medium(
                path,
                int(cells[-3]),
                kind="video",
                segments=tuple((first / rate, (first + count) / rate) for first, count in forged),
                **self._common(part, cells[1], cells[-2]),
            )

    @staticmethod
    def _common(part: str, name: str, triple: str) -> dict[str, str]:
        folders = name.split("/")
        # Pictures and videos lie in RELEASE/NUMBER/…
        number = int(folders[1]) if len(folders) > 2 and folders[1].isdecimal() else 0
        known = ("", *_METHODS, *_SOURCES)
        made = number <= len(_METHODS)
        return {
            "group": "/".join(folders[:-1]) or name,
            "split": _SPLITS[part],
            "family": _FAMILIES.get(triple, ""),
            "generator": known[number] if made else "",
            "source": known[number] if not made and number < len(known) else "",
        }


def _frame_rate(path: Path) -> float:
    """Frames a second by the container's header. Raises DataError when it cannot be read."""
    import av

    try:
        with av.open(str(path)) as media:
            rate = media.streams.video[0].average_rate
    except (av.FFmpegError, IndexError, OSError) as error:
        raise DataError(f"{path} cannot be opened as a video: {error}. Get it again.") from error
    if not rate:
        raise DataError(f"{path} does not say its frame rate. Get it again.")
    return float(rate)
