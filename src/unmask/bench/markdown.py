"""Our own Markdown: tables, and a whole page of it as HTML that stands alone."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

_STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: .8rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .7rem; border-bottom: 1px solid #8884; text-align: right; }
td { white-space: nowrap; }
th.word, td.word { text-align: left; white-space: normal; }
thead th { border-bottom: 2px solid #888; }
figure { margin: 1rem 0; background: #fff; }
figure svg { max-width: 100%; height: auto; }
figcaption { color: #333; padding: .3rem; }
code { font-size: .92em; }
"""
_CAPTIONS = {
    "tests": "The ranking figure of every test with its 95 % interval.",
    "curves": "ROC curves.",
    "reliability": "Probability said against share forged, classes weighted alike.",
    "robustness": "The ranking figure over the severity of a perturbation; 0 is clean.",
}


def _inline(text: str) -> str:
    safe = html.escape(text, quote=False)
    safe = re.sub(r"`([^`]+)`", r"<code>\1</code>", safe)
    safe = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", safe)
    return re.sub(r"\*([^*]+)\*", r"<em>\1</em>", safe)


def _table(rows: Sequence[str]) -> list[str]:
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    right = [mark.endswith(":") for mark in cells[1]]

    def line(tag: str, row: Sequence[str]) -> str:
        marks = ("" if number else ' class="word"' for number in right)
        inner = (f"<{tag}{m}>{_inline(c)}</{tag}>" for m, c in zip(marks, row, strict=True))
        return f"<tr>{''.join(inner)}</tr>"

    body = "".join(line("td", row) for row in cells[2:])
    return [
        f'<div class="wide"><table><thead>{line("th", cells[0])}</thead>'
        f"<tbody>{body}</tbody></table></div>"
    ]


def _blocks(text: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Runs of lines of one kind: heading, table, list or paragraph."""
    kind, held = "", list[str]()
    for line in [*text, ""]:
        mark = line[:2]
        now = "table" if mark[:1] == "|" else "list" if mark == "- " else "words" if line else ""
        now = "heading" if line.startswith("#") else now
        if now != kind or now == "heading":
            if held:
                yield kind, held
            kind, held = now, []
        if line:
            held.append(line)


def to_html(text: Sequence[str], pictures: Mapping[str, Mapping[str, str]]) -> str:
    """A page of our own Markdown; a protocol's plots stand before its first heading."""
    out = ["<!doctype html>", '<html lang="en"><head><meta charset="utf-8">']
    out += ['<meta name="viewport" content="width=device-width">', "<title>Leaderboard</title>"]
    out += [f"<style>{_STYLE}</style></head><body>"]
    waiting: list[str] = []
    for kind, rows in _blocks(text):
        if kind == "heading":
            out += waiting
            waiting = []
            level = len(rows[0]) - len(rows[0].lstrip("#"))
            out.append(f"<h{level}>{_inline(rows[0][level + 1 :])}</h{level}>")
        elif kind == "table":
            out += _table(rows)
        elif kind == "list":
            out.append(f"<ul>{''.join(f'<li>{_inline(row[2:])}</li>' for row in rows)}</ul>")
        else:
            out.append(f"<p>{_inline(' '.join(rows))}</p>")
            if named := re.match(r"Protocol `([^`]+)`;", rows[0]):
                for name, svg in pictures.get(named[1], {}).items():
                    caption = _CAPTIONS[name]
                    waiting.append(f"<figure>{svg}<figcaption>{caption}</figcaption></figure>")
    return "\n".join([*out, *waiting, "</body></html>"]) + "\n"


def grid(head: Sequence[str], rows: Iterable[Sequence[str]], text: int = 1) -> list[str]:
    """A table; the first ``text`` columns are words and stand left, the rest are numbers."""
    marks = ["---" if i < text else "---:" for i in range(len(head))]
    out = [f"| {' | '.join(head)} |", f"|{'|'.join(marks)}|"]
    out += [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows]
    return [*out, ""]
