"""Talking videos as BA-TFD+ takes them: from their start, filled with nothing to a fixed length."""

from __future__ import annotations

import warnings
from itertools import islice

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import Dataset

from unmask.datasets.manifest import Item, Manifest
from unmask.detectors.audiovisual.ba_tfd_plus.model import FPS, SIDE
from unmask.detectors.audiovisual.ba_tfd_plus.sound import HOP, PER_FRAME, RATE
from unmask.errors import DataError, MediaError
from unmask.media import blocks, frames, probe
from unmask.train.method import Batch
from unmask.train.recipe import Recipe

_TRIES = 20


class Clips(Dataset[Batch]):
    """Items of a manifest: ``video``, ``sound`` and what the loss wants.

    ``segments`` (K, 2): forged seconds, -1 where there is none; ``changed`` (2): whether picture
    and sound were forged, by the item's ``types`` (video, audio); without types both count as
    forged; ``shown``: how many frames are the video's. In training there are ``recipe.samples``
    entries, entry *i* depends on (seed, i) alone and a broken file is replaced by another; in
    evaluation each item is one entry, an empty one when its file is broken. Raises DataError when
    there is nothing to read.
    """

    def __init__(self, manifest: Manifest, recipe: Recipe, length: int, train: bool) -> None:
        if not manifest.items:
            raise DataError("There is no item to prepare: this part of the manifest is empty.")
        self.manifest, self.length, self.train = manifest, length, train
        self.seed, self.count = recipe.seed, recipe.samples if train else len(manifest)
        self.segments = max(1, max(len(item.segments) for item in manifest))

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Batch:
        if not self.train:
            return self._tried(index) or {}
        for attempt in range(_TRIES):
            rng = np.random.default_rng([self.seed, index, attempt])
            if batch := self._tried(int(rng.integers(len(self.manifest)))):
                return batch
        raise DataError(f"{_TRIES} files in a row could not be read; see the warnings.")

    def _tried(self, place: int) -> Batch | None:
        item = self.manifest.items[place]
        try:
            video, sound, shown = self._read(item)
        except MediaError as error:
            warnings.warn(f"left out: {item.path}: {error}", stacklevel=2)
            return None
        segments = torch.full((self.segments, 2), -1.0)
        if item.segments:
            segments[: len(item.segments)] = torch.tensor(item.segments)
        types = item.types or ("video", "audio")
        changed = [float(item.label and name in types) for name in ("video", "audio")]
        return {
            "video": video,
            "sound": sound,
            "label": torch.tensor(float(item.label)),
            "segments": segments,
            "changed": torch.tensor(changed),
            "index": torch.tensor(place),
            "shown": torch.tensor(shown),
        }

    def _read(self, item: Item) -> tuple[Tensor, Tensor, int]:
        """Frames (T, 3, 96, 96), 8 bit, samples, and how many frames the video has.

        Black and silent after the end.
        """
        path = self.manifest.file(item)
        info = probe(path)
        video = torch.zeros(self.length, 3, SIDE, SIDE, dtype=torch.uint8)
        shown = 0
        for frame in islice(frames(path, info, fps=FPS), self.length):
            pixels = torch.from_numpy(np.ascontiguousarray(frame.pixels)).permute(2, 0, 1)
            small = F.interpolate(pixels[None].float(), (SIDE, SIDE), mode="bicubic")[0]
            video[shown] = small.round().clamp(0, 255).byte()
            shown += 1
        if not shown:
            raise MediaError(f"{path.name!r} shows no moving picture.")
        sound = torch.zeros(self.length * PER_FRAME * HOP)
        held = 0
        for block in blocks(path, info, rate=RATE):
            part = torch.from_numpy(block.samples)[: len(sound) - held]
            sound[held : held + len(part)] = part
            held += len(part)
            if held == len(sound):
                break
        return video, sound, shown
