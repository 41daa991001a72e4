"""CelebA (Liu et al. 2015): faces of celebrities with forty attributes."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_SPLITS = {"0": "train", "1": "val", "2": "test"}
_WHOLE = 202599


class CelebA(Adapter):
    """Real faces, aligned. Of the attributes only "Male" and "Young" are kept, as strata.

    Attributes were judged by annotators and are noisy. CelebA is the real side of many sets of
    generated faces: look for duplicates before it is joined with one.
    """

    name = "celeba"
    title = "CelebA"
    licence = "non-commercial research only"
    citation = "Liu, Luo, Wang, Tang: Deep Learning Face Attributes in the Wild. ICCV 2015"
    url = "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html"
    kinds = ("image",)
    labels = (0,)
    splits = "list_eval_partition.txt"
    layout = """
        img_align_celeba/000001.jpg, …
        list_attr_celeba.txt, identity_CelebA.txt (below Anno/ or beside the pictures)
        list_eval_partition.txt (below Eval/ or beside the pictures)
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a picture; the person is its group."""
        lists = {
            name: folder.one_of(name, f"{place}/{name}")
            for name, place in (
                ("list_attr_celeba.txt", "Anno"), ("identity_CelebA.txt", "Anno"),
                ("list_eval_partition.txt", "Eval"),
            )
        }  # fmt: skip
        people = dict(cells[:2] for cells in folder.rows(lists["identity_CelebA.txt"], 2))
        parts = dict(cells[:2] for cells in folder.rows(lists["list_eval_partition.txt"], 2))
        rows = folder.rows(lists["list_attr_celeba.txt"], 1)
        count, names = int(next(rows)[0]), next(rows)
        male, young = names.index("Male") + 1, names.index("Young") + 1
        about = {cells[0]: cells for cells in rows}
        if len(about) < count:
            raise folder.error(f"list_attr_celeba.txt holds {len(about)} of its {count} rows")
        wanted = {f"img_align_celeba/{name}": name for name in parts}
        for path in folder.present(wanted, "pictures"):
            name = wanted[path]
            yield medium(
                path,
                0,
                group=people[name],
                subject=people[name],
                split=folder.known(_SPLITS, parts[name], "partition"),
                gender="male" if about[name][male] == "1" else "female",
                age="young" if about[name][young] == "1" else "not young",
                source="CelebA",
            )
        if len(parts) < _WHOLE:
            folder.notes.append(f"The lists name {len(parts)} of {_WHOLE} pictures.")
