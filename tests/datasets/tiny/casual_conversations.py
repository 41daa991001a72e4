from pathlib import Path

from tiny import dump, files

A, B = "CasualConversationsA/1140", "CasualConversationsNO/0208"


def make(root: Path) -> None:
    people = {
        "1140": {
            "files": [f"{A}/1140_00.MP4", f"{A}/1140_01.MP4"], "dark_files": [f"{A}/1140_01.MP4"],
            "label": {"age": "33", "gender": "Female", "skin-type": "2"},
        },
        "0208": {
            "files": [f"{B}/0208_00.MP4", f"{B}/0208_00.MP4"], "dark_files": [],
            "label": {"age": "N/A", "gender": "N/A", "skin-type": "6"},
        },
    }  # fmt: skip
    dump(root, "CC_annotations/CasualConversations.json", people)
    files(root, f"{A}/1140_00.MP4", f"{A}/1140_01.MP4", f"{B}/0208_00.MP4")


COUNT = 3
EXPECTED = {
    f"{A}/1140_01.MP4": {
        "label": 0, "split": "test", "subject": "1140", "age": "33", "gender": "female",
        "ethnicity": "Fitzpatrick 2", "condition": "dark",
    },
    f"{B}/0208_00.MP4": {"age": "", "gender": "", "ethnicity": "Fitzpatrick 6"},
}  # fmt: skip
MISSING = {
    "CC_annotations": "CasualConversations.json is missing",
    f"{A}/1140_00.MP4": "1 of 3 videos",
}
