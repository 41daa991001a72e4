from pathlib import Path

from tiny import files


def make(root: Path) -> None:
    for person in ("0_0_0000000", "0_0_0000001"):
        files(root, *(f"WebFace260M/{person}/0_{i}.jpg" for i in range(2)))


COUNT = 4
EXPECTED = {
    "WebFace260M/0_0_0000001/0_1.jpg": {"label": 0, "subject": "0_0_0000001"},
}
MISSING = {
    "WebFace260M": "WebFace260M is missing",
}
