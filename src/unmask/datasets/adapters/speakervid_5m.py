"""SpeakerVid-5M (Zhang et al. 2025): people who talk and listen, in videos of YouTube."""

from __future__ import annotations

from collections.abc import Iterator

from unmask.datasets.adapter import Adapter, medium
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_LIST = "all_data_list.json"
_ID = 11


class SpeakerVid5M(Adapter):
    """Real videos: a hard real side for detectors of generated people.

    Only annotations are published. The list names clips, each by the video's number at YouTube
    and what follows it; the videos are the user's to fetch, under the terms of their owners, each
    under its number. An item is a whole video, not a clip of it. How the list is built was read in
    public programs that use it.
    """

    name = "speakervid-5m"
    title = "SpeakerVid-5M"
    licence = "none stated for the annotations; videos as their owners say"
    citation = (
        "Zhang, Li, Wang, Zhang, Zhou, Yin, Dai, Yu, Li: SpeakerVid-5M: A Large-Scale High-Quality "
        "Dataset for Audio-Visual Dyadic Interactive Human Generation. arXiv 2507.09862, 2025"
    )
    url = "https://huggingface.co/datasets/dorni/SpeakerVid-5M-Dataset"
    kinds = ("video",)
    labels = (0,)
    splits = "none of videos exist; videos are split by a hash"
    layout = f"""
        {_LIST} (lists of clips, "NUMBER_….json", by any key)
        videos/NUMBER.mp4 (NUMBER: the {_ID} characters that YouTube gives a video)
    """
    official = False

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a video that the list has clips of."""
        numbers: dict[str, None] = {}
        for key, clips in folder.json(_LIST).items():
            for clip in clips:
                number = str(clip)[:_ID]
                if len(number) < _ID or "/" in number or number.startswith("."):
                    raise folder.error(f"{_LIST}: {str(clip)[:60]!r} of {key[:60]!r} is no clip")
                numbers[f"videos/{number}.mp4"] = None
        for path in folder.present(numbers, "videos"):
            yield medium(path, 0, group=path, source="YouTube")
