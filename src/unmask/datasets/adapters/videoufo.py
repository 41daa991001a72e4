"""VideoUFO (Wang and Yang 2025): a million clips of what people ask generators for."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder


class VideoUFO(Adapter):
    """Clips of YouTube: real ones only, the hard side for a detector of generated video.

    Clips are named by the video and their number ("---MaV1RQGE.0"); the video is the group.
    """

    name = "videoufo"
    title = "VideoUFO"
    licence = "CC BY 4.0; the clips were under Creative Commons at YouTube"
    citation = (
        "Wang, Yang: VideoUFO: A Million-Scale User-Focused Dataset for Text-to-Video Generation. "
        "arXiv 2503.01739, 2025"
    )
    url = "https://huggingface.co/datasets/WenhaoWang/VideoUFO"
    kinds = ("video",)
    labels = (0,)
    splits = "none exist; videos are split by a hash"
    layout = """
        VideoUFO.csv (ID, Brief Caption, Detailed Caption …)
        the clips of VideoUFO_tar/VideoUFO_1.tar …, in any folders (ID.mp4)
    """
    official = False

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a clip that is there, with its brief caption."""
        at = {n.rpartition("/")[2].removesuffix(".mp4"): n for n in folder.media("", deep=True)}
        rows: dict[str, dict[str, str]] = {}
        for row in folder.table("VideoUFO.csv", ("ID", "Brief Caption")):
            rows[at.get(row["ID"], f"{row['ID']}.mp4")] = row
        for path in folder.present(rows, "clips"):
            row = rows[path]
            video = row["ID"].rpartition(".")[0] or row["ID"]
            yield medium(path, 0, group=video, source="VideoUFO", text=row["Brief Caption"])
