from pathlib import Path

from tiny import files

AT = "ControlFace10k/Indian/female/50"


def make(root: Path) -> None:
    for n in range(4):
        files(root, *(f"{AT}/identity-{n}/r3_g0_a50_o{i}.png" for i in range(3)))


COUNT = 12
EXPECTED = {
    f"{AT}/identity-2/r3_g0_a50_o1.png": {
        "family": "synthetic-identity",
        "label": 1, "ethnicity": "Indian", "gender": "female", "age": "50",
        "subject": "identity-2", "group": "identity-2", "generator": "SIG",
    },
}  # fmt: skip
MISSING = {"ControlFace10k/Indian/female/50": "no folder below"}
