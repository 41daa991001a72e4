from pathlib import Path

from tiny import files, text

HEADER = "source,target1,target2,method,category,type,race,gender,path,"


def rows() -> list[list[str]]:
    made = []
    for i in range(40):
        who, donor = f"id{i:05}", f"id{i // 2 * 2:05}"
        real = ("real", "A", "RealVideo-RealAudio", f"{i:05}.mp4")
        fake = ("wav2lip", "D", "FakeVideo-FakeAudio", f"{i:05}_{donor}_wavtolip.mp4")
        voice = ("rtvc", "C", "RealVideo-FakeAudio", f"{i:05}_fake.mp4")
        for (method, category, kind, name), other in ((real, "-"), (fake, donor), (voice, "-")):
            place = f"FakeAVCeleb/{kind}/African/men/{who}"
            made.append([who, other, "-", method, category, kind, "African", "men", name, place])
    return made


def make(root: Path) -> None:
    text(root, "meta_data.csv", [HEADER, *(",".join(row) for row in rows())])
    files(root, *(f"{row[9].partition('/')[2]}/{row[8]}" for row in rows()))


COUNT = 120
EXPECTED = {
    "RealVideo-RealAudio/African/men/id00003/00003.mp4": {
        "label": 0, "group": "id00002+id00003", "gender": "men", "ethnicity": "African",
        "generator": "", "types": (),
    },
    "FakeVideo-FakeAudio/African/men/id00003/00003_id00002_wavtolip.mp4": {
        "family": "video+audio",
        "label": 1, "group": "id00002+id00003", "types": ("video", "audio"),
        "generator": "wav2lip",
    },
    "RealVideo-FakeAudio/African/men/id00003/00003_fake.mp4": {"label": 1, "types": ("audio",)},
}  # fmt: skip
MISSING = {
    "meta_data.csv": "meta_data.csv is missing",
    "RealVideo-RealAudio": "40 of 120 videos are missing",
}
