"""Expose before you defend: does one verdict of a detector survive unlearning, and what flips it?

A copy of the network unlearns clean items by gradient ascent. What a backdoor taught is not in
clean items, so that the exposed copy goes on giving the backdoor's verdict when it has forgotten
the rest. Then, for each verdict, the smallest patch is looked for that turns clean items into it: a
small one that also turns items it was not fitted on is what a backdoor looks like.

Unlearning after the paper and its code (ascent on the cross-entropy of a few hundred clean items,
Adam, weight decay 5e-4); the patch is found as Wang et al. 2019 ("Neural Cleanse") do, on the
network as it is. Rates of our own: the detectors here are smaller than the paper's.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from unmask.errors import DataError
from unmask.protect._model import Model
from unmask.protect.base import Done, Given, Protection, Settings

CITATION = (
    "Li, Huang, Zhang, Ma, Jiang: Expose Before You Defend: Unifying and Enhancing Backdoor "
    "Defenses via Exposed Models. arXiv 2410.19427, 2024"
)
URL = "https://arxiv.org/abs/2410.19427"
_VERDICTS = ("real", "forged")
_DECAY = 5e-4
_STEP = 0.1
_EVERY = 10
_FLIPPED = 0.95


class Unlearning(Settings):
    """``rate`` and ``rounds`` of unlearning, which ends when accuracy is at ``chance``.

    ``steps`` of the search for a patch of each verdict; a patch is suspect when it covers less
    than ``small`` of the picture. ``most``: clean items used.
    """

    rate: float = Field(default=1e-3, gt=0)
    rounds: int = Field(default=20, ge=1)
    chance: float = Field(default=0.5, gt=0, lt=1)
    steps: int = Field(default=300, ge=10)
    small: float = Field(default=0.05, gt=0, lt=1)
    most: int = Field(default=200, ge=8)
    seed: int = 0


class Exposing(Protection[Unlearning]):
    """Unlearn, ask the copy, look for the smallest patch of each verdict."""

    kind = "audit"
    needs = frozenset({"model", "data"})
    limits = (
        "A trigger that is no patch (a filter, a warp, a mark over the whole picture), or that "
        "works on some items only, is not found."
    )
    settings_type = Unlearning

    def protect(self, given: Given) -> Done:
        """Accuracy before, what the exposed copy says, and a patch a verdict.

        Raises DataError when the clean items lack a class or the detector gets too few right.
        """
        assert given.model is not None
        assert given.data is not None
        model, own = given.model, self.settings
        torch.manual_seed(own.seed)
        shown, labels = model.pictures(given.data)
        order = torch.randperm(len(labels))[: own.most]
        shown, labels = shown[order], labels[order]
        right = (model.scores(shown) > 0) == (labels > 0.5)
        total = own.rounds + 2 * own.steps
        exposed, after, rounds = self._exposed(model, shown, labels, given, total)
        forged = float((model.scores(shown, exposed) > 0).float().mean())
        patches = []
        for target in (0, 1):
            rows = shown[right & (labels != target)]
            if len(rows) < 4:
                raise DataError(
                    f"Only {len(rows)} clean {_VERDICTS[1 - target]} items are judged rightly; "
                    "the audit needs at least 4 of each class."
                )
            begun = own.rounds + target * own.steps
            patches.append(
                self._patch(model, rows, target, lambda n, b=begun: given.said(b + n, total))
            )
        suspect = [
            verdict for verdict, one in zip(_VERDICTS, patches, strict=True)
            if one["share"] < own.small and one["flips"] >= _FLIPPED
        ]  # fmt: skip
        lines = [
            f"Accuracy on clean items {float(right.float().mean()):.2f}; {after:.2f} after "
            f"{rounds} rounds of unlearning, when {forged:.0%} are called forged."
        ]
        lines += [
            f"Turned into {verdict}: a patch over {one['share']:.1%} of the picture turns "
            f"{one['flips']:.0%} of items it was not fitted on."
            for verdict, one in zip(_VERDICTS, patches, strict=True)
        ]
        lines.append(
            f"Suspect: a small patch makes it say {' and '.join(suspect)}, whatever is shown."
            if suspect
            else "No small patch turns its verdicts."
        )
        return Done(
            "\n".join(lines),
            {
                "accuracy": float(right.float().mean()),
                "accuracy_after": after,
                "forged_after": forged,
                "patches": dict(zip(_VERDICTS, patches, strict=True)),
                "suspect": suspect,
            },
        )

    def _exposed(
        self, model: Model, shown: Tensor, labels: Tensor, given: Given, total: int
    ) -> tuple[nn.Module, float, int]:
        """A copy that unlearned the items, its accuracy on them, and the rounds that took."""
        exposed = copy.deepcopy(model.network)
        optimiser = torch.optim.Adam(exposed.parameters(), self.settings.rate, weight_decay=_DECAY)
        accuracy, done = 1.0, 0
        for done in range(1, self.settings.rounds + 1):
            for rows in torch.split(torch.randperm(len(labels)), 32):
                score = model.score(shown[rows], exposed)
                loss = -functional.binary_cross_entropy_with_logits(score, labels[rows])
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_(exposed.parameters(), 5.0)
                optimiser.step()
            said = model.scores(shown, exposed) > 0
            accuracy = float((said == (labels > 0.5)).float().mean())
            given.said(done, total)
            if accuracy <= self.settings.chance:
                break
        return exposed, accuracy, done

    def _patch(self, model: Model, rows: Tensor, target: int, said: Any) -> dict[str, float]:
        """The smallest patch: ``share`` of the picture, and how many other items it ``flips``."""
        fitted, held = rows[::2], rows[1::2]
        height, width = rows.shape[-2:]
        mask = torch.full((1, 1, height, width), -2.0, device=rows.device, requires_grad=True)
        pattern = torch.zeros((1, 3, height, width), device=rows.device, requires_grad=True)
        optimiser = torch.optim.Adam([mask, pattern], _STEP)
        weight, best = 1.0, (1.0, mask.detach().clone(), pattern.detach().clone())
        for step in range(self.settings.steps):
            score = model.score(_patched(fitted, mask, pattern))
            wanted = torch.full_like(score, float(target))
            miss = functional.binary_cross_entropy_with_logits(score, wanted)
            area = mask.sigmoid().mean()
            covered = float(area.detach())
            optimiser.zero_grad()
            (miss + weight * area).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            flips = float(((score > 0) == bool(target)).float().mean())
            if flips >= _FLIPPED and covered < best[0]:
                best = (covered, mask.detach().clone(), pattern.detach().clone())
            if (step + 1) % _EVERY == 0:  # more weight on the area while all items are turned
                weight = min(weight * 1.5, 1e3) if flips >= _FLIPPED else max(weight / 1.5, 1e-3)
                said(step + 1)
        share, mask_, pattern_ = best
        turned = (model.scores(_patched(held, mask_, pattern_)) > 0) == bool(target)
        return {"share": share, "flips": float(turned.float().mean()) if share < 1 else 0.0}


def _patched(pictures: Tensor, mask: Tensor, pattern: Tensor) -> Tensor:
    covered = mask.sigmoid()
    return pictures * (1 - covered) + 255 * pattern.sigmoid() * covered
