"""What tags mean: every rule of the file, and that innocent tags mean nothing."""

from __future__ import annotations

import re
import time
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


NUMBER = "134460e9-cb4f-4446-bdfd-d1651b840c80"
GRAPH = (
    '{"3": {"class_type": "KSampler", "inputs": {"seed": 42, "model": ["4", 0]}}, '
    '"4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "xl.safetensors"}}}'
)
DECLARED = [
    ("xmp:Iptc4xmpExt:DigitalSourceType", "http://x/trainedAlgorithmicMedia", Label.SYNTHETIC),
    ("xmp:Iptc4xmpExt:DigitalSourceType", "http://x/compositeWithTrainedAlgorithmicMedia",
     Label.MANIPULATED),
    ("xmp:Iptc4xmpExt:DigitalSourceType", "http://x/algorithmicMedia", Label.SYNTHETIC),
    ("png:parameters", A1111, Label.SYNTHETIC),
    ("exif:UserComment", A1111, Label.SYNTHETIC),
    ("png:prompt", GRAPH, Label.SYNTHETIC),
    ("exif:UserComment", A1111.replace("\n", " "), Label.SYNTHETIC),
    ("exif:UserComment", "a fox\nSteps: 20, Seed: 5, Sampler: Euler a, Size: 512x768, "
     "Model hash: 6ce0161689", Label.SYNTHETIC),
    ("exif:Make", "prompt: " + GRAPH, Label.SYNTHETIC),
    ("png:workflow", '{"last_node_id": 3, "nodes": []}', Label.SYNTHETIC),
    ("png:invokeai_metadata", "{}", Label.SYNTHETIC),
    ("png:Dream", "a fox -s 50 -S 7", Label.SYNTHETIC),
    ("png:Software", "NovelAI", Label.SYNTHETIC),
    ("pixels:stealth", "{}", Label.SYNTHETIC),
    ("exif:Software", "Fooocus v2.5", Label.SYNTHETIC),
    ("xmp:dc:description", f"a cat --v 6 Job ID: {NUMBER}", Label.SYNTHETIC),
    ("png:Description", "a cat in a hat --ar 3:2 --v 6.1 --style raw", Label.SYNTHETIC),
    ("exif:Software", "Midjourney", Label.SYNTHETIC),
    ("container:encoder", "ElevenLabs", Label.SYNTHETIC),
    ("container:software", "Sora", Label.SYNTHETIC),
    ("exif:Software", "OpenAI DALL-E 3", Label.SYNTHETIC),
    ("exif:Software", "Google Gemini", Label.SYNTHETIC),
    ("xmp:Iptc4xmpExt:AISystemUsed", "Imagen 4", Label.SYNTHETIC),
    ("xmp:Iptc4xmpExt:AIPromptInformation", "a street, no people", Label.SYNTHETIC),
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
    ("exif:ImageDescription", "This image was generated with AI.", Label.INCONCLUSIVE),
    ("png:Comment", "AI-generated voice", Label.INCONCLUSIVE),
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


NAMES = (
    "Sora", "Kling", "Runway", "Gemini", "Pika", "Imagen", "Veo", "Hunyuan", "Leonardo", "Flux",
    "Midjourney", "Ideogram", "Firefly", "Craiyon", "Recraft", "Reve", "Luma AI", "OpenAI",
    "Stability AI", "Stable Diffusion", "DALL-E", "ChatGPT", "Suno", "Udio", "ElevenLabs", "Flite",
    "Coqui", "eSpeak", "Synthesia", "HeyGen", "D-ID", "Roop", "Reface", "FaceSwap",
    "Bing Image Creator", "Nano Banana", "mflux", "Fooocus", "ComfyUI", "NovelAI", "Draw Things",
)  # fmt: skip
BY_HAND = (
    "xmp:photoshop:Credit", "iptc:Credit", "exif:Artist", "exif:Copyright", "exif:ImageDescription",
    "exif:UserComment", "exif:XPComment", "exif:HostComputer", "iptc:Caption", "iptc:By-line",
    "iptc:Headline", "iptc:Keywords", "iptc:SpecialInstructions", "xmp:dc:creator", "xmp:dc:title",
    "xmp:dc:description", "xmp:dc:subject", "xmp:dc:rights", "xmp:photoshop:Headline",
    "xmp:photoshop:Instructions", "png:Author", "png:Title", "png:Comment", "png:Description",
    "png:Source", "png:Copyright", "jpeg:Comment", "gif:Comment", "container:artist",
    "container:album", "container:album_artist", "container:title", "container:comment",
    "container:description", "container:synopsis", "container:copyright", "container:publisher",
    "container:encoded_by", "stream:comment", "stream:title", "id3:WXXX",
)  # fmt: skip
SENTENCES = ("{}", "{} Tanaka", "Photo: {}", "{} Records", "{} 2", "Not made with {}",
             "A talk about {}", "“Made with {}”, the poster says", "Made without {}")  # fmt: skip


@pytest.mark.parametrize("key", BY_HAND)
def test_a_name_in_a_field_filled_in_by_hand_says_nothing_of_origin(key: str) -> None:
    for name in NAMES:
        for sentence in SENTENCES:
            text = sentence.format(name)
            assert set(rules_of((key, text)).values()) <= {None}, text


MENTIONS = [
    "This photograph is not AI-generated.",
    "No AI-generated content.",
    "Not generated with AI",
    "He said: “this image is AI-generated”.",
    "Is this AI-generated?",
    "Conference on AI-generated media, Oslo 2023",
    "AI generated revenue",
    "Protest against pictures made with AI",
    "This image was made without generative AI",
    "Synthetic voice of the 1980s: the Speak & Spell",
    "Never AI-generated, always hand-made",
]


@pytest.mark.parametrize("text", MENTIONS)
def test_a_negation_or_a_mention_is_no_statement(text: str) -> None:
    for key in BY_HAND:
        assert set(rules_of((key, text)).values()) <= {None}, key


RESEMBLING = [
    "Stair survey. Steps: 12, riser 18 cm, Model: J. Doe",
    "Steps: 3, Sampler: soil auger, Seed: 40 kg, Size: large",
    "Steps: 12, Seed: barley, Sampler: core, Model: B",
    "Steps: 4, Model: Anna, Seed: 12",
    "Steps: 12, Model: J. Doe, Size: 40x60, Seed: 3",
    '{"Label": 1, "score": 0.9}',
    '{"sharpness": 2, "contrast": 1, "guidance_scale": 0}',
    '{"nodes": 12, "links": 8}',
    '{"class_type": "yoga", "room": {"inputs": 2}}',
    '{"sampler": "core", "scale": 2, "steps": 3}',
    '{"c": 4, "steps": 2, "seed": "rye"}',
    f"Roof inspection. Job ID: {NUMBER}",
    "Run it with --v 2 and look at the log",
    "Screenshot of: train.py --seed 5 --v 2",
    "mflux is a nice tool",
    "https://suno.com/song/1",
]


@pytest.mark.parametrize("text", RESEMBLING)
def test_a_record_is_known_by_its_form_as_a_whole(text: str) -> None:
    keys = (*BY_HAND, "png:parameters", "png:prompt", "png:workflow", "container:comment")
    for key in keys:
        assert set(rules_of((key, text)).values()) <= {None}, key


def test_a_tag_on_ai_that_denies_it_says_nothing() -> None:
    for name in ("AISystemUsed", "AIPromptInformation"):
        for text in ("None", "no", "n/a", "Not used", "-"):
            assert rules_of((f"xmp:Iptc4xmpExt:{name}", text)) == {}
    assert rules_of(("xmp:Iptc4xmpExt:AISystemUsed", "This was not made with AI")) == {}


def test_no_pattern_takes_long_on_a_hostile_text() -> None:
    longest = 16_384
    parts = ('{"a":1,', '"inputs":{', "Steps: 1, Seed: 5, ", " --ar 1:2 --v 6", " -s 1", "AI ", " ",
             f"Job ID: {NUMBER} ", '"Label": 1,', "\n", "made with suno; created=2025")  # fmt: skip
    texts = [(part * longest)[:longest] for part in parts]
    begun = time.process_time()
    for rule in rules().rule:
        for text in texts:
            re.search(rule.pattern, text)
            re.search(rule.pattern, "{" + text[1:])
    assert time.process_time() - begun < 5


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
