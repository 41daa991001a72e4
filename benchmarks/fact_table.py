"""The outcome of a benchmark of facts, stored, and its table in the page of the analyzer.

A benchmark makes files with the tools that people use, scans each, and hands its cases to
``publish``. The table is made from the stored cases and from nothing else:

    python benchmarks/fact_table.py            # write all tables again
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
STORED, PAGES = HOME / "results" / "facts", HOME / "docs"
BEGIN, END = "<!-- cases -->", "<!-- end of cases -->"


@dataclass(frozen=True, slots=True)
class Case:
    """One file: what was done to it and with which tool, and whether the analyzer said so.

    ``kind``: the row of the table. ``present``: the fact is there; an untouched original is False.
    ``found``: the analyzer stated it (for a located fact: at the right place).
    """

    name: str
    kind: str
    present: bool
    found: bool


def publish(analyzer: str, cases: Sequence[Case]) -> None:
    """Store the cases of an analyzer and write the table into ``docs/<analyzer>.md``."""
    STORED.mkdir(parents=True, exist_ok=True)
    rows = ",\n".join(json.dumps(asdict(case)) for case in cases)
    (STORED / f"{analyzer}.json").write_text(f"[\n{rows}\n]\n", encoding="utf-8")
    render(analyzer)


def stored(analyzer: str) -> list[Case]:
    """The stored cases of an analyzer."""
    text = (STORED / f"{analyzer}.json").read_text(encoding="utf-8")
    return [Case(**row) for row in json.loads(text)]


def table(cases: Iterable[Case]) -> str:
    """The cases counted by kind, as Markdown; the worst row of each half first."""
    counted: dict[tuple[bool, str], list[bool]] = {}
    for case in cases:
        counted.setdefault((case.present, case.kind), []).append(case.found)
    lines = [
        "| made how | files | found | missed | false alarms |",
        "|---|---:|---:|---:|---:|",
    ]

    def badness(item: tuple[tuple[bool, str], list[bool]]) -> tuple[bool, float, str]:
        (present, kind), found = item
        share = sum(found) / len(found)
        return not present, share if present else -share, kind

    for (present, kind), found in sorted(counted.items(), key=badness):
        yes, no = sum(found), len(found) - sum(found)
        cells = f"{yes} | {no} | –" if present else f"– | – | {yes}"
        lines.append(f"| {kind} | {len(found)} | {cells} |")
    for present, name in ((True, "**all with it**"), (False, "**all without it**")):
        found = [one for (there, _), some in counted.items() if there is present for one in some]
        yes, no = sum(found), len(found) - sum(found)
        cells = f"{yes} | {no} | –" if present else f"– | – | {yes}"
        lines.append(f"| {name} | {len(found)} | {cells} |")
    return "\n".join(lines)


def rendered(analyzer: str) -> str:
    """The page of an analyzer with the table of its stored cases."""
    page = (PAGES / f"{analyzer}.md").read_text(encoding="utf-8")
    before, rest = page.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    return f"{before}{BEGIN}\n\n{table(stored(analyzer))}\n\n{END}{after}"


def render(analyzer: str) -> None:
    """Write the table of an analyzer into its page."""
    (PAGES / f"{analyzer}.md").write_text(rendered(analyzer), encoding="utf-8")


if __name__ == "__main__":
    for file in sorted(STORED.glob("*.json")):
        render(file.stem)
