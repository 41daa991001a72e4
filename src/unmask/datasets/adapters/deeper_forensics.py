"""DeeperForensics-1.0 (Jiang et al. 2020): faces of actors put into FaceForensics++."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_META = "lists/manipulated_videos_distortions_meta"
_REAL = "FaceForensics++/original_sequences/youtube/c23/videos"
_VARIANTS = (
    "end_to_end", *(f"end_to_end_level_{i}" for i in range(1, 6)), "end_to_end_random_level",
    *(f"end_to_end_mix_{i}_distortions" for i in (2, 3, 4)), "reenact_postprocess",
)  # fmt: skip


class DeeperForensics(Adapter):
    """Eleven variants of a thousand forged videos. The reals are the targets, and not the actors.

    ``condition`` is the distortion as the meta files have it ("CS:3", joined by "+"). Targets are
    of FaceForensics++ in c23, and hold none: distort them alike before robustness is measured.
    """

    name = "deeperforensics"
    title = "DeeperForensics-1.0"
    licence = "terms of use after a form, non-commercial research; reals: FaceForensics++"
    citation = (
        "Jiang, Li, Wu, Qian, Loy: DeeperForensics-1.0: A Large-Scale Dataset for Real-World Face "
        "Forgery Detection. CVPR 2020"
    )
    url = "https://github.com/EndlessSora/DeeperForensics-1.0/tree/master/dataset"
    kinds = ("video",)
    splits = "train.txt, val.txt and test.txt of lists/splits, by forged video"
    layout = """
        lists/splits/train.txt, val.txt, test.txt
        lists/manipulated_videos_distortions_meta/manipulated_videos_VARIANT_meta.txt
        manipulated_videos/{end_to_end|end_to_end_level_1|…|reenact_postprocess}/000_M101.mp4
        FaceForensics++/original_sequences/youtube/c23/videos/000.mp4
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a video; its identities are the target and the actor."""
        splits: dict[str, str] = {}
        for split in ("train", "val", "test"):
            for cells in folder.rows(f"lists/splits/{split}.txt", 1):
                splits[cells[0].rpartition("/")[2]] = split
        for variant in folder.present(
            (f"manipulated_videos/{name}" for name in _VARIANTS), "variants"
        ):
            yield from self._variant(folder, variant, splits)
        targets = {name[:3]: split for name, split in splits.items()}
        reals = {f"{_REAL}/{target}.mp4": target for target in targets}
        if not folder.part(_REAL, hint="the c23 targets of FaceForensics++"):
            return
        for path in folder.present(reals, "target videos"):
            target = reals[path]
            yield medium(
                path, 0, group=f"ff:{target}", split=targets[target], source="FaceForensics++"
            )

    @staticmethod
    def _variant(folder: DatasetFolder, place: str, splits: dict[str, str]) -> Iterator[Item]:
        variant = place.rpartition("/")[2]
        meta = f"{_META}/manipulated_videos_{variant}_meta.txt"
        plain = variant in ("end_to_end", "reenact_postprocess")
        known = {} if plain else {r[0].rpartition("/")[2]: r[1:] for r in folder.rows(meta, 2)}
        listed = {f"{place}/{name}": name for name in splits}
        for path in folder.present(listed, f"videos of {place}"):
            target, actor = listed[path].rpartition(".")[0].split("_")[:2]
            yield medium(
                path,
                1,
                group=f"ff:{target}+{actor}",
                subject=actor,
                gender={"M": "male", "W": "female"}.get(actor[:1], ""),
                split=splits[listed[path]],
                generator="DF-VAE",
                family="face-swap",
                condition="clean" if plain else "+".join(known[listed[path]]),
                source="DeeperForensics",
            )
