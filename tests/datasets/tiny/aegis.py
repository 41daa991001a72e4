from pathlib import Path

from tiny import files


def make(root: Path) -> None:
    for place in ("ai_gen/kling", "ai_gen/sora", "real/dvf", "real/youtube"):
        files(root, *(f"test_data/{place}/{i}.mp4" for i in range(2)))


COUNT = 8
EXPECTED = {
    "test_data/ai_gen/sora/1.mp4": {
        "label": 1, "generator": "sora", "split": "test", "family": "generated",
    },
    "test_data/real/dvf/0.mp4": {"label": 0, "source": "DVF", "generator": ""},
}  # fmt: skip
MISSING = {"test_data/real/youtube": "test_data/real/youtube is missing"}
