"""OW-DFA (Sun et al. 2023): faces of twenty generators, of which eight have names in training."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_TABLE = "meta_data/Protocol2_openset_real_fake_large_merge_meta.csv"
_TAGS = {"0": "", "1": "labelled", "2": "unlabelled"}
_INFRARED = "ForgeryNIR+"


class OwDfa(Adapter):
    """Pictures by the table that the authors' notebook makes of six other datasets.

    ``condition``: whether training may know the generator ("labelled") or only the picture
    ("unlabelled"). Rows that the table drops (tag 0) are left out and counted. The authors split
    pictures at random, so that frames of one video are on both sides; here the video, and for
    FaceForensics++ and Celeb-DF the person, is the group.
    """

    name = "ow-dfa"
    title = "OW-DFA"
    licence = "as the six datasets say that it is made of; code Apache-2.0"
    citation = (
        "Sun, Chen, Yao, Yin, Yi, Ding, Ma: Contrastive Pseudo Learning for Open-World DeepFake "
        "Attribution. ICCV 2023"
    )
    url = "https://github.com/TencentYoutuResearch/OpenWorld-DeepFakeAttribution"
    kinds = ("image",)
    splits = "none that keep videos together; groups are split by a hash"
    layout = f"""
        {_TABLE} (from scripts/preprocess/create_academic_meta.ipynb)
        RealFace/Real/{{faceforensics|CelebDF}}/*
        IdentitySwap/METHOD/SOURCE/*, ExpressionTransfer/…, AttributeManipulation/…,
        EntireFaceSyncthesis/… (spelled as the authors do)
    """
    official = False

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a picture."""
        rows: dict[str, dict[str, str]] = {}
        dropped = 0
        for row in folder.table(_TABLE, ("img_path", "method", "tag", "image_source")):
            if row["tag"] not in _TAGS:
                raise folder.error(f"{_TABLE}: tag of {row['img_path']} is {row['tag']!r}")
            if _TAGS[row["tag"]]:
                # The table holds the paths of the machine that made it.
                rows["/".join(row["img_path"].split("/")[-4:])] = row
            else:
                dropped += 1
        if dropped:
            folder.notes.append(f"{dropped} rows of {_TABLE} are left out: their tag is 0.")
        for path in folder.present(rows, "pictures of the table"):
            yield self._item(path, rows[path])

    @staticmethod
    def _item(path: str, row: dict[str, str]) -> Item:
        fake = row["method"] != "Real"
        infrared = row["image_source"] == _INFRARED
        return medium(
            path,
            int(fake),
            group=_group(path),
            family=path.split("/")[0] if fake else "",
            generator=f"{row['method']}{' near-infrared' if infrared else ''}" if fake else "",
            source=row["image_source"],
            condition=_TAGS[row["tag"]],
        )


def _group(path: str) -> str:
    """A video or the persons in it; a picture that is no frame is alone."""
    source, name = path.split("/")[-2:]
    stem = name.rpartition(".")[0]
    if source == "faceforensics":  # c23-000_003-0012.png
        return "+".join(f"ff-{person}" for person in stem.split("-")[1].split("_"))
    if source == "CelebDF":  # Celeb-real-id0_0000-0001.png
        return f"celeb-{stem.split('-')[2].split('_')[0]}"
    return path if source != "ForgeryNet" else f"forgerynet/{stem.rpartition('-')[0]}"
