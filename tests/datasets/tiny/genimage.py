from pathlib import Path

from tiny import files


def make(root: Path) -> None:
    for place in ("Midjourney/imagenet_midjourney", "ADM", "stable_diffusion_v_1_4/sdv4"):
        for part, number in (("train", 1), ("val", 2)):
            for i in range(10):
                files(root, f"{place}/{part}/ai/{i}_adm_{number}.png")
            files(root, f"{place}/{part}/nature/n01440764_{number}.JPEG")


COUNT = 66
EXPECTED = {
    "ADM/val/ai/3_adm_2.png": {
        "family": "generated",
        "label": 1,
        "split": "test",
        "generator": "ADM",
    },
    "ADM/val/nature/n01440764_2.JPEG": {"label": 0, "group": "n01440764_2", "source": "ImageNet"},
    "Midjourney/imagenet_midjourney/train/ai/0_adm_1.png": {"generator": "Midjourney"},
}
MISSING = {
    "ADM/train/nature": "ADM/train/nature is missing",
    "ADM/val/nature/n01440764_2.JPEG": "ADM/val/nature holds no pictures",
}
