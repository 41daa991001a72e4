from pathlib import Path

from tiny import files, text

CLOSED = ("ADF", "DE3", "FX1", "FXP", "FPK", "LEO", "MDJ", "S35", "SXL", "STR")
OPEN = ("DE1", "DPA", "HPA", "NVS", "SCD", "SAE", "SG1", "SG2", "SG3", "THY")


def make(root: Path) -> None:
    rows = ["path,label,generator,split,condition,group"]
    for code in CLOSED:
        for prompt, split in enumerate(("train", "val", "test")):
            rows.append(f"closed/{code}/{prompt}.png,fake,{code},{split},clean,{prompt}")
        rows.append(f"closed/{code}/2_post.jpg,fake,{code},test,jpeg+crop,2")
    rows += [f"open/{code}/0.png,fake,{code},test,clean,0" for code in OPEN]
    text(root, "items.csv", rows)
    files(root, *(row.split(",")[0] for row in rows[1:]))


COUNT = 50
EXPECTED = {
    "closed/S35/2_post.jpg": {
        "label": 1, "split": "test", "generator": "stable-diffusion-3.5-large", "group": "2",
        "condition": "jpeg+crop", "source": "WILD closed", "family": "generated",
    },
    "open/SAE/0.png": {"source": "WILD open", "generator": "Stable Diffusion Attend&Excite"},
    "closed/ADF/1.png": {"split": "val", "condition": "clean"},
}  # fmt: skip
MISSING = {
    "items.csv": "items.csv is missing",
    "open": "10 of 50 files of items.csv",
}
