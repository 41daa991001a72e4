"""Casual Conversations (Hazirbas et al. 2021): paid people who told their age and gender."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_UNKNOWN = {"N/A", "Other", "Prefer not to say"}


class CasualConversations(Adapter):
    """Real videos only, for the rate of false alarms by age, gender, skin type and light.

    Age and gender were told by the people, the skin type (Fitzpatrick 1 to 6, in ``ethnicity``)
    was judged by annotators, and ``condition`` is "dark" for the files that the annotations list
    so. What is "N/A" stays empty. The licence does not allow training on these attributes.
    """

    name = "casual-conversations"
    title = "Casual Conversations"
    licence = "Casual Conversations data licence, after a request; no redistribution"
    citation = (
        "Hazirbas, Bitton, Dolhansky, Pan, Gordo, Canton Ferrer: Towards Measuring Fairness in "
        "AI: the Casual Conversations Dataset. IEEE TBIOM 2021"
    )
    url = "https://ai.meta.com/datasets/casual-conversations-dataset/"
    kinds = ("video",)
    labels = (0,)
    splits = "none exist; everything is test"
    layout = """
        CC_annotations/CasualConversations.json
        CasualConversationsA/1140/1140_00.MP4, … (as the annotations name them)
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a video; a file that is listed twice is one item."""
        people = folder.json("CC_annotations/CasualConversations.json")
        rows = {}
        for person, about in people.items():
            dark = set(about["dark_files"])
            for path in about["files"]:
                rows[path] = (person, about["label"], path in dark)
        for path in folder.present(rows, "videos"):
            person, label, in_dark = rows[path]
            age, gender = (str(label[name]) for name in ("age", "gender"))
            yield medium(
                path,
                0,
                group=person,
                subject=person,
                split="test",
                age="" if age in _UNKNOWN else age,
                gender="" if gender in _UNKNOWN else gender.lower(),
                ethnicity=f"Fitzpatrick {label['skin-type']}",
                condition="dark" if in_dark else "clean",
                source="Casual Conversations",
                language="en",
            )
