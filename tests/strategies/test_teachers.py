"""Distillation and the mean teacher: by hand, at their fixed points, and where they help."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from stand import begun
from torch import nn
from torch.nn import functional as F
from toy import Points, Toy, recipe

from unmask.errors import DataError
from unmask.strategies.distillation import Distillation
from unmask.strategies.mean_teacher import MeanTeacher
from unmask.train.loop import fit
from unmask.train.task import Batch


def test_softened_targets_are_those_of_two_classes(tmp_path: Path) -> None:
    """One logit s is two logits (0, s): the sum over both classes must be the same."""
    torch.save({}, tmp_path / "teacher.pt")
    one = begun(Distillation, nn.Identity(), tmp_path, teachers=[str(tmp_path / "teacher.pt")],
                alpha=1.0, temperature=3.0)  # fmt: skip
    theirs = torch.tensor([2.0, -1.0])
    one._teachers = [lambda x: theirs]
    batch = {"x": torch.tensor([0.5, 4.0]), "label": torch.zeros(2)}
    loss, log = one.loss(torch.tensor(9.0), batch)
    two = [torch.stack([torch.zeros(2), s], 1) / 3.0 for s in (batch["x"], theirs)]
    by_hand = -(two[1].softmax(1) * two[0].log_softmax(1)).sum(1).mean() * 9
    assert float(loss) == pytest.approx(float(by_hand), rel=1e-5)
    assert log == {"soft": pytest.approx(float(by_hand), rel=1e-5)}


def test_a_student_like_its_teachers_has_nothing_to_learn(tmp_path: Path) -> None:
    student = nn.Linear(3, 1)
    torch.save({}, tmp_path / "teacher.pt")
    one = begun(Distillation, student, tmp_path, teachers=[str(tmp_path / "teacher.pt")], alpha=1.0)
    one._teachers = [student, student]
    loss, _ = one.loss(torch.tensor(0.0), {"x": torch.randn(4, 3), "label": torch.zeros(4)})
    loss.backward()
    assert student.weight.grad is not None
    assert student.weight.grad.abs().max() < 1e-6


def test_a_teacher_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no teacher at 'none"):
        begun(Distillation, nn.Identity(), tmp_path, teachers=["none.pt"])


class Mislabelled(Toy):
    """Four labels in ten are wrong."""

    def samples(self) -> Points:
        class Wrong(Points):
            def __getitem__(self, index: int) -> Batch:
                item = super().__getitem__(index)
                wrong = index % 10 < 4
                return {**item, "y": 1 - item["y"] if wrong else item["y"]}

        return Wrong(self.recipe.seed, self.recipe.samples)


def test_a_teacher_helps_where_labels_are_wrong(tmp_path: Path) -> None:
    fit(Toy(recipe(), tmp_path), tmp_path / "teacher")
    table = {"distillation": {"teachers": [str(tmp_path / "teacher" / "best.pt")], "alpha": 1.0}}
    short = {"samples": 320, "validate_every": 320, "keep": "last"}
    alone = fit(Mislabelled(recipe(**short), tmp_path), tmp_path / "alone")
    taught = recipe(**short, strategies=["distillation"], strategy=table)
    helped = fit(Mislabelled(taught, tmp_path), tmp_path / "taught")
    assert alone
    assert helped
    assert helped.best["select"] > alone.best["select"] + 0.05


def test_the_agreement_rises_and_the_teacher_lags(tmp_path: Path) -> None:
    student = nn.Linear(3, 1)
    one = begun(MeanTeacher, student, tmp_path, weight=2.0, rise=0.5, noise=0.0, decay=0.9)
    batch = {"x": torch.randn(8, 3), "label": torch.zeros(8)}
    weights = []
    for step in (0, 25, 50, 99):
        one.before_step(step)
        weights.append(one._weight)
    assert weights == pytest.approx([2 * math.exp(-5), 2 * math.exp(-1.25), 2, 2])
    same, _ = one.loss(torch.tensor(0.0), batch)
    assert float(same.detach()) == 0  # the teacher is the student
    with torch.no_grad():
        student.bias += 1
    apart, log = one.loss(torch.tensor(0.0), batch)
    before, after = (F.linear(batch["x"], student.weight, student.bias - k) for k in (1, 0))
    by_hand = (after.sigmoid() - before.sigmoid()).square().mean()
    assert float(apart.detach()) == pytest.approx(2 * float(by_hand.detach()), rel=1e-5)
    assert log["apart"] == pytest.approx(float(by_hand.detach()), rel=1e-5)
    for _ in range(60):
        one.after_step()
    nearer, _ = one.loss(torch.tensor(0.0), batch)
    assert float(nearer.detach()) < 0.01 * float(apart.detach())
