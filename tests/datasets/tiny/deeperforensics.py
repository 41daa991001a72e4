from pathlib import Path

from tiny import files, text

VIDEOS = {"train": "000_M101.mp4", "val": "001_W002.mp4", "test": "002_M003.mp4"}
REAL = "FaceForensics++/original_sequences/youtube/c23/videos"
VARIANTS = [
    "end_to_end", *(f"end_to_end_level_{i}" for i in range(1, 6)), "end_to_end_random_level",
    *(f"end_to_end_mix_{i}_distortions" for i in (2, 3, 4)), "reenact_postprocess",
]  # fmt: skip


def make(root: Path) -> None:
    for split, video in VIDEOS.items():
        text(root, f"lists/splits/{split}.txt", [video])
        files(root, f"{REAL}/{video[:3]}.mp4")
        files(root, *(f"manipulated_videos/{variant}/{video}" for variant in VARIANTS))
    for variant in VARIANTS:
        rows = [f"manipulated_videos/{variant}/{video} CS:3 GB:1" for video in VIDEOS.values()]
        at = "lists/manipulated_videos_distortions_meta"
        text(root, f"{at}/manipulated_videos_{variant}_meta.txt", rows)


COUNT = 36
EXPECTED = {
    "manipulated_videos/end_to_end/000_M101.mp4": {
        "family": "face-swap",
        "label": 1, "split": "train", "group": "M101+ff:000", "generator": "DF-VAE",
        "condition": "clean", "gender": "male", "subject": "M101",
    },
    "manipulated_videos/end_to_end_mix_2_distortions/002_M003.mp4": {
        "split": "test", "condition": "CS:3+GB:1",
    },
    f"{REAL}/001.mp4": {"label": 0, "split": "val", "group": "W002+ff:001"},
}  # fmt: skip
MISSING = {
    "lists/splits/val.txt": "lists/splits/val.txt is missing",
    "manipulated_videos/end_to_end_level_3": "1 of 11 variants",
    "manipulated_videos/end_to_end/001_W002.mp4": "1 of 3 videos of manipulated_videos/end_to_end",
    REAL: "the c23 targets of FaceForensics++",
}
