"""What BA-TFD+ minimises: frames, boundary maps, and how far picture and sound may be apart.

Cai et al. 2023, section 4.3. Everything is a mean over the frames that a video has.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from unmask.detectors.audiovisual.ba_tfd_plus.model import FPS

Outputs = dict[str, Tensor]


def overlap_map(segments: Tensor, frames: Tensor, durations: int, places: int) -> Tensor:
    """Overlap (intersection over union) of every proposal with the forged stretch it fits best.

    ``segments`` (B, K, 2) in seconds, -1 where there is none; ``frames`` (B). Gives (B, D, T): the
    proposal of row d and column t covers the frames t … t + d. Those past the end are 0.
    """
    begin = torch.arange(places, device=segments.device, dtype=segments.dtype)
    length = torch.arange(1, durations + 1, device=segments.device, dtype=segments.dtype)[:, None]
    end = begin + length
    last = frames[:, None, None, None]
    edges = (segments * FPS)[:, :, None, None]
    low, high = edges[..., 0].clamp(min=0).minimum(last), edges[..., 1].clamp(min=0).minimum(last)
    common = (end.minimum(high) - begin.maximum(low)).clamp(min=0)
    union = length + (high - low) - common
    best = (common / union).amax(1)
    fits = (end - 1 <= frames[:, None, None]) & (begin < frames[:, None, None])
    return torch.where(fits, best, 0.0)


def forged_frames(segments: Tensor, places: int) -> Tensor:
    """1 for every frame that lies in a forged stretch, (B, T)."""
    place = torch.arange(places, device=segments.device)
    edges = (segments * FPS).floor()
    there = segments[..., :1] >= 0
    inside = (place >= edges[..., :1]) & (place < edges[..., 1:]) & there
    return inside.any(1).to(segments.dtype)


def _counted(frames: Tensor, places: int) -> Tensor:
    """Share of each frame in its video's mean, (B, T)."""
    there = torch.arange(places, device=frames.device) < frames[:, None]
    return there / there.sum(1, keepdim=True).clamp(min=1)


def frame_loss(logits: Tensor, target: Tensor, frames: Tensor) -> Tensor:
    """Cross-entropy of frames, (B, T)."""
    entropy = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return (entropy * _counted(frames, logits.shape[1])).sum(1).mean()


def map_losses(maps: Tensor, target: Tensor, frames: Tensor) -> Tensor:
    """Squared distance of three maps (B, 3, D, T) to one target (B, D, T), their sum: (B)."""
    distance = (maps - target[:, None]).square().mean(2)
    return (distance * _counted(frames, maps.shape[-1])[:, None]).sum((1, 2))


def map_loss(maps: Tensor, target: Tensor, frames: Tensor) -> Tensor:
    """The mean of ``map_losses`` over a batch."""
    return map_losses(maps, target, frames).mean()


def fused_map_loss(outputs: Outputs, segments: Tensor) -> Tensor:
    """The loss of the fused maps, a number a video (B)."""
    maps = outputs["fused_maps"]
    target = overlap_map(segments, outputs["frames"], *maps.shape[2:])
    return map_losses(maps, target, outputs["frames"])


def contrast_loss(
    video: Tensor, sound: Tensor, label: Tensor, frames: Tensor, margin: float = 0.99
) -> Tensor:
    """Features (B, C, T) of real videos are drawn together, of forged ones pushed ``margin`` apart.

    Divided by C · T, at most 1.
    """
    there = torch.arange(video.shape[2], device=video.device) < frames[:, None]
    square = ((video - sound).square() * there[:, None]).sum((1, 2))
    apart = (margin - (square + 1e-12).sqrt()).clamp(min=0).square()
    mean = torch.where(label > 0.5, apart, square).mean()
    return (mean / (video.shape[1] * video.shape[2])).clamp(max=1)


def total_loss(
    outputs: Outputs,
    segments: Tensor,
    changed: Tensor,
    label: Tensor,
    weights: dict[str, float],
) -> tuple[Tensor, dict[str, float]]:
    """The sum. ``changed`` (B, 2): whether the picture, whether the sound was forged."""
    frames = outputs["frames"]
    _, _, durations, places = outputs["fused_maps"].shape
    target = overlap_map(segments, frames, durations, places)
    forged = forged_frames(segments, places)
    seen, heard = changed[:, 0], changed[:, 1]
    parts = {
        "fused": map_loss(outputs["fused_maps"], target, frames),
        "video_maps": map_loss(outputs["video_maps"], target * seen[:, None, None], frames),
        "sound_maps": map_loss(outputs["sound_maps"], target * heard[:, None, None], frames),
        "video_frames": frame_loss(outputs["video_frames"], forged * seen[:, None], frames),
        "sound_frames": frame_loss(outputs["sound_frames"], forged * heard[:, None], frames),
        "contrast": contrast_loss(
            outputs["video_features"], outputs["sound_features"], label, frames, weights["margin"]
        ),
    }
    # The authors divide the contrastive part by C · T here once more.
    size = outputs["video_features"][0].numel()
    loss = (
        parts["fused"]
        + weights["maps"] * (parts["video_maps"] + parts["sound_maps"]) / 2
        + weights["frames"] * (parts["video_frames"] + parts["sound_frames"]) / 2
        + weights["contrast"] / size * parts["contrast"]
    )
    return loss, {name: value.item() for name, value in parts.items()}
