"""CASIA-WebFace (Yi et al. 2014) and WebFace260M (Zhu et al. 2021): a folder a person."""

from __future__ import annotations

from unmask.datasets.places import FolderAdapter, Place

_PERSON = {"group": "{subject}"}


class CasiaWebFace(FolderAdapter):
    """Real faces by person, as the authors' folders have them; record files are not read.

    Faces were gathered from the web without asking: for research on recognition only. Some labels
    are wrong, and some people stand in LFW as well.
    """

    name = "casia-webface"
    title = "CASIA-WebFace"
    licence = "research only, after a request"
    citation = "Yi, Lei, Liao, Li: Learning Face Representation from Scratch. arXiv 1411.7923, 2014"
    url = "https://www.cbsr.ia.ac.cn/english/CASIA-WebFace-Database.html"
    kinds = ("image",)
    labels = (0,)
    splits = "none exist; people are split by a hash"
    layout = """
        CASIA-WebFace/0000045/001.jpg, … (a folder a person)
    """
    official = False
    places = (
        Place("CASIA-WebFace/{subject}/*", 0, {**_PERSON, "source": "CASIA-WebFace"}, whole=494414),
    )


class WebFace260M(FolderAdapter):
    """Real faces by person, as the archives unpack; the test set of FRUITS is not public.

    Faces of celebrities were gathered from the web without asking: for research on recognition
    only, under the organisers' agreement.
    """

    name = "webface260m"
    title = "WebFace260M"
    licence = "licence agreement with the organisers, research only"
    citation = (
        "Zhu, Huang, Deng, Ye, Huang, Chen et al.: WebFace260M: A Benchmark Unveiling the Power "
        "of Million-Scale Deep Face Recognition. CVPR 2021"
    )
    url = "https://www.face-benchmark.org/"
    kinds = ("image",)
    labels = (0,)
    splits = "none exist; people are split by a hash"
    layout = """
        WebFace260M/0_0_0000000/*.jpg, … (a folder a person)
    """
    official = False
    places = (Place("WebFace260M/{subject}/*", 0, {**_PERSON, "source": "WebFace260M"}),)
