from pathlib import Path

from tiny import files, text


def make(root: Path) -> None:
    fake = ["id,filename,title,duration,algorithm,source,label,target,split"]
    real = ["id,filename,title,artist,youtube_id,label,target,no_vocal,split"]
    for n, split in enumerate(("train", "valid", "test")):
        fake.append(f'{n},fake_{n}_suno_0,"Song, {n}",61,chirp-v3.5,suno,half fake,1,{split}')
        real.append(f"{n},real_{n},Tune {n},Singer {n},abc{n},real,0,False,{split}")
        files(root, f"fake_songs/fake_{n}_suno_0.mp3", f"real_songs/real_{n}.mp3")
    text(root, "fake_songs.csv", fake)
    text(root, "real_songs.csv", real)


COUNT = 6
EXPECTED = {
    "fake_songs/fake_1_suno_0.mp3": {
        "label": 1, "split": "val", "generator": "chirp-v3.5", "family": "half fake",
        "source": "suno", "group": "Song, 1",
    },
    "real_songs/real_2.mp3": {"label": 0, "split": "test", "subject": "Singer 2"},
}  # fmt: skip
MISSING = {
    "fake_songs.csv": "fake_songs.csv is missing",
    "real_songs": "3 of 3 real songs",
    "fake_songs/fake_0_suno_0.mp3": "1 of 3 fake songs",
}
