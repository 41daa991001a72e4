"""The library's report as plain values: manifests, what was done, what they were made from.

Everything in it was written by whoever made the file, so nothing is trusted to have a type, a
length or an end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_MOST_MANIFESTS, _MOST_ROWS = 200, 100
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Status:
    """One result of a check: its code in the specification, and the box that it is about."""

    code: str
    url: str
    explanation: str

    @property
    def box(self) -> str:
        """The path of the box, as ``boxes.walk`` names it; empty if none is named."""
        return self.url.partition("jumbf=/")[2]


@dataclass(frozen=True, slots=True)
class Action:
    """Something that was done: "c2pa.cropped", with which tool, and what kind of source came in."""

    name: str
    source: str
    tool: str
    when: str


@dataclass(frozen=True, slots=True)
class Ingredient:
    """What a file was made from; ``manifest`` is the label of its own manifest, if it has one."""

    title: str
    form: str
    relationship: str
    manifest: str
    failures: tuple[Status, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """One signed statement. ``sources`` are kinds of source named outside of actions."""

    label: str
    title: str
    generator: str
    issuer: str
    name: str
    time: str
    actions: tuple[Action, ...]
    sources: tuple[str, ...]
    ingredients: tuple[Ingredient, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """All of a manifest store. ``changes``: failures of ingredients that arose since signing."""

    active: Manifest
    manifests: dict[str, Manifest]
    successes: tuple[Status, ...]
    failures: tuple[Status, ...]
    changes: tuple[Status, ...]
    left_out: tuple[tuple[int, int], ...]
    reader: str


def parse(answer: dict[str, Any]) -> Reading | None:
    """The reading in the library's answer; None if it names no active manifest."""
    told = _table(answer.get("told"))
    rows = list(_table(told.get("manifests")).items())[:_MOST_MANIFESTS]
    manifests = {label: _manifest(label, _table(row)) for label, row in rows}
    active = manifests.get(text(told.get("active_manifest"), 1000))
    if active is None:
        return None
    results = _table(told.get("validation_results"))
    checked = _table(results.get("activeManifest"))
    deltas = [
        _table(_table(row).get("validationDeltas")) for row in _list(results, "ingredientDeltas")
    ]
    ranges = _list(_table(answer.get("ranges")), active.label)
    return Reading(
        active,
        manifests,
        _statuses(checked, "success"),
        _failures(checked),
        tuple(status for delta in deltas for status in _statuses(delta, "failure")),
        tuple(_spans(ranges)),
        text(answer.get("reader")),
    )


def text(value: object, longest: int = _LONGEST) -> str:
    """A value as one short line; empty if it is not text."""
    if not isinstance(value, str):
        return ""
    line = " ".join(value[: 2 * longest].split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(table: dict[str, Any], name: str) -> list[Any]:
    value = table.get(name)
    return value[:_MOST_ROWS] if isinstance(value, list) else []


def _statuses(table: dict[str, Any], name: str) -> tuple[Status, ...]:
    rows = (_table(row) for row in _list(table, name))
    return tuple(
        Status(text(r.get("code")), text(r.get("url"), 1000), text(r.get("explanation")))
        for r in rows
    )


def _failures(table: dict[str, Any]) -> tuple[Status, ...]:
    """What failed. A hash that holds has not failed, whatever it leaves out; see ``coverage``.

    The library says of a hash that leaves more out than the manifest both that it matches and that
    it does not.
    """
    hold = {s.url for s in _statuses(table, "success") if s.code == "assertion.dataHash.match"}
    failed = _statuses(table, "failure")
    return tuple(s for s in failed if s.code != "assertion.dataHash.mismatch" or s.url not in hold)


def _spans(rows: list[Any]) -> Iterator[tuple[int, int]]:
    for row in rows:
        start, length = _table(row).get("start"), _table(row).get("length")
        if isinstance(start, int) and isinstance(length, int):
            yield start, start + length


def _manifest(label: str, row: dict[str, Any]) -> Manifest:
    signer = _table(row.get("signature_info"))
    assertions = [_table(one) for one in _list(row, "assertions")]
    actions: list[Action] = []
    sources: list[str] = []
    for one in assertions:
        data = _table(one.get("data"))
        if text(one.get("label")).startswith("c2pa.actions"):
            actions += [_action(_table(action)) for action in _list(data, "actions")]
        else:
            sources += [source_of(value) for key, value in data.items() if _is_source(key)]
    return Manifest(
        label,
        text(row.get("title")),
        _generator(row),
        text(signer.get("issuer")),
        text(signer.get("common_name")),
        text(signer.get("time")),
        tuple(actions),
        tuple(source for source in sources if source),
        tuple(_ingredient(_table(one)) for one in _list(row, "ingredients")),
    )


def _is_source(key: str) -> bool:
    return key.rpartition(":")[2].lower() == "digitalsourcetype"


def source_of(value: object) -> str:
    """The last word of the address that names a kind of source: "trainedAlgorithmicMedia"."""
    return text(value).rstrip("/").rpartition("/")[2]


def _generator(row: dict[str, Any]) -> str:
    for info in _list(row, "claim_generator_info"):
        return _tool(info)
    return text(row.get("claim_generator"))


def _tool(info: object) -> str:
    """A program: plain text in version 1 of the assertions, a table in version 2."""
    if isinstance(info, str):
        return text(info)
    table = _table(info)
    return " ".join(filter(None, (text(table.get("name")), text(table.get("version")))))


def _action(row: dict[str, Any]) -> Action:
    return Action(
        text(row.get("action")),
        source_of(row.get("digitalSourceType")),
        _tool(row.get("softwareAgent")),
        text(row.get("when")),
    )


def _ingredient(row: dict[str, Any]) -> Ingredient:
    results = _table(_table(row.get("validation_results")).get("activeManifest"))
    failures = _failures(results)
    if not results:
        older = {"failure": _list(row, "validation_status")}
        failures = _statuses(older, "failure")
    return Ingredient(
        text(row.get("title")),
        text(row.get("format")),
        text(row.get("relationship")),
        text(row.get("active_manifest"), 1000),
        failures,
    )
