"""The contract of an analyzer.

One instance judges one file. The scan decodes the file once and hands every frame and every block
of sound to each analyzer that wants them, in order of time, so that memory does not grow with
length. ``finish`` then says what was found and what was not checked.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from unmask.types import Absent, AudioBlock, Finding, Frame, Kind, MediaInfo, NotChecked


@dataclass(frozen=True, slots=True)
class Result:
    """What an analyzer says at the end."""

    findings: tuple[Finding, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()
    absent: tuple[Absent, ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """What the user chose, as far as analyzers need it.

    ``fpr``: the false-positive rate at which findings vote as yet; the decision about the whole
    file settles their votes. What compares with something of the user's votes for good, at its
    share of the rate. ``threads``: processor threads of one model call. The rest are paths,
    empty when the user gave none: see ``unmask.settings.PATHS``.
    """

    fpr: float = 0.01
    threads: int = 0
    reference: str = ""
    trust: str = ""
    index: str = ""
    calibration: str = ""


class Analyzer(ABC):
    """Judges one file. Subclasses are found by the registry.

    One that only states facts has ``votes`` false. It may read the file itself, ``media.file``.
    """

    name: str
    title: ClassVar[str]
    """What it looks for, in a few words for a person."""
    kinds: ClassVar[frozenset[Kind]]
    """The kinds of file that it can say something about."""
    wants_frames: bool = False
    wants_sound: bool = False
    votes: ClassVar[bool] = True
    needs: ClassVar[str] = ""
    """The path in ``Options`` without which it cannot run ("reference"); empty: none."""
    detectors: tuple[str, ...] = ()
    """The detectors whose cards bound what it can say."""

    @classmethod
    def prepare(cls, options: Options) -> None:
        """Look, before any file is opened, whether what it ``needs`` can be used.

        Raises the error that the user should see once and not for every file.
        """
        del options

    def __init__(self, media: MediaInfo, options: Options) -> None:
        self.media = media
        self.options = options

    @property
    def rate(self) -> float:
        """Frames a second that it must have; 0: those of the settings are enough."""
        return 0.0

    def frame(self, frame: Frame) -> None:
        """Take the next picture (a still image is one frame at second 0)."""
        raise TypeError(f"{self.name} takes no frames")

    def sound(self, block: AudioBlock) -> None:
        """Take the next block of sound: mono, 16 kHz, contiguous."""
        raise TypeError(f"{self.name} takes no sound")

    @abstractmethod
    def finish(self) -> Result:
        """Say what was found and what was not checked."""
