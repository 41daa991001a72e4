"""SONICS (Rahman et al. 2025): songs of Suno and Udio against songs of people."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_SPLITS = {"train": "train", "valid": "val", "test": "test"}
_COMMON = ("filename", "title", "split")


class Sonics(Adapter):
    """Songs by the two tables. Only fakes are published: real songs are fetched by the user.

    Half and mostly fake songs count as fake; ``family`` tells them apart. Real songs from
    elsewhere differ from the fakes in codec and level: check for that.
    """

    name = "sonics"
    title = "SONICS"
    licence = "CC BY-NC 4.0; real songs belong to their owners"
    citation = (
        "Rahman, Hakim, Sarker, Paul, Fattah: SONICS: Synthetic Or Not - Identifying Counterfeit "
        "Songs. ICLR 2025"
    )
    url = "https://huggingface.co/datasets/awsaf49/sonics"
    kinds = ("audio",)
    splits = "the column split of both tables; valid is validation"
    layout = """
        fake_songs.csv and fake_songs/FILENAME.mp3
        real_songs.csv and real_songs/FILENAME.mp3 (by youtube_id, fetched by the user)
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a song; songs of one title, real or fake, are one group."""
        yield from self._side(folder, "fake", ("label", "algorithm", "source"))
        yield from self._side(folder, "real", ("artist", "youtube_id"))

    @staticmethod
    def _side(folder: DatasetFolder, side: str, more: tuple[str, ...]) -> Iterator[Item]:
        if not folder.part(f"{side}_songs.csv"):
            return
        rows = {}
        for row in folder.table(f"{side}_songs.csv", (*_COMMON, *more)):
            name = row["filename"]
            rows[f"{side}_songs/{name}{'' if name.endswith('.mp3') else '.mp3'}"] = row
        for path in folder.present(rows, f"{side} songs"):
            row = rows[path]
            fake = side == "fake"
            yield medium(
                path,
                int(fake),
                group=row["title"] or path,
                split=folder.known(_SPLITS, row["split"], "split"),
                family=row["label"] if fake else "",
                generator=row["algorithm"] if fake else "",
                source=row["source"] if fake else "YouTube",
                subject="" if fake else row["artist"],
            )
