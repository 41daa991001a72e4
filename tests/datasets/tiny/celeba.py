from pathlib import Path

from tiny import files, text


def make(root: Path) -> None:
    names = [f"{n:06}.jpg" for n in range(1, 4)]
    text(root, "Anno/list_attr_celeba.txt", [
        "3", "5_o_Clock_Shadow Male Smiling Young",
        *(f"{name}  -1  {1 if n else -1}  1  {-1 if n else 1}" for n, name in enumerate(names)),
    ])  # fmt: skip
    text(root, "Anno/identity_CelebA.txt", [f"{name} {2880 + n}" for n, name in enumerate(names)])
    text(root, "Eval/list_eval_partition.txt", [f"{name} {n}" for n, name in enumerate(names)])
    files(root, *(f"img_align_celeba/{name}" for name in names))


COUNT = 3
EXPECTED = {
    "img_align_celeba/000001.jpg": {
        "label": 0, "split": "train", "gender": "female", "age": "young", "subject": "2880",
    },
    "img_align_celeba/000003.jpg": {"split": "test", "gender": "male", "group": "2882"},
}  # fmt: skip
MISSING = {
    "Anno/identity_CelebA.txt": "identity_CelebA.txt is missing",
    "img_align_celeba/000002.jpg": "1 of 3 pictures",
}
