"""The page: self-contained, harmless, complete, in order."""

from __future__ import annotations

import hashlib
import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
import report_samples as samples
from PIL import Image

from unmask.report.html import to_html
from unmask.report.phrases import sentence
from unmask.report.scenes import MAX_FRAMES
from unmask.types import Kind, Label, Report, Snapshot, Vote, Where

VOID = {"meta", "img", "br", "link", "input", "hr"}


class Outline(HTMLParser):
    """Elements with attributes, headings, visible text; fails on badly nested markup."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[tuple[int, str]] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append((int(tag[1]), ""))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            return
        self.text += data
        if self.open and re.fullmatch("h[1-6]", self.open[-1]):
            level, text = self.headings[-1]
            self.headings[-1] = (level, text + data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page(report: Report, **options: object) -> str:
    return to_html(report, cards=samples.CARDS, **options)  # type: ignore[arg-type]


@pytest.fixture(params=samples.ALL)
def html(request: pytest.FixtureRequest) -> str:
    return page(samples.ALL[request.param]())


def test_page_needs_nothing_but_itself(html: str) -> None:
    outline = Outline(html)
    assert not outline.all("script")
    assert not outline.all("link")
    assert not outline.all("iframe")
    for tag, attributes in outline.elements:
        for name, value in attributes.items():
            assert not name.startswith("on"), f"{tag} has a handler"
            if name in ("src", "href"):
                assert (value or "").startswith(("data:image/", "#")), f"{tag} {name}={value}"
    style = "".join(re.findall(r"<style>(.*?)</style>", html, re.S))
    assert "@import" not in style
    assert set(re.findall(r"url\((.*?)\)", style)) <= {"#hatch"}
    policies = [m["content"] for m in outline.all("meta") if "http-equiv" in m]
    assert len(policies) == 1
    assert policies[0]
    assert policies[0].startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")


def test_structure_serves_a_screen_reader(html: str) -> None:
    outline = Outline(html)
    assert outline.all("html")[0]["lang"] == "en"
    for landmark in ("header", "main", "footer"):
        assert len(outline.all(landmark)) == 1
    levels = [level for level, _ in outline.headings]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    ids = [a["id"] for _, a in outline.elements if "id" in a]
    assert len(ids) == len(set(ids))
    for _, attributes in outline.elements:
        for reference in (attributes.get("aria-labelledby") or "").split():
            assert reference in ids
        if (attributes.get("href") or "").startswith("#"):
            assert (attributes["href"] or "")[1:] in ids
    for image in outline.all("img"):
        assert image["alt"]
    for drawing in outline.all("svg"):
        assert drawing.get("aria-hidden") == "true" or drawing.get("role") == "img"
    for cell in outline.all("th"):
        assert cell["scope"] in ("row", "col")
    assert len(outline.all("table")) == len(outline.all("caption"))
    for box in outline.elements:
        if box[1].get("class") == "scroll":
            assert box[1]["tabindex"] == "0"
            assert box[1]["aria-label"]


def test_order_is_from_verdict_to_versions() -> None:
    titles = [text for level, text in Outline(page(samples.video())).headings if level < 3]
    assert titles == [
        "Very likely manipulated",
        "Frames kept as evidence",
        "Along time",
        "Findings",
        "What was not checked",
        "What the models cannot do",
        "The file",
        "How this report was made",
    ]


@pytest.mark.parametrize(
    ("name", "headline"),
    [
        ("two_faces", "Likely manipulated"),
        ("audio", "Likely synthetic"),
        ("inconclusive", "Inconclusive"),
        ("authentic", "No sign of forgery found"),
        ("facts", "Synthetic"),
    ],
)
def test_headline(name: str, headline: str) -> None:
    report = samples.ALL[name]()
    outline = Outline(page(report))
    assert outline.headings[0] == (1, headline)
    assert report.verdict.reason in outline.text


def test_how_sure_is_said_with_what_it_means() -> None:
    text = " ".join(Outline(page(samples.two_faces())).text.split())
    assert "Of 100 authentic files, about 1 would be flagged like this." in text
    assert "If 50 of 100 such files were forged before looking" in text
    assert "33 times as likely if forged as if authentic" in text
    assert "rests on facts" in Outline(page(samples.facts())).text
    assert "No check gave a score" in Outline(page(samples.inconclusive())).text


def test_nothing_of_the_report_is_missing() -> None:
    for make in samples.ALL.values():
        report = make()
        if make is samples.hostile:
            continue
        text = Outline(page(report)).text
        for finding in report.findings:
            assert finding.reason in text
            assert finding.subject in text
        for gap in report.not_checked:
            assert sentence(gap.what) in text
            assert gap.why in text
        for name in report.detectors:
            for limit in samples.CARDS[name].limits:
                assert limit in text
        assert report.media.sha256 in text
        for name, version in report.versions.items():
            assert name in text
            assert version in text
        for name in report.settings:
            assert name in text
        for note in report.media.notes:
            assert note in text


def test_findings_are_numbered_from_the_most_telling() -> None:
    outline = Outline(page(samples.many(50)))
    numbers = [text for level, text in outline.headings if level == 3][:50]
    assert len(numbers) == 50
    votes = re.findall(r'class="finding (\w+)"', page(samples.many(50)))
    assert votes == sorted(votes, key=["fact", "forged", "undecided", "clear"].index)


def test_alternative_text_describes_the_mark() -> None:
    html = page(samples.two_faces())
    alt = re.search(r'<title id="marked">(.*?)</title>', html, re.S)
    assert alt
    assert "The marked region covers 10 % of face 1, mainly its upper left part." in alt[1]
    assert "Box 1 frames face 1 in the upper part." in alt[1]
    assert html.count("<img ") == 1  # the picture without marks stands beside


def test_a_clear_finding_has_no_heat_map() -> None:
    report = samples.two_faces()
    clear = replace(report.findings[1], where=report.findings[0].where)
    html = page(replace(report, findings=(clear,)), pictures=[samples.whole_picture()])
    assert "data:image/png" not in html
    assert "data:image/jpeg" in html


def test_picture_of_an_authentic_file_is_shown_once() -> None:
    bare = replace(samples.authentic(), findings=())
    assert "data:image" not in page(bare)
    shown = page(bare, pictures=[samples.whole_picture()])
    assert shown.count("data:image/jpeg") == 1
    assert "Nothing is marked" in shown


def test_marks_without_pixels_are_drawn_on_a_sheet() -> None:
    html = page(samples.many(3))
    assert 'class="sheet"' in html
    assert "pixels were not kept" in html


def test_video_frames_are_bounded_and_in_order() -> None:
    report = samples.video()
    shots = tuple(
        Snapshot(s.pixels, s.box, t / 2, "Face 1")
        for t in range(40, 0, -1)
        for s in report.findings[1].snapshots[:1]
    )
    finding = replace(report.findings[1], snapshots=shots)
    html = page(replace(report, findings=(finding,)))
    times = re.findall(r"<figcaption><bdi>Face 1 at (\S+)</bdi>", html)
    assert len(times) == MAX_FRAMES
    assert times == sorted(times)


def test_close_ups_are_shown_apart() -> None:
    report = samples.two_faces()
    first = report.findings[0]
    crop = Snapshot(first.snapshots[0].pixels[64:204, 168:284], samples.FACE, None, "Face 1, close")
    finding = replace(first, snapshots=(*first.snapshots, crop))
    html = page(replace(report, findings=(finding,)))
    assert "Close-ups" in html
    assert "Face 1, close" in html


def test_hostile_text_is_harmless() -> None:
    html = page(samples.hostile())
    assert html.encode("utf-8")
    assert "<script" not in html.lower()
    assert "\u202e" not in html
    assert "\x1b" not in html
    assert "{{7*7}}" in html
    assert "49.jpg" not in html
    outline = Outline(html)
    assert "\\u202egpj.exe" in outline.text
    assert not [name for _, attributes in outline.elements for name in attributes if "<" in name]


def test_hostile_settings_versions_and_cards_are_harmless() -> None:
    report = samples.two_faces()
    bad = "</style><script>alert(1)</script>"
    html = page(replace(report, settings={bad: bad}, versions={bad: bad}, created=bad))
    assert "<script" not in html


def test_empty_and_odd_places_do_not_break_the_page() -> None:
    report = samples.two_faces()
    finding = replace(report.findings[0], where=Where(), snapshots=())
    media = replace(report.media, width=None, height=None)
    html = page(replace(report, media=media, findings=(finding,)))
    assert "Where in the picture" not in html
    sound = replace(
        report, media=replace(media, kind=Kind.AUDIO, seconds=None), findings=(finding,)
    )
    assert "Along time" not in page(sound)


def test_size_is_bounded() -> None:
    assert len(page(samples.many(50))) < 150_000
    assert len(page(samples.audio())) < 60_000


def test_label_decides_the_icon_and_words_together() -> None:
    report = samples.two_faces()
    for label in Label:
        html = page(replace(report, verdict=replace(report.verdict, label=label)))
        section = re.search(r'<section class="verdict.*?</h1>', html, re.S)
        assert section
        assert '<svg class="icon"' in section[0]
        assert label.value in section[0]


def still_file(folder: Path) -> Report:
    """A report on a real file whose only finding kept no more than a cut-out."""
    path = folder / "photo.png"
    Image.fromarray(samples.astronaut()).save(path)
    report = samples.two_faces()
    crop = Snapshot(samples.astronaut()[64:204, 168:284], samples.FACE, None, "face 1")
    finding = replace(report.findings[0], snapshots=(crop,))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    media = replace(report.media, path=str(path), sha256=digest)
    return replace(report, media=media, findings=(finding,))


def test_a_still_picture_is_read_again_for_the_page(tmp_path: Path) -> None:
    html = page(still_file(tmp_path))
    assert "With marks: <bdi>The whole picture</bdi>" in html
    assert 'viewBox="0 0 512 512"' in html
    assert "<bdi>Face 1</bdi>" in html


def test_a_file_that_changed_since_the_scan_is_not_shown(tmp_path: Path) -> None:
    report = still_file(tmp_path)
    Path(report.media.path).write_bytes(Path(report.media.path).read_bytes() + b"x")
    assert "pixels were not kept" in page(report)
    Path(report.media.path).unlink()
    assert "pixels were not kept" in page(report)


def test_a_face_in_a_video_is_framed_in_the_one_frame_that_is_kept() -> None:
    report = samples.video()
    face = report.findings[1]
    one = replace(face, where=replace(face.where, masks=()), snapshots=face.snapshots[:1])
    html = page(replace(report, findings=(one,)))
    assert "Box 1 frames face 1 in the upper part." in html


def test_an_undecided_finding_has_no_heat_map() -> None:
    report = samples.two_faces()
    open_ = replace(report.findings[0], vote=Vote.UNDECIDED)
    html = page(replace(report, findings=(open_,)))
    assert "data:image/png" not in html
    assert "stroke-dasharray" in html


def test_thresholds_have_a_birth_certificate() -> None:
    text = " ".join(Outline(page(samples.two_faces())).text.split())
    assert "Thresholds for “Face manipulation” were fitted on a held-out tenth" in text
    assert "1,200 authentic and 1,180 forged items, 311 independent groups" in text
    assert "5 % of the known forgeries there score as low" in text


def test_a_tree_and_what_is_absent_are_shown() -> None:
    text = " ".join(Outline(page(samples.facts())).text.split())
    assert "What it was made from a.jpg – signed b.jpg – <taken from> c.png" in text
    assert "Fact: it decides the verdict" in text
    assert "Looked for and not there" in text
    assert "A signed manifest (C2PA)" in text
