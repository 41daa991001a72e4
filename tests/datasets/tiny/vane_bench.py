from pathlib import Path

from tiny import files, text

SORA = "VQA_Data/AI-Generated/SORA/video_1_subset_2"
UCF = "VQA_Data/Real World/UCFCrime/video_3_subset_1"


def make(root: Path) -> None:
    for clip in (SORA, UCF):
        files(root, *(f"{clip}/frame_{n}.jpg" for n in (9, 10, 137)))
        rows = [{"Q": "What is odd? A) a B) b C) c D) d", "A": "B)"}, {"Q": "And?", "A": "D"}]
        text(root, f"{clip}_qa.txt", [repr(rows)])


COUNT = 4
EXPECTED = {
    f"{SORA}:0": {
        "choices": ("A", "B", "C", "D"),
        "family": "generated",
        "label": 1, "generator": "SORA", "answer": "B", "path": f"{SORA}/frame_9.jpg",
        "also": (f"{SORA}/frame_10.jpg", f"{SORA}/frame_137.jpg"), "media_id": SORA,
    },
    f"{UCF}:1": {"label": 0, "answer": "D", "question": "And?", "split": "test"},
}  # fmt: skip
MISSING = {
    "VQA_Data/Real World": "VQA_Data/Real World is missing",
    f"{SORA}_qa.txt": "video_1_subset_2_qa.txt is missing",
}
