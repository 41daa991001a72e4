"""TT-DF (Yang et al. 2024): dancing people, animated by diffusion models after one picture."""

from __future__ import annotations

from unmask.datasets.listed import ListedAdapter


class TTDF(ListedAdapter):
    """Videos of whole bodies by the user's table; ``condition`` is what they were compressed to.

    6,120 forged videos over real ones of TikTok. When this was written its authors had announced
    the files, and no layout of them.
    """

    name = "tt-df"
    title = "TT-DF (TikTok-DeepFake)"
    licence = "Apache-2.0 in its repository's README; real videos as their owners say"
    citation = (
        "Yang, Zhang, Zhou, Duan, Cao: TT-DF: A Large-Scale Diffusion-Based Dataset and Benchmark "
        "for Human Body Forgery Detection. PRCV 2024"
    )
    url = "https://github.com/HashTAG00002/TT-DF"
    kinds = ("video",)
    needed = ("condition",)
    layout = """
        items.csv, written by you: path, label, generator, split, condition (group, subject …)
        the videos, wherever the table says
    """
