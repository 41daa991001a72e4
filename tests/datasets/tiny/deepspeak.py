from pathlib import Path

from tiny import files, text

HEAD = (
    "video-file,kind,engine,identity-source,identity-target,recording-source,"
    "recording-target,audio-config,gen-config,gesture-type,script-type"
)


def make(root: Path) -> None:
    people = [str(n) for n in range(1, 13)]
    text(root, "annotations-split-def.csv", [
        "identity,split", *(f"{one},{'test' if one == '12' else 'train'}" for one in people)
    ])  # fmt: skip
    real, fake = ["identity,recording,video-file"], [HEAD]
    for one in people:
        real.append(f"{one},7,{one}-7.mp4")
        name = f"facefusion--{one}-{one}--7-7--0.mp4"
        fake.append(f"{name},face-swap,facefusion,{one},{one},7,7,natural,,,")
        files(root, f"deepspeak-v1-0/{one}-7.mp4", f"deepspeak-v1-1/fake/{name}")
    fake.append("wav2lip--1-2--7-7--0.mp4,lip-sync,wav2lip,1,2,7,7,elevenlabs,,,")
    files(root, "deepspeak-v1-1/fake/wav2lip--1-2--7-7--0.mp4")
    text(root, "annotations-real.csv", real)
    text(root, "annotations-fake.csv", fake)


COUNT = 25
EXPECTED = {
    "deepspeak-v1-1/fake/wav2lip--1-2--7-7--0.mp4": {
        "label": 1, "split": "train", "group": "1+2", "subject": "2", "generator": "wav2lip",
        "family": "lip-sync", "types": ("video", "audio"),
    },
    "deepspeak-v1-1/fake/facefusion--12-12--7-7--0.mp4": {
        "split": "test", "types": ("video",), "group": "12",
    },
    "deepspeak-v1-0/12-7.mp4": {"label": 0, "split": "test", "subject": "12", "types": ()},
}  # fmt: skip
MISSING = {
    "annotations-split-def.csv": "annotations-split-def.csv is missing",
    "deepspeak-v1-0": "12 of 12 real videos",
}
