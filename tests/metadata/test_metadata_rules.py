"""What tags mean: every rule of the file, and that innocent tags mean nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from metadata_samples import A1111, TAKEN, analysed, camera, packet, photo, told
from PIL.PngImagePlugin import PngInfo

from unmask.metadata.contradictions import CHECKS
from unmask.metadata.declared import extract
from unmask.metadata.fields import Field, Metadata
from unmask.metadata.rules import matches, rules
from unmask.types import Label


def rules_of(*tags: tuple[str, str]) -> dict[str, Label | None]:
    fields = tuple(Field(*key.split(":", 1), text) for key, text in tags)
    return {match.rule.id: match.rule.bearing for match in matches(Metadata(fields))}


def test_every_rule_is_whole() -> None:
    known = rules()
    assert len(known.rule) >= 60
    assert len({rule.id for rule in (*known.rule, *known.contradiction)}) == len(known.rule) + len(
        known.contradiction
    )
    for rule in known.rule:
        re.compile(rule.pattern)
        assert rule.source
        assert rule.bearing is not Label.NO_SIGN
        assert all(":" in place or place.startswith("@") for place in rule.where)
    assert {one.check for one in known.contradiction} == set(CHECKS)
    for one in known.contradiction:
        assert one.innocent
        assert one.bearing in (None, Label.INCONCLUSIVE)


DECLARED = [
    ("xmp:Iptc4xmpExt:DigitalSourceType", "http://x/trainedAlgorithmicMedia", Label.SYNTHETIC),
    ("xmp:Iptc4xmpExt:DigitalSourceType", "http://x/compositeWithTrainedAlgorithmicMedia",
     Label.MANIPULATED),
    ("xmp:Iptc4xmpExt:DigitalSourceType", "http://x/algorithmicMedia", Label.SYNTHETIC),
    ("png:parameters", A1111, Label.SYNTHETIC),
    ("exif:UserComment", A1111, Label.SYNTHETIC),
    ("png:prompt", '{"3": {"class_type": "KSampler"}}', Label.SYNTHETIC),
    ("png:workflow", '{"last_node_id": 3, "nodes": []}', Label.SYNTHETIC),
    ("png:invokeai_metadata", "{}", Label.SYNTHETIC),
    ("png:Dream", "a fox -s 50 -S 7", Label.SYNTHETIC),
    ("png:Software", "NovelAI", Label.SYNTHETIC),
    ("pixels:stealth", "{}", Label.SYNTHETIC),
    ("exif:Software", "Fooocus v2.5", Label.SYNTHETIC),
    ("xmp:dc:description", "a cat Job ID: 134460e9-cb4f-4446-bdfd-d1651b840c80", Label.SYNTHETIC),
    ("iptc:Credit", "Made with Google AI", Label.SYNTHETIC),
    ("xmp:xmp:CreatorTool", "Adobe Firefly", Label.SYNTHETIC),
    ("xmp:xmpMM:History/stEvt:softwareAgent", "Adobe Firefly", Label.MANIPULATED),
    ("exif:Make", "Ideogram AI", Label.SYNTHETIC),
    ("trailer:genAIType", "1", Label.MANIPULATED),
    ("container:comment", "made with suno; created=2025", Label.SYNTHETIC),
    ("id3:WOAS", "https://suno.com/song/1", Label.SYNTHETIC),
    ("exif:Software", "FaceFusion 3.1.0", Label.MANIPULATED),
    ("jpeg:APP15", "a DeepFaceLab record", Label.INCONCLUSIVE),
    ("png:AIGC", '{"Label":"1","ProduceID":"x"}', Label.SYNTHETIC),
    ("png:AIGC", '{"Label":"2","ProduceID":"x"}', Label.INCONCLUSIVE),
    ("container:comment", "This is AI-generated", Label.INCONCLUSIVE),
]  # fmt: skip


@pytest.mark.parametrize(("key", "text", "bearing"), DECLARED)
def test_a_declaration_bears(key: str, text: str, bearing: Label) -> None:
    assert bearing in rules_of((key, text)).values()


INNOCENT = [
    ("exif:UserComment", "Steps: 200 stairs, then left"),
    ("exif:Artist", "Sora Tanaka"),
    ("container:artist", "Gemini"),
    ("container:title", "How deepfakes are made with Suno"),
    ("exif:Software", "Forever Editor"),
    ("exif:Software", "Imagen Digital"),
    ("png:prompt", "username:"),
    ("png:parameters", "threshold 0.5"),
    ("jpeg:Comment", '{"frames": 3, "nodes": 2}'),
    ("xmp:Iptc4xmpExt:DigitalSourceType", "http://x/digitalCapture"),
    ("trailer:genAIType", "0"),
    ("exif:ImageDescription", "Signature: J. Smith"),
]


@pytest.mark.parametrize(("key", "text"), INNOCENT)
def test_an_innocent_tag_bears_nothing(key: str, text: str) -> None:
    assert set(rules_of((key, text)).values()) <= {None}


def test_a_rule_may_ask_for_two_tags() -> None:
    signature = ("exif:ImageDescription", "Signature: " + "Ab3/" * 20)
    artist = ("exif:Artist", "134460e9-cb4f-4446-bdfd-d1651b840c80")
    assert "xai-grok" in rules_of(signature, artist)
    assert "xai-grok" not in rules_of(signature)


def test_editing_programs_are_neutral() -> None:
    found = rules_of(("exif:Software", "Adobe Photoshop 25.0"), ("container:encoder", "Lavf60.1"))
    assert found == {"photo-editor": None, "lavf": None}


def test_settings_are_read_out() -> None:
    found = extract("a1111", A1111)
    assert found["prompt"] == "a fox"
    assert found["negative prompt"] == "blurry"
    assert (found["seed"], found["sampler"], found["model"]) == ("5", "Euler a", "m")
    graph = (
        '{"3": {"class_type": "KSampler", "inputs": {"seed": 42, "sampler_name": "euler"}},'
        '"4": {"class_type": "X", "inputs": {"ckpt_name": "xl.safetensors"}},'
        '"6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a boat"}}}'
    )
    assert extract("comfyui", graph) == {
        "seed": "42", "sampler": "euler", "model": "xl.safetensors", "prompt": "a boat",
    }  # fmt: skip
    job = extract("midjourney", "a cat --ar 3:2 --v 6 Job ID: 134460e9-cb4f-4446-bdfd-d1651b840c80")
    assert (job["prompt"], job["ar"], job["v"]) == ("a cat", "3:2", "6")
    inner = '{"Comment": "{\\"prompt\\": \\"1girl\\", \\"seed\\": 3}"}'
    assert extract("stealth", inner) == {"prompt": "1girl", "seed": "3"}
    assert extract("", "x") == {}


def test_a_declaration_is_a_finding_with_its_values(tmp_path: Path) -> None:
    info = PngInfo()
    info.add_text("parameters", A1111)
    photo().save(tmp_path / "a.png", pnginfo=info)
    finding = told(tmp_path / "a.png")["a1111"]
    assert finding.bearing is Label.SYNTHETIC
    assert finding.details["seed"] == "5"
    assert "Prompt: a fox." in finding.reason
    assert finding.details["rule from"].startswith("https://")
    assert analysed(tmp_path / "a.png").absent == ()


def test_a_camera_file_declares_and_contradicts_nothing(tmp_path: Path) -> None:
    result = analysed(camera(tmp_path / "a.jpg"))
    (neutral,) = result.findings
    assert neutral.bearing is None
    assert "Canon EOS 5D" in neutral.reason
    assert TAKEN in neutral.reason
    assert "a trace of a generator" in result.absent[0].what
    assert result.not_checked == ()


def test_a_file_without_tags_has_no_finding(tmp_path: Path) -> None:
    photo().save(tmp_path / "a.png")
    result = analysed(tmp_path / "a.png")
    assert result.findings == ()
    assert {one.what for one in result.absent} >= {"any metadata"}


def test_source_type_in_xmp_of_a_real_file(tmp_path: Path) -> None:
    body = "<I:DigitalSourceType>http://x/compositeSynthetic</I:DigitalSourceType>"
    photo().save(tmp_path / "a.webp", xmp=packet(body).encode())
    assert told(tmp_path / "a.webp")["iptc-composite-synthetic"].bearing is Label.MANIPULATED
