from pathlib import Path

from tiny import dump, files

FF, CDF = "rgb/FaceForensics++", "rgb/Celeb-DF-v2"
REAL, FAKE = "original_sequences/youtube", "manipulated_sequences/Deepfakes"
SPLITS = {"train": "000", "val": "004", "test": "953"}
PAIRS = {"train": "000_003", "val": "004_982", "test": "953_974"}


def frames(root: Path, place: str, windows: bool = False) -> list[str]:
    """Two frames and their landmarks; the paths as its JSON files have them."""
    inner = place.replace("/frames/", "/landmarks/")
    files(root, *(f"{place}/{n:03}.png" for n in (0, 7)), f"{inner}/000.npy")
    paths = [f"/home/someone/{place}/{n:03}.png" for n in (0, 7)]
    return [path.replace("/", "\\") for path in paths] if windows else paths


def make(root: Path) -> None:
    real: dict[str, dict[str, object]] = {}
    fake: dict[str, dict[str, object]] = {}
    for split in SPLITS:
        real[split], fake[split] = {}, {}
        for quality in ("c23", "c40"):
            name = SPLITS[split]
            shown = frames(root, f"{FF}/{REAL}/{quality}/frames/{name}", windows=True)
            real[split][quality] = {name: {"label": "FF-real", "frames": shown}}
            name = PAIRS[split]
            shown = frames(root, f"{FF}/{FAKE}/{quality}/frames/{name}")
            mask = f"{FF}/{FAKE}/c23/masks/{name}/000.png"
            files(root, mask)
            about = {"label": "FF-DF", "frames": shown, "masks": [f"/home/someone/{mask}"]}
            fake[split][quality] = {name: about}
    dump(root, "dataset_json/FaceForensics++.json",
         {"FaceForensics++": {"FF-real": real, "FF-DF": fake}})  # fmt: skip
    dump(root, "dataset_json/FF-DF.json", {"FF-DF": {"FF-real": real, "FF-DF": fake}})
    celeb: dict[str, dict[str, dict[str, object]]] = {}
    for side, label, names in (
        ("Celeb-real", "CelebDFv2_real", ("id0_0000", "id1_0000")),
        ("Celeb-synthesis", "CelebDFv2_fake", ("id0_id16_0000", "id1_id17_0000")),
    ):
        about = {
            name: {"label": label, "frames": frames(root, f"{CDF}/{side}/frames/{name}")}
            for name in names
        }
        tested = {names[1]: about[names[1]]}
        celeb[label] = {"train": about, "val": tested, "test": tested}
    dump(root, "dataset_json/Celeb-DF-v2.json", {"Celeb-DF-v2": celeb})


COUNT = 2 * (2 * 2 * 3 + 4)
EXPECTED = {
    f"{FF}/{REAL}/c23/frames/000/007.png": {
        "label": 0, "split": "train", "source": "faceforensics", "condition": "c23",
        "media_id": f"{FF}/{REAL}/c23/frames/000", "generator": "", "mask": "",
    },
    f"{FF}/{FAKE}/c40/frames/953_974/000.png": {
        "label": 1, "split": "test", "generator": "Deepfakes", "family": "face-swap",
        "condition": "c40", "mask": f"{FF}/{FAKE}/c23/masks/953_974/000.png",
        "group": "ff:953+ff:974",
    },
    f"{FF}/{FAKE}/c23/frames/004_982/007.png": {"split": "val", "mask": ""},
    f"{CDF}/Celeb-real/frames/id1_0000/000.png": {
        "split": "test", "source": "celeb-df-v2", "condition": "clean",
    },
    f"{CDF}/Celeb-synthesis/frames/id0_id16_0000/000.png": {
        "label": 1, "split": "train", "generator": "CelebDFv2_fake",
    },
}  # fmt: skip
MISSING = {
    "dataset_json": "no JSON file lies in",
    f"{CDF}/Celeb-real/frames/id0_0000": "2 of 32 frames are missing",
}
