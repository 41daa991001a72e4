"""SAGI-D, first called DiQuID (Giakoumoglou et al. 2025): photographs painted over on purpose."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_TABLE = "sagid.csv"
_COLUMNS = ("img_path", "mask_path", "src_path", "split", "inpainting_model", "type")
_TYPES = {"sp": "spliced", "fr": "regenerated"}
_SPLITS = ("train", "val", "test")


class DiQuID(Adapter):
    """Inpainted pictures by one table, each with its mask and the photograph it was made from.

    ``condition``: "spliced" where only the region is new, "regenerated" where the program wrote
    every pixel anew, so that a mask says where the meaning was changed and no more. Several
    programs after one another are joined with a comma, as in the table. OpenImages is in the test
    part alone. The authors' page describes no files: columns and folders are those that two public
    readers of the published archive use; that white is what was painted is the usual way of masks
    and was not seen.
    """

    name = "diquid"
    title = "SAGI-D (DiQuID)"
    licence = "as its Kaggle page says; photographs: MS-COCO, RAISE, OpenImages"
    citation = (
        "Giakoumoglou, Karageorgiou, Papadopoulos, Petrantonakis: SAGI: Semantically Aligned and "
        "Uncertainty Guided AI Image Inpainting. ICCV 2025"
    )
    url = "https://www.kaggle.com/datasets/giakop/sagi-d"
    kinds = ("image",)
    splits = "the column split (train, val, test)"
    layout = f"""
        {_TABLE} (img_path, mask_path, src_path, split, inpainting_model, diffusion_model, type …)
        train/coco/brushnet/…, train/coco/original/…, train/coco/mask/… (or all of it in sagid/)
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item an inpainted picture, and one a photograph, named by any number of rows."""
        rows: dict[str, dict[str, str]] = {}
        photographs: dict[str, str] = {}
        below = "sagid/" if folder.has("sagid") else ""
        for row in folder.table(_TABLE, _COLUMNS):
            if row["split"] not in _SPLITS or row["type"] not in _TYPES:
                raise folder.error(
                    f"{_TABLE}: {row['img_path']} is of split {row['split']!r}, "
                    f"type {row['type']!r}"
                )
            rows[_place(below, row["img_path"])] = row
            photographs[_place(below, row["src_path"])] = row["split"]
        masks = {_place(below, row["mask_path"]) for row in rows.values() if row["mask_path"]}
        there = set(folder.present(sorted(masks), "masks"))
        for path in folder.present(photographs, "photographs"):
            source = path.removeprefix(below).split("/")[1]
            yield medium(path, 0, group=path, split=photographs[path], source=source)
        for path in folder.present(rows, "inpainted pictures"):
            row = rows[path]
            mask = _place(below, row["mask_path"]) if row["mask_path"] else ""
            yield medium(
                path,
                1,
                group=_place(below, row["src_path"]),
                split=row["split"],
                generator=row["inpainting_model"],
                family="inpainting",
                source=path.removeprefix(below).split("/")[1],
                condition=_TYPES[row["type"]],
                mask=mask if mask in there else "",
            )


def _place(below: str, path: str) -> str:
    return below + path.replace("\\", "/").removeprefix("sagid/")
