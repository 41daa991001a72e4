"""Results on a terminal: a summary of one file, and one of a batch.

On a terminal there are colours (unless NO_COLOR is set) and thin frames; into a pipe or a file
plain text goes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from rich import box
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from unmask.report import phrases, words
from unmask.report.page import ordered, worth
from unmask.report.plain import finite, visible
from unmask.types import Finding, Label, Report, Vote

_COLOURS = {
    Label.NO_SIGN: "cyan",
    Label.MANIPULATED: "red",
    Label.SYNTHETIC: "magenta",
    Label.INCONCLUSIVE: "yellow",
}
_VOTE_COLOURS = {Vote.FORGED: "red", Vote.CLEAR: "cyan", Vote.UNDECIDED: "yellow", None: "blue"}
_SIGNS = {
    Label.NO_SIGN: ("○", "-"),
    Label.MANIPULATED: ("▲", "!"),
    Label.SYNTHETIC: ("⬢", "!"),
    Label.INCONCLUSIVE: ("?", "?"),
}
_NARROW = 90


def show(report: Report, console: Console) -> None:
    """Print the summary of one file."""
    console.print(_verdict(report, console))
    if report.findings:
        console.print(_findings(report, console))
    if report.absent:
        things = ", ".join(visible(item.what) for item in report.absent)
        console.print(Text(f"Looked for and not there: {things}", style="dim"))
    if report.not_checked:
        console.print(_not_checked(report))


def _verdict(report: Report, console: Console) -> RenderableType:
    verdict = report.verdict
    fancy, simple = _SIGNS[verdict.label]
    sign = fancy if _unicode(console) else simple
    head = Text(f"{sign} {words.answer(report)}", style=f"bold {_COLOURS[verdict.label]}")
    name = visible(PurePath(report.media.path).name or report.media.path, 200)
    lines = [head, Text(visible(verdict.reason) or words.explained(report))]
    lines += [Text(visible(line), style="bold") for line in worth(report)]
    if verdict.unlike:
        lines.append(Text(f"Unlike the calibration: {visible(verdict.unlike)}", style="yellow"))
    llr, probability = finite(verdict.llr), finite(verdict.probability)
    if llr is not None and probability is not None:
        terms = words.terms(report)
        lines.append(
            Text(
                f"{terms.name} {phrases.percent(probability)} "
                f"(prior {phrases.percent(verdict.prior)}): {words.likelihood(llr, terms)}."
            )
        )
        said = (
            words.caveat(verdict, terms),
            words.rarity(verdict),
            words.false_alarm(verdict, terms),
        )
        alarm = " ".join(filter(None, said))
        lines.append(Text(alarm, style="dim"))
    if not console.is_terminal:
        return Group(Text(name, style="bold"), *lines)
    return Panel(
        Group(*lines),
        title=Text(name),
        title_align="left",
        border_style=_COLOURS[verdict.label],
        box=box.ROUNDED,
    )


def _findings(report: Report, console: Console) -> RenderableType:
    numbered = ordered(report)
    if console.width < _NARROW:
        return Group(*(_short(number, finding, report) for number, finding in numbered))
    table = Table(
        title="Findings",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD if console.is_terminal else None,
        pad_edge=False,
    )
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("Finding", ratio=3)
    table.add_column("Vote", no_wrap=True)
    table.add_column("Prob.", justify="right", no_wrap=True)
    table.add_column("Reason", ratio=5)
    for number, finding in numbered:
        table.add_row(
            str(number),
            Text(words.title(finding)),
            Text(words.vote(finding), style=_VOTE_COLOURS[finding.vote]),
            _probability(finding, report),
            Text(visible(finding.reason)),
        )
    return table


def _short(number: int, finding: Finding, report: Report) -> Text:
    """One finding as lines, for a narrow terminal."""
    chance = _probability(finding, report)
    return Text.assemble(
        f"{number}. {words.title(finding)}: ",
        (words.vote(finding), _VOTE_COLOURS[finding.vote]),
        f" ({chance})" if chance else "",
        f"\n   {visible(finding.reason)}",
    )


def _probability(finding: Finding, report: Report) -> str:
    if not words.tells(finding):
        return ""
    return phrases.percent(finding.probability(report.verdict.prior) or 0.0)


def _not_checked(report: Report) -> RenderableType:
    lines = [Text("Not checked", style="bold yellow")]
    lines += [Text(f"- {visible(item.what)}: {visible(item.why)}") for item in report.not_checked]
    return Group(*lines)


def _unicode(console: Console) -> bool:
    return console.encoding.lower().startswith("utf")


@dataclass
class Tally:
    """Counts of a batch. Add every file as it is done, then ``show`` it."""

    labels: Counter[Label] = field(default_factory=Counter)
    errors: list[tuple[str, str]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    powers: dict[str, list[float]] = field(default_factory=dict)

    def add(self, label: Label, powers: Mapping[str, float] | None = None) -> None:
        """Count one judged file; ``powers``: what would have been found in it, by kind."""
        self.labels[label] += 1
        for kind, share in (powers or {}).items():
            self.powers.setdefault(kind, []).append(share)

    def fail(self, path: str, message: str) -> None:
        """Count one file that could not be judged."""
        self.errors.append((path, message))

    def skip(self, path: str, why: str) -> None:
        """Count one file that is no medium."""
        self.skipped.append((path, why))

    @property
    def files(self) -> int:
        """All files so far that are media, or might be."""
        return self.labels.total() + len(self.errors)

    def show(self, console: Console, seconds: float, most: int = 20) -> None:
        """Print counts by verdict, the speed, and up to ``most`` errors."""
        table = Table(
            box=box.SIMPLE_HEAD if console.is_terminal else None,
            title=f"{self.files:,} files",
            title_justify="left",
            title_style="bold",
            pad_edge=False,
        )
        table.add_column("Verdict")
        table.add_column("Files", justify="right")
        table.add_column("Share", justify="right")
        for label in Label:
            count = self.labels[label]
            share = f"{100 * count / self.files:.1f} %" if self.files else "-"
            table.add_row(Text(label.value, style=_COLOURS[label]), f"{count:,}", share)
        if self.errors:
            share = f"{100 * len(self.errors) / self.files:.1f} %"
            table.add_row(Text("could not be judged", style="red"), f"{len(self.errors):,}", share)
        console.print(table)
        for kind, shares in sorted(self.powers.items()):
            mean = sum(shares) / len(shares)
            files = f"{len(shares):,} file{'s' if len(shares) > 1 else ''}"
            line = f"{kind}: {mean:.0%} would have been found in the {files} without a sign"
            console.print(Text(line, style="dim"))
        speed = self.files / seconds if seconds > 0 else 0.0
        console.print(Text(f"{seconds:.1f} seconds, {speed:.2f} files a second"))
        for path, message in self.errors[:most]:
            console.print(Text.assemble((visible(path), "bold"), f": {visible(message)}"))
        if len(self.errors) > most:
            console.print(Text(f"and {len(self.errors) - most:,} more errors"))
        if self.skipped:
            names = ", ".join(visible(PurePath(path).name) for path, _ in self.skipped[:most])
            more = f" and {len(self.skipped) - most:,} more" if len(self.skipped) > most else ""
            line = f"{len(self.skipped):,} skipped, no photo, video or recording: {names}{more}"
            console.print(Text(line, style="dim"))
