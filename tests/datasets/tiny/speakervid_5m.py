from pathlib import Path

from tiny import dump, files

NUMBERS = [f"aB-_{n:07}" for n in range(12)]


def make(root: Path) -> None:
    dump(
        root, "all_data_list.json",
        {number: [f"{number}_0_12_a.json", f"{number}_3_40_b.json"] for number in NUMBERS},
    )  # fmt: skip
    files(root, *(f"videos/{number}.mp4" for number in NUMBERS))


COUNT = 12
EXPECTED = {"videos/aB-_0000003.mp4": {"label": 0, "source": "YouTube", "kind": "video"}}
MISSING = {
    "all_data_list.json": "all_data_list.json is missing",
    "videos/aB-_0000003.mp4": "1 of 12 videos",
}
