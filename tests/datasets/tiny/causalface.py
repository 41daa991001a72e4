from pathlib import Path

from tiny import files, text

CONDITIONS = ("base", "pose", "age", "expression", "lighting")


def make(root: Path) -> None:
    rows = ["path,label,generator,split,group,condition,ethnicity,gender"]
    for n, (ethnicity, gender) in enumerate(
        (e, g) for e in ("Asian", "Black", "White") for g in ("female", "male")
    ):
        rows += [
            f"{n}/{condition}.png,fake,StyleGAN2,test,face{n},{condition},{ethnicity},{gender}"
            for condition in CONDITIONS
        ]
    text(root, "items.csv", rows)
    files(root, *(row.split(",")[0] for row in rows[1:]))


COUNT = 30
EXPECTED = {
    "3/pose.png": {
        "label": 1, "split": "test", "generator": "StyleGAN2", "condition": "pose",
        "group": "face3", "ethnicity": "Black", "gender": "male", "family": "generated",
    },
}  # fmt: skip
MISSING = {
    "items.csv": "items.csv is missing",
    "0": "5 of 30 files of items.csv",
}
