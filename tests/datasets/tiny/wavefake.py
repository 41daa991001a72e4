from pathlib import Path

from tiny import files

PROMPTS = "common_voices_prompts_from_conformer_fastspeech2_pwg_ljspeech"


def make(root: Path) -> None:
    for i in range(1, 11):
        files(root, f"LJSpeech-1.1/wavs/LJ001-{i:04}.wav")
        files(root, f"generated_audio/ljspeech_melgan/LJ001-{i:04}_gen.wav")
    files(root, f"generated_audio/{PROMPTS}/gen_0.wav")
    files(root, "generated_audio/jsut_parallel_wavegan/BASIC5000_0001_gen.wav")
    files(root, "jsut_ver1.1/basic5000/wav/BASIC5000_0001.wav")


COUNT = 23
EXPECTED = {
    "generated_audio/ljspeech_melgan/LJ001-0003_gen.wav": {
        "label": 1, "generator": "ljspeech_melgan", "group": "LJ001-0003", "family": "vocoder",
        "language": "en", "source": "WaveFake",
    },
    "LJSpeech-1.1/wavs/LJ001-0003.wav": {"label": 0, "group": "LJ001-0003", "source": "LJSpeech"},
    f"generated_audio/{PROMPTS}/gen_0.wav": {"family": "tts", "group": f"{PROMPTS}/gen_0"},
    "jsut_ver1.1/basic5000/wav/BASIC5000_0001.wav": {"language": "ja", "group": "BASIC5000_0001"},
    "generated_audio/jsut_parallel_wavegan/BASIC5000_0001_gen.wav": {"group": "BASIC5000_0001"},
}  # fmt: skip
MISSING = {
    "generated_audio": "generated_audio is missing",
    "LJSpeech-1.1/wavs": "LJSpeech-1.1/wavs is missing",
    "generated_audio/jsut_parallel_wavegan/BASIC5000_0001_gen.wav": "parallel_wavegan holds no",
}
