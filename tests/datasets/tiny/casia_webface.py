from pathlib import Path

from tiny import files


def make(root: Path) -> None:
    for person in ("0000045", "0000099"):
        files(root, *(f"CASIA-WebFace/{person}/{i:03}.jpg" for i in (1, 2)))


COUNT = 4
EXPECTED = {
    "CASIA-WebFace/0000045/002.jpg": {"label": 0, "subject": "0000045", "group": "0000045"},
}
MISSING = {"CASIA-WebFace": "CASIA-WebFace is missing"}
