"""Prompt, model, seed and sampler out of the records that generators leave."""

from __future__ import annotations

import json
import re
from typing import Any

from unmask.metadata.text import shown

_PROMPT = 600
_MOST_JSON, _MOST_NODES, _DEEPEST = 65_536, 4_000, 24
_WANTED = {
    "prompt": "prompt", "positive_prompt": "prompt", "positiveprompt": "prompt", "c": "prompt",
    "negative_prompt": "negative prompt", "negativeprompt": "negative prompt",
    "uc": "negative prompt", "seed": "seed", "noise_seed": "seed", "sampler": "sampler",
    "sampler_name": "sampler", "scheduler": "scheduler", "steps": "steps", "cfg_scale": "guidance",
    "cfg": "guidance", "guidance_scale": "guidance", "scale": "guidance", "model": "model",
    "base_model": "model", "ckpt_name": "model", "unet_name": "model", "model_name": "model",
    "use_stable_diffusion_model": "model", "lora_name": "adapter", "denoise": "denoising strength",
    "strength": "denoising strength", "label": "label", "contentproducer": "producer",
    "produceid": "number", "source": "source", "software": "program",
}  # fmt: skip
_LINE = re.compile(r"(?:^|\n)(Steps: \d+,[^\n]*)")
_PAIR = re.compile(r'\s*([A-Za-z][\w /-]{0,40}):\s*("(?:\\.|[^"\\])*"|[^,]*)(?:,|$)')
_FLAGS = re.compile(r"\s--(\w+) (\S+)")
_JOB = re.compile(r"Job ID: ?([0-9a-f-]{36})", re.IGNORECASE)


def extract(kind: str, text: str) -> dict[str, str]:
    """Named values of a record; ``kind`` is the ``details`` of a rule. Empty if none is found."""
    reader = {
        "a1111": _a1111,
        "midjourney": _midjourney,
        "comfyui": _structured,
        "json": _structured,
        "stealth": _structured,
    }.get(kind)
    return {name: value for name, value in reader(text).items() if value} if reader else {}


def _a1111(text: str) -> dict[str, str]:
    """The prompt, a line of the negative prompt, and a last line of settings."""
    line = _LINE.search(text)
    before = text[: line.start()] if line else text
    prompt, _, negative = before.partition("Negative prompt:")
    found = {"prompt": shown(prompt, _PROMPT), "negative prompt": shown(negative, _PROMPT)}
    for name, value in _PAIR.findall(line[1] if line else "")[:60]:
        found[name.strip().lower()] = shown(value.strip('"'))
    return found


def _midjourney(text: str) -> dict[str, str]:
    prompt = re.split(r"\s--\w|\sJob ID:", text, maxsplit=1)[0]
    found = {"prompt": shown(prompt, _PROMPT)}
    found |= {name: shown(value) for name, value in _FLAGS.findall(text)[:20]}
    if job := _JOB.search(text):
        found["job"] = job[1]
    return found


def _structured(text: str) -> dict[str, str]:
    """What is wanted of any JSON, however deep it lies."""
    try:
        tree = json.loads(text[:_MOST_JSON])
    except (ValueError, RecursionError):
        return {}
    found: dict[str, str] = {}
    waiting: list[tuple[Any, int]] = [(tree, 0)]
    for _ in range(_MOST_NODES):
        if not waiting:
            break
        value, depth = waiting.pop(0)
        if isinstance(value, str) and value[:1] == "{" and depth < _DEEPEST:
            waiting += [(_parsed(value), depth + 1)]
        elif isinstance(value, dict) and depth < _DEEPEST:
            _node_text(value, found)
            for key, item in value.items():
                _take(str(key).lower(), item, found)
                waiting.append((item, depth + 1))
        elif isinstance(value, list) and depth < _DEEPEST:
            waiting += [(item, depth + 1) for item in value]
    return found


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _take(key: str, value: Any, found: dict[str, str]) -> None:
    name = _WANTED.get(key)
    if not name or name in found or isinstance(value, bool | list) or value is None:
        return
    if isinstance(value, dict):
        value = value.get("name") or value.get("model_name")
        if not isinstance(value, str):
            return
    text = shown(str(value), _PROMPT)
    if not text.startswith("{"):
        found[name] = text


def _node_text(node: dict[str, Any], found: dict[str, str]) -> None:
    """The prompts of a ComfyUI graph stand in its text encoders."""
    inputs = node.get("inputs")
    if "CLIPTextEncode" in str(node.get("class_type", ""))[:80] and isinstance(inputs, dict):
        words = inputs.get("text")
        if isinstance(words, str) and words.strip():
            name = "prompt" if "prompt" not in found else "second prompt"
            found.setdefault(name, shown(words, _PROMPT))
