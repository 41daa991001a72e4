"""FakeHumanVid (Xu et al. 2025): videos of people made after a pose, a voice or a text."""

from __future__ import annotations

from unmask.datasets.listed import ListedAdapter


class FakeHumanVid(ListedAdapter):
    """Videos by the user's table; ``family`` is what guided the generator.

    When this was written its authors had announced the files, and no layout of them.
    """

    name = "fakehumanvid"
    title = "FakeHumanVid"
    licence = "Apache-2.0 as the badge of its repository says"
    citation = (
        "Xu, Zhang, Zhou, Zhang: AvatarShield: Visual Reinforcement Learning for Human-Centric "
        "Video Forgery Detection. arXiv 2505.15173, 2025"
    )
    url = "https://github.com/zhipeixu/AvatarShield"
    kinds = ("video",)
    needed = ("family",)
    allowed = {"family": ("pose-driven", "audio-driven", "text-driven")}  # noqa: RUF012
    layout = """
        items.csv, written by you: path, label, generator, split, family (pose-driven, \
audio-driven or text-driven)
        the videos, wherever the table says
    """
