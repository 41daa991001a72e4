"""Everything a user can choose for a scan, written once: the command line, Python and the docs
read this list."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from unmask.errors import SettingError, UnknownName


@dataclass(frozen=True, slots=True)
class Setting:
    """One choice: its default, what it means, and between which values it lies."""

    default: float
    help: str
    low: float
    high: float

    def checked(self, name: str, value: float) -> float:
        """``value``, or SettingError when it is out of range."""
        if not self.low <= value <= self.high:
            raise SettingError(
                f"{name} is {value:g}; it must lie between {self.low:g} and {self.high:g}."
            )
        return value


SETTINGS: dict[str, Setting] = {
    "fpr": Setting(
        0.01, "Share of authentic files that may be flagged (the operating point).", 1e-4, 0.5
    ),
    "prior": Setting(
        0.5,
        "Probability of forgery before looking, for the probability shown.",
        1e-6,
        0.999999,
    ),
    "fps": Setting(5.0, "Pictures a second of a video that are analysed.", 0.1, 60),
    "threads": Setting(0, "Processor threads of one model; 0: all cores.", 0, 256),
    "timeout": Setting(3600, "Seconds after which a file is given up in a folder scan.", 1, 1e6),
}


PATHS: dict[str, str] = {
    "reference": "Authentic material of the person whom the file claims to show: a folder, or a "
    "profile made of it.",
    "trust": "Certificates (PEM) of the signers of provenance manifests that you trust.",
    "calibration": "A calibration made from material of your own, in place of the cards'.",
    "index": "Your index of known items, to find what this file is a copy or an edit of.",
}
"""Files and folders that a scan may be given, and what they are."""
_JOINING = ("joined", "set")


@dataclass(frozen=True, slots=True)
class Settings:
    """The choices of one scan. ``analyzers`` empty: all that apply.

    ``detector``: a detector's name or the path of its card; it then runs alone. ``joined``: names
    or paths of detectors that run beside the analyzers; ``set``: a set of them, of which those on
    the shelf run (``detectors/sets.toml``).
    """

    fpr: float = SETTINGS["fpr"].default
    prior: float = SETTINGS["prior"].default
    fps: float = SETTINGS["fps"].default
    threads: int = int(SETTINGS["threads"].default)
    timeout: float = SETTINGS["timeout"].default
    analyzers: tuple[str, ...] = ()
    detector: str = ""
    reference: str = ""
    trust: str = ""
    index: str = ""
    calibration: str = ""
    joined: tuple[str, ...] = ()
    set: str = ""

    def __post_init__(self) -> None:
        for name, setting in SETTINGS.items():
            setting.checked(name, getattr(self, name))
        if self.detector and (self.joined or self.set):
            raise SettingError("A detector that runs alone cannot be joined by others.")

    def public(self) -> dict[str, Any]:
        """What shapes the result, for the report: how fast it was reached is left out."""
        values = asdict(self)
        always = ("fpr", "prior", "fps", "analyzers")
        given = [name for name in ("detector", *_JOINING, *PATHS) if values[name]]
        return {name: values[name] for name in (*always, *given)}


def make_settings(**values: Any) -> Settings:
    """Settings from keywords. Raises UnknownName, SettingError."""
    known = (*SETTINGS, "analyzers", "detector", *_JOINING, *PATHS)
    for name in values:
        if name not in known:
            raise UnknownName("setting", name, known)
    for name in ("analyzers", "joined"):
        if name in values:
            values[name] = tuple(values[name])
    return Settings(**values)
