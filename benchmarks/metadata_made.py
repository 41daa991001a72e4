"""Files whose metadata real tools wrote, in the form that generators and cameras use.

The values (prompts, numbers) are made up; the form is that of the programs named in
``src/unmask/metadata/rules.toml``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from metadata_hard import hard_negatives
from metadata_shelf import NOVEL, Made, Shelf, exiftool, run
from metadata_twisted import twisted

A1111 = (
    "a lighthouse in a storm, oil painting\nNegative prompt: blurry, text\n"
    "Steps: 28, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 1234567, Size: 512x512, "
    "Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, Version: v1.9.4"
)
INPAINT = A1111.replace(
    "Version", "Denoising strength: 0.75, Mask blur: 4, Inpaint area: Only masked, Version"
)
COMFY = json.dumps(
    {
        "3": {"class_type": "KSampler", "inputs": {"seed": 42, "steps": 20, "cfg": 8.0,
              "sampler_name": "euler", "denoise": 1.0}},
        "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd_xl.safetensors"}},
        "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a red boat", "clip": ["4", 1]}},
    }
)  # fmt: skip
WORKFLOW = json.dumps({"last_node_id": 9, "last_link_id": 9, "nodes": [{"id": 3}], "links": []})
INVOKE = json.dumps({"app_version": "4.2.0", "positive_prompt": "a fox", "seed": 7, "steps": 30})
FOOOCUS = json.dumps({"base_model": "juggernautXL_v8", "prompt": "a castle", "seed": "5",
                      "guidance_scale": 4, "sharpness": 2})  # fmt: skip
SWARM = json.dumps({"sui_image_params": {"prompt": "a tram", "model": "flux1-dev", "seed": 3}})
EASY = json.dumps({"prompt": "a pond", "seed": 11, "num_inference_steps": 25,
                   "use_stable_diffusion_model": "sd-v1-4"})  # fmt: skip
DRAW = json.dumps({"c": "a barn", "uc": "", "seed": 8, "sampler": "DPM++ 2M", "steps": 20,
                   "model": "sd_v1.5_f16.ckpt"})  # fmt: skip
AIGC = json.dumps({"AIGC": {"Label": "1", "ContentProducer": "0011", "ProduceID": "ab12"}})
MIDJOURNEY = "a glass city at dawn --ar 16:9 --v 6.1 Job ID: 134460e9-cb4f-4446-bdfd-d1651b840c80"
SUNO = "made with suno; created=2025-10-08T16:20:02.314Z; id=116d34f4-b3d5-48b8-9334-011b1dd1df00"
DST = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def made_files(work: Path, cameras: Sequence[Path]) -> Iterator[Made]:
    """All made files. ``cameras``: untouched camera photographs with thumbnails."""
    shelf = Shelf(work)
    yield from _pillow(shelf)
    yield from _exiftool(shelf)
    yield from _ffmpeg(shelf)
    yield from _sound_tools(shelf)
    yield from twisted(shelf, cameras)
    yield from hard_negatives(shelf)


def _pillow(shelf: Shelf) -> Iterator[Made]:
    kind = "generators' PNG chunks, by Pillow"
    for name, rule, texts in (
        ("a1111", "a1111", {"parameters": A1111}),
        ("a1111-inpaint", "a1111-inpaint", {"parameters": INPAINT}),
        ("comfyui", "comfyui-prompt", {"prompt": COMFY, "workflow": WORKFLOW}),
        ("comfyui-workflow", "comfyui-workflow", {"workflow": WORKFLOW}),
        ("invokeai", "invokeai", {"invokeai_metadata": INVOKE}),
        ("invokeai2", "invokeai", {"sd-metadata": INVOKE}),
        ("dream", "invokeai-dream", {"Dream": '"a fox" -s 50 -S 7 -W 512 -H 512 -C 7.5 -A k_lms'}),
        ("novelai", "novelai", {"Software": "NovelAI", "Comment": NOVEL, "Source": "NAI V3"}),
        ("novelai-comment", "novelai-comment", {"Comment": NOVEL}),
        ("fooocus", "fooocus", {"parameters": FOOOCUS, "fooocus_scheme": "fooocus"}),
        ("swarm", "swarmui", {"parameters": SWARM}),
        ("easy", "easy-diffusion", {"Negative Prompt": "blurry", "Prompt": "a pond", "Seed": "1"}),
        ("midjourney", "midjourney-job", {"Description": MIDJOURNEY, "Author": "someone"}),
        ("luma", "luma", {"Source": "Luma AI", "Software": "Uni-1"}),
        ("aigc", "tc260-generated", {"AIGC": AIGC}),
        ("hf", "diffusers-hf-job", {"hf-job-id": "6650aa12"}),
    ):
        yield Made(shelf.png(name, **texts), kind, rule)
        yield Made(shelf.png(f"{name}-packed", packed=True, **texts), kind, rule)
    yield Made(shelf.png("a1111-itxt", wide=True, parameters=f"灯台 {A1111}"), kind, "a1111")
    for packed in (False, True):
        kind = "text hidden in the transparency, by numpy and Pillow"
        yield Made(shelf.stealth("stealth", packed), kind, "novelai-stealth")


def _exiftool(shelf: Shelf) -> Iterator[Made]:
    kind = "declarations in XMP, EXIF and IPTC, by exiftool"
    source = "-XMP-iptcExt:DigitalSourceType="
    for suffix in ("jpg", "png", "tif", "webp", "avif", "gif"):
        path = shelf.picture("trained", suffix)
        tags = (
            f"{source}{DST}trainedAlgorithmicMedia",
            "-XMP-photoshop:Credit=Made with Google AI",
        )
        yield Made(exiftool(path, *tags), kind, "iptc-trained-algorithmic")
    for value, rule in (
        ("compositeWithTrainedAlgorithmicMedia", "iptc-composite-trained"),
        ("compositeSynthetic", "iptc-composite-synthetic"),
        ("algorithmicMedia", "iptc-algorithmic"),
    ):
        yield Made(exiftool(shelf.picture(value, "jpg"), f"{source}{DST}{value}"), kind, rule)
    for name, rule, tags in (
        ("google", "google-credit", ["-XMP-photoshop:Credit=Made with Google AI"]),
        ("google-iptc", "google-credit", ["-IPTC:Credit=Made with Google AI"]),
        ("firefly", "firefly-tool", ["-XMP-xmp:CreatorTool=Adobe Firefly 1.0"]),
        ("ideogram", "ideogram", ["-EXIF:Make=Ideogram AI"]),
        ("grok", "xai-grok", ["-EXIF:ImageDescription=Signature: " + "Ab3/" * 22,
                              "-EXIF:Artist=134460e9-cb4f-4446-bdfd-d1651b840c80"]),
        ("midjourney", "midjourney-job", [f"-XMP-dc:Description={MIDJOURNEY}"]),
        ("midjourney-name", "midjourney-name", ["-EXIF:Software=Midjourney"]),
        ("dalle", "openai-name", ["-EXIF:Software=OpenAI DALL-E 3"]),
        ("reve", "reve", ["-EXIF:Software=reve.com"]),
        ("bing", "bing-image-creator", ["-XMP-xmp:CreatorTool=Bing Image Creator"]),
        ("leonardo", "leonardo", ["-EXIF:Software=Leonardo.ai"]),
        ("a1111-exif", "a1111", [f"-EXIF:UserComment={A1111}"]),
        ("a1111-wide", "a1111", [f"-EXIF:UserComment=灯台 {A1111}"]),
        ("easy-exif", "easy-diffusion-exif", [f"-EXIF:UserComment={EASY}"]),
        ("fooocus-exif", "fooocus-software", ["-EXIF:Software=Fooocus v2.5.0"]),
        ("fooocus-comment", "fooocus", [f"-Comment={FOOOCUS}"]),
        ("swarm-exif", "swarmui", [f"-EXIF:UserComment={SWARM}"]),
        ("aigc-exif", "tc260-generated", [f"-EXIF:ImageDescription={AIGC}"]),
        ("faceswap", "face-swap", ["-EXIF:Software=FaceFusion 3.1.0"]),
        ("cleanup", "apple-cleanup", ["-XMP-photoshop:Credit=Apple Photos Clean Up"]),
    ):  # fmt: skip
        yield Made(exiftool(shelf.picture(name, "jpg"), *tags), kind, rule)
    for name, rule, body in (
        ("ai-system", "iptc-ai-system", "<e:AISystemUsed>Imagen 4</e:AISystemUsed>"),
        ("ai-prompt", "iptc-ai-prompt", "<e:AIPromptInformation>a cat</e:AIPromptInformation>"),
        ("tc260", "tc260-generated", '<T:AIGC>{"Label":"1","ProduceID":"x"}</T:AIGC>'),
        ("tc260-2", "tc260-possible", '<T:AIGC>{"Label":"2","ProduceID":"x"}</T:AIGC>'),
        ("draw-things", "draw-things", "<x2:UserComment><rdf:Alt><rdf:li xml:lang='x-default'>"
         f"{DRAW}</rdf:li></rdf:Alt></x2:UserComment>"),
    ):  # fmt: skip
        for suffix in ("jpg", "png"):
            tag = f"-XMP<={shelf.packet(body)}"
            yield Made(exiftool(shelf.picture(name, suffix), tag), kind, rule)


def _ffmpeg(shelf: Shelf) -> Iterator[Made]:
    kind = "tags of videos and recordings, by FFmpeg"
    for suffix in ("mp3", "m4a", "wav", "flac", "ogg", "opus", "mka"):
        path = shelf.sound("suno", suffix, "-metadata", f"comment={SUNO}")
        yield Made(path, kind, "suno")
    yield Made(shelf.sound("says", "wav", "-metadata", "comment=AI-generated voice"), kind,
               "says-ai-generated")  # fmt: skip
    for suffix in ("mp4", "mkv", "mov", "webm"):
        graph = json.dumps({"prompt": COMFY, "workflow": WORKFLOW}).replace('\\"', '"')
        path = shelf.video("comfy", suffix, "-metadata", f"comment={graph}")
        yield Made(path, kind, "comfyui-prompt")
    path = shelf.video("trained", "mp4")
    tag = f"-XMP-iptcExt:DigitalSourceType={DST}trainedAlgorithmicMedia"
    yield Made(exiftool(path, tag), kind, "iptc-trained-algorithmic")
    path = shelf.video("sora", "mp4", "-movflags", "use_metadata_tags", "-metadata",
                       "software=Sora")  # fmt: skip
    yield Made(path, kind, "openai-name")


def _sound_tools(shelf: Shelf) -> Iterator[Made]:
    kind = "tags of recordings, by lame, opusenc, sox and mutagen"
    wav = shelf.sound("plain", "wav", "-bitexact")
    path = shelf.path("lame", "mp3")
    run("lame", "--quiet", "--tc", "made with suno; created=2025", wav, path)
    yield Made(path, kind, "suno")
    path = shelf.path("opusenc", "opus")
    run("opusenc", "--quiet", "--comment", f"comment={SUNO}", wav, path)
    yield Made(path, kind, "suno")
    path = shelf.path("sox", "flac")
    run("sox", wav, "--comment", f"Comment={SUNO}", path)
    yield Made(path, kind, "suno")
    path = shelf.sound("mutagen", "mp3", "-write_id3v1", "0")
    run("mid3v2", "--WOAS", "https://suno.com/song/116d34f4-b3d5-48b8-9334-011b1dd1df00", path)
    yield Made(path, kind, "suno-address")
    path = shelf.sound("eleven", "mp3", "-write_id3v1", "0")
    run("mid3v2", "--TSSE", "ElevenLabs", path)
    yield Made(path, kind, "elevenlabs")
