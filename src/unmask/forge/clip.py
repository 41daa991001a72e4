"""A still picture of a face as a short video: a swaying camera, grain that changes, H.264."""

from __future__ import annotations

import cv2
import numpy as np

from unmask.forge.operations import h264_clip, noise
from unmask.types import Box, Pixels


def filmed(
    pixels: Pixels, box: Box, rng: np.random.Generator, frames: int = 8
) -> tuple[list[Pixels], list[Box]]:
    """Frames of a picture that sways, zooms and turns a little, and where its face lies in each.

    The same generator state moves, grains and encodes a real picture and the fake made from it
    alike.
    """
    height, width = pixels.shape[:2]
    side = max(box.width, box.height)
    centre = np.array([box.x + box.width / 2, box.y + box.height / 2])
    phase, speed = rng.uniform(0, 6.28, 4), rng.uniform(0.15, 0.9, 4)
    reach = rng.uniform(0, 1, 4) * (0.03 * side, 0.03 * side, 0.03, 2.5)
    grain, seed = float(rng.uniform(0, 3)), int(rng.integers(2**30))
    moved: list[Pixels] = []
    boxes: list[Box] = []
    for number in range(frames):
        x, y, zoom, angle = np.sin(phase + speed * number) * reach
        matrix = cv2.getRotationMatrix2D((float(centre[0]), float(centre[1])), angle, 1 + zoom)
        matrix[:, 2] += (x, y)
        frame = cv2.warpAffine(
            pixels, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
        moved.append(noise(np.asarray(frame, np.uint8), grain, seed + number))
        size = np.array([box.width, box.height]) * (1 + zoom)
        corner = centre + np.array((x, y)) - size / 2
        boxes.append(Box(float(corner[0]), float(corner[1]), float(size[0]), float(size[1])))
    return h264_clip(moved, int(rng.integers(18, 31))), boxes
