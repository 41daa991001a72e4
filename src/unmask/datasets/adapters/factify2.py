"""Factify 2 (Suryavardan et al. 2023): claims with pictures, and documents to check them by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from unmask.datasets.adapter import Adapter
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_CATEGORIES = (
    "Support_Multimodal", "Support_Text", "Insufficient_Multimodal", "Insufficient_Text", "Refute",
)  # fmt: skip
_COLUMNS = ("claim", "document", "Category")


class Factify2(Adapter):
    """Claims by the three tables; ``label`` 1 is a claim that its document refutes.

    Whether the document supports the claim is the question, the category its answer. Pictures
    of refuted claims are missing far more often than others: whether one is there may give the
    class away, so that a note counts them by category. They are never fetched here.
    """

    name = "factify2"
    title = "Factify 2"
    licence = "after registering with the organisers; pictures and texts as their owners say"
    citation = (
        "Suryavardan, Mishra, Patwa, Chakraborty, Rani, Reganti et al.: Factify 2: A Multimodal "
        "Fake News and Satire News Dataset. De-Factify at AAAI 2023"
    )
    url = "https://github.com/surya1701/Factify-2.0"
    kinds = ("imagetext",)
    splits = "train.csv, val.csv and test.csv"
    layout = """
        train.csv, val.csv, test.csv (split at tabs: number, claim, document, Category …)
        images-train/claim/[CATEGORY/]NUMBER.jpg, images-train/document/[CATEGORY/]NUMBER.jpg
        images-val, images-test (the same way)
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a claim whose picture is there."""
        for split in ("train", "val", "test"):
            if not all(folder.part(place) for place in (f"{split}.csv", f"images-{split}/claim")):
                continue
            rows = list(folder.table(f"{split}.csv", _COLUMNS, "\t"))
            gone: Counter[str] = Counter()
            for row in rows:
                number = row[""] if "" in row else row["Unnamed: 0"]
                category = row["Category"]
                claim = _picture(folder, f"images-{split}/claim", category, number)
                other = _picture(folder, f"images-{split}/document", category, number)
                if claim:
                    yield self._item(row, f"{split}:{number}", split, claim, other)
                else:
                    gone[category] += 1
            if len(rows) == sum(gone.values()) and not folder.partial:
                raise folder.error(f"images-{split}/claim holds none of the pictures")
            for category, count in sorted(gone.items()):
                of = sum(row["Category"] == category for row in rows)
                folder.notes.append(
                    f"{count} of {of} pictures of claims of {split} in {category} are missing."
                )

    @staticmethod
    def _item(row: dict[str, str], number: str, split: str, claim: str, other: str) -> Item:
        category = row["Category"]
        label = int(category == "Refute")
        return Item(
            item_id=number,
            media_id=number,
            path=claim,
            kind="imagetext",
            label=label,
            family="false-claim" if label else "",
            source=f"Factify 2 {category}",
            group=number,
            split=split,
            language="en",
            text=row["claim"],
            question=f"Does this document support the claim? {row['document']}",
            choices=_CATEGORIES,
            answer=category,
            also=(other,) if other else (),
        )


def _picture(folder: DatasetFolder, place: str, category: str, number: str) -> str:
    """Where a picture is: the archives sort them by category, the authors' code unsorts them."""
    if not number.isdigit() or category not in _CATEGORIES:
        raise ValueError(f"row {number!r} of category {category!r}")
    for path in (f"{place}/{number}.jpg", f"{place}/{category}/{number}.jpg"):
        if folder.exists(path):
            return path
    return ""
