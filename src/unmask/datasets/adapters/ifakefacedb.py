"""iFakeFaceDB (Neves et al. 2019): StyleGAN faces without the traces of their generator."""

from __future__ import annotations

from unmask.datasets.places import FolderAdapter, Place


class IFakeFaceDB(FolderAdapter):
    """Forged faces only. Combine them with real faces that were cropped to 224 pixels alike."""

    name = "ifakefacedb"
    title = "iFakeFaceDB"
    licence = "non-commercial research and education"
    citation = (
        "Neves, Tolosana, Vera-Rodriguez, Lopes, Proença, Fierrez: GANprintR: Improved Fakes and "
        "Evaluation of the State of the Art in Face Manipulation Detection. IEEE JSTSP 2020"
    )
    url = "https://github.com/socialabubi/iFakeFaceDB"
    kinds = ("image",)
    labels = (1,)
    splits = "none exist; pictures are split by a hash"
    layout = """
        the pictures of iFakeFaceDB.zip, in any folders
    """
    official = False
    places = (
        Place("**", 1, {"generator": "StyleGAN", "family": "whole-face", "source": "iFakeFaceDB",
                        "condition": "GANprintR"}, whole=87000),
    )  # fmt: skip
