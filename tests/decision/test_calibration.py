"""A calibration at work: rates of whole files, weak voters, verdicts, and damaged files."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_rows import made, rows, write
from scipy import stats

from unmask.decision.apply import apply
from unmask.decision.calibration import OfKind, fit_kind, read_calibration
from unmask.decision.fusion import fuse
from unmask.decision.rows import BASE, Row
from unmask.errors import DataError, MissingExtra, SettingError
from unmask.types import FLAGGED, Claim, Finding, Kind, Label, MediaInfo, Verdict, Vote

MEDIA = MediaInfo("new.jpg", Kind.IMAGE, "JPEG", 1 << 20, "0" * 64, width=1024, height=1024)


def joined(name: str, score: float, **more: object) -> Finding:
    return Finding("j", Claim.PICTURE_GENERATED, "", detector=name, score=score, **more)


def base(surprise: float | None, fpr: float = 0.01, label: Label = Label.INCONCLUSIVE) -> Verdict:
    return Verdict(label, 1.0, 0.5, fpr, 0.5, "base", surprise=surprise, decided_by=0)


def flagged_share(fitted: OfKind, new: list[Row], fpr: float) -> float:
    return float((fitted.statistic.p(fitted.voters.statistics([r.values() for r in new])) <= fpr)
                 .mean())  # fmt: skip


def test_with_the_base_alone_it_is_the_conformal_threshold_on_its_surprise(tmp_path: Path) -> None:
    found = rows(300, groups=("one",))
    calibration = made(tmp_path / "n.toml", found)
    order = sorted(row.surprise for row in found)
    limit = order[298 - 1]  # the ceil(301 * 0.99)-th smallest
    over, at = (calibration.judge(Kind.IMAGE, limit + d, {}) for d in (1e-6, 0.0))
    assert over is not None
    assert at is not None
    assert over.p <= 0.01 < at.p
    assert over.statistic > calibration.threshold(Kind.IMAGE, 0.01) >= at.statistic
    assert over.llr is None


@pytest.mark.parametrize("weak", [("random",), ("random", "other", "third")])
def test_weak_voters_cannot_accuse(weak: tuple[str, ...]) -> None:
    share: dict[float, list[float]] = {0.01: [], 0.05: []}
    for seed in range(4):
        fitted = fit_kind(rows(400, seed, joined=weak), Kind.IMAGE, 2.0)
        assert fitted is not None
        new = rows(1000, seed + 100, joined=weak)
        for fpr, shares in share.items():
            shares.append(flagged_share(fitted, new, fpr))
    for fpr, shares in share.items():
        # What the luck of 400 calibration files allows for the mean of four.
        above = int(401 * fpr)
        spread = stats.betabinom.std(1000, above, 401 - above) / 1000 / 4**0.5
        assert np.mean(shares) <= fpr + 3 * spread


def test_a_voter_that_knows_finds_what_the_base_does_not(tmp_path: Path) -> None:
    calibration = made(tmp_path / "n.toml", rows(400, joined=("good",)))
    plain, good = (
        calibration.judge(Kind.IMAGE, 0.5, {"good": 0.0}),
        calibration.judge(Kind.IMAGE, 0.5, {"good": 9.0}),
    )
    assert plain is not None
    assert good is not None
    assert good.p <= 0.01 < plain.p
    assert good.strongest == "good"


def test_who_could_not_speak_is_left_out(tmp_path: Path) -> None:
    calibration = made(tmp_path / "n.toml", rows(400, joined=("good",)))
    alone = calibration.judge(Kind.IMAGE, None, {"good": 1.0})
    assert alone is not None
    assert list(alone.shares) == ["good"]
    assert calibration.judge(Kind.IMAGE, None, {}) is None
    assert calibration.judge(Kind.IMAGE, None, {"unknown": 5.0}) is None
    assert calibration.judge(Kind.AUDIO, 1.0, {}) is None


def test_the_verdict_flags_doubts_and_finds_no_sign(tmp_path: Path) -> None:
    calibration = made(tmp_path / "n.toml", rows(400, groups=("one",)))
    # Over all, among the highest 5 %, and in the middle.
    order = sorted(row.surprise for row in rows(400, groups=("one",)))
    labels = []
    for surprise in (order[-1] + 1, order[-9], order[200]):
        verdict, _ = apply(calibration, MEDIA, [joined("x", -1.0)], base(surprise))
        labels.append(verdict.label)
        assert verdict.llr == 1.0  # the shipped rule's own
        assert verdict.surprise is not None
        assert "400 authentic image files" in verdict.basis
        assert "2026-03-01" in verdict.basis
        assert "m aaaaaaaa" in verdict.basis
    assert labels == [Label.SYNTHETIC, Label.INCONCLUSIVE, Label.NO_SIGN]


def test_an_accusing_voter_decides_and_its_claim_makes_the_label(tmp_path: Path) -> None:
    calibration = made(tmp_path / "n.toml", rows(400, joined=("good",)))
    other = Finding("picture", Claim.PICTURE_EDITED, "", detector="unmask_picture", score=0.0)
    findings = [other, joined("good", 9.0)]
    verdict, voted = apply(calibration, MEDIA, findings, base(0.1))
    assert (verdict.label, verdict.decided_by) == (Label.SYNTHETIC, 1)
    assert (verdict.llr, verdict.probability) == (None, None)
    assert (voted[1].vote, voted[1].llr) == (Vote.FORGED, None)
    assert voted[1].rate == 1 / 401
    assert voted[0] == other
    _, voted = apply(calibration, MEDIA, [joined("good", -1.0)], base(0.1))
    assert voted[0].vote is Vote.CLEAR


def ours(claim: Claim, score: float, **more: object) -> Finding:
    return Finding(
        "picture", claim, "", detector="unmask_picture", score=score, vote=Vote.UNDECIDED, **more
    )


def test_our_own_findings_get_the_votes_that_agree_with_the_verdict(tmp_path: Path) -> None:
    calibration = made(tmp_path / "n.toml", rows(400, groups=("one",)))
    order = sorted(row.surprise for row in rows(400, groups=("one",)))
    findings = [ours(Claim.PICTURE_EDITED, 30.0), ours(Claim.PICTURE_GENERATED, -9.0)]
    first, _ = fuse(MEDIA, findings, 0.01, 0.5)
    assert first.surprise is not None
    votes = []
    for surprise in (order[-1] + 1, order[-9], order[200]):
        verdict, settled = apply(calibration, MEDIA, findings, replace(first, surprise=surprise))
        votes.append((verdict.label, verdict.decided_by, settled[0].vote, settled[1].vote))
    assert votes[0] == (Label.MANIPULATED, 0, Vote.FORGED, Vote.CLEAR)
    assert votes[1][:3] == (Label.INCONCLUSIVE, 0, Vote.UNDECIDED)
    assert votes[2][:2] == (Label.NO_SIGN, None)


def test_a_comparison_with_a_person_still_votes_and_shares_the_rate(tmp_path: Path) -> None:
    calibration = made(tmp_path / "n.toml", rows(400, groups=("one",)))
    person = Finding(
        "identity", Claim.FACE_IDENTITY, "", detector="face_identity", score=3.0, llr=4.0,
        vote=Vote.FORGED,
    )  # fmt: skip
    findings = [person, ours(Claim.PICTURE_EDITED, -3.0)]
    first, _ = fuse(MEDIA, findings, 0.01, 0.5)
    assert (first.label, first.decided_by) == (Label.MANIPULATED, 0)
    verdict, _ = apply(calibration, MEDIA, findings, first)
    assert (verdict.label, verdict.decided_by) == (Label.MANIPULATED, 0)
    order = sorted(row.surprise for row in rows(400, groups=("one",)))
    quiet = [replace(person, vote=Vote.CLEAR), findings[1]]
    fourth = replace(first, surprise=order[-3] + 1e-6, decided_by=None)
    assert apply(calibration, MEDIA, quiet[1:], fourth)[0].label is Label.MANIPULATED
    assert apply(calibration, MEDIA, quiet, fourth)[0].label is Label.INCONCLUSIVE


def test_a_withheld_score_keeps_a_file_from_being_cleared(tmp_path: Path) -> None:
    calibration = made(tmp_path / "n.toml", rows(400))
    findings = [ours(Claim.PICTURE_EDITED, 0.0, withheld="it came through a messenger")]
    verdict, settled = apply(calibration, MEDIA, findings, base(0.1))
    assert verdict.label is Label.INCONCLUSIVE
    assert "came through a messenger" in verdict.reason
    assert settled == tuple(findings)


def test_a_fact_still_settles_and_a_doubt_still_forbids(tmp_path: Path) -> None:
    calibration = made(tmp_path / "n.toml", rows(400))
    fact = Finding("c", Claim.WATERMARK, "a mark", kind="fact", bearing=Label.SYNTHETIC)
    settled = base(0.1, label=Label.SYNTHETIC)
    assert apply(calibration, MEDIA, [fact], settled)[0].label is Label.SYNTHETIC
    doubt = Finding("c", Claim.METADATA, "a doubt", kind="fact", bearing=Label.INCONCLUSIVE)
    verdict, _ = apply(calibration, MEDIA, [doubt], base(0.1))
    assert (verdict.label, verdict.reason) == (Label.INCONCLUSIVE, "a doubt")


def test_forged_files_add_a_probability(tmp_path: Path) -> None:
    reals = rows(400, joined=("good",), groups=tuple("abcdef"))
    fakes = rows(200, label=1, raised=2.5, joined=("good",), groups=tuple("uvwxyz"))
    calibration = made(tmp_path / "n.toml", reals + fakes)
    table = calibration.table(Kind.IMAGE)
    assert table is not None
    assert table.ratio is not None
    assert 0 < table.ratio.cllr < 0.8
    assert all(voter.ratio is not None for voter in table.voters)
    strong, voted = apply(calibration, MEDIA, [joined("good", 4.0)], base(6.0))
    weak, _ = apply(calibration, MEDIA, [joined("good", -1.0)], base(0.1))
    assert strong.probability is not None
    assert weak.probability is not None
    assert strong.probability > 0.9 > 0.5 > weak.probability
    assert voted[0].llr is not None


def test_another_kind_keeps_its_verdict_and_is_told(tmp_path: Path) -> None:
    found = rows(100) + rows(12, 1, kind="video")
    calibration = made(tmp_path / "n.toml", found)
    clip = MediaInfo("a.mp4", Kind.VIDEO, "MP4", 1, "0" * 64)
    verdict, _ = apply(calibration, clip, [], base(9.0, label=Label.MANIPULATED))
    assert verdict.label in FLAGGED
    assert "12 video files, of which 19 are needed" in verdict.unlike
    assert verdict.basis == ""
    sound = MediaInfo("a.wav", Kind.AUDIO, "WAV", 1, "0" * 64)
    assert "no audio" in apply(calibration, sound, [], base(9.0))[0].unlike


def test_an_unlike_file_is_told_so_and_judged_all_the_same(tmp_path: Path) -> None:
    calibration = made(tmp_path / "n.toml", rows(200))
    tiny = MediaInfo("t.bmp", Kind.IMAGE, "BMP", 3000, "0" * 64, width=16, height=16)
    verdict, _ = apply(calibration, tiny, [joined("x", 1.0)], base(9.0, fpr=0.05))
    assert "rates do not hold for this file" in verdict.unlike
    assert "container BMP" in verdict.unlike
    assert verdict.surprise is not None


def test_a_rate_that_no_kind_can_vouch_for_is_refused(tmp_path: Path) -> None:
    calibration = made(tmp_path / "n.toml", rows(150) + rows(30, 1, kind="video"))
    with pytest.raises(SettingError, match="at least 999"):
        calibration.check_rate(0.001)
    calibration.check_rate(0.01)
    clip = MediaInfo("a.mp4", Kind.VIDEO, "MP4", 1, "0" * 64)
    assert "99 would be needed" in calibration.unlike(clip, [], 0.01)


def test_tied_scores_tell_nothing_and_one_group_is_enough(tmp_path: Path) -> None:
    same = [Row(f"{i}", f"{i:064x}", "g", 0, "image", surprise=1.0) for i in range(120)]
    calibration = made(tmp_path / "n.toml", same)
    table = calibration.table(Kind.IMAGE)
    assert table is not None
    assert table.voters[0].tied
    assert table.groups == {"g": 120}
    judged = calibration.judge(Kind.IMAGE, 1.0, {})
    assert judged is not None
    assert judged.p == 1.0


def test_too_few_of_every_kind_are_refused_with_the_number(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"18 image.*at least 19.*99 for 1 %"):
        write(tmp_path / "n.toml", rows(18))
    assert not (tmp_path / "n.toml").exists()


def test_the_files_are_the_same_to_the_byte_and_in_any_order(tmp_path: Path) -> None:
    found = rows(60, joined=("j",)) + rows(50, label=1, joined=("j",))
    for name in "ab":
        (tmp_path / name).mkdir()
    write(tmp_path / "a/n.toml", found)
    write(tmp_path / "b/n.toml", found[::-1])
    for name in ("n.toml", "n.parquet"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:400])


def _edit(path: Path) -> None:
    text = path.read_text()
    path.write_text(re.sub(r"threshold = \S+", "threshold = 0.1", text, count=1))


def _comment(path: Path) -> None:
    path.write_text(path.read_text() + "# mine\n")


def _words(path: Path) -> None:
    path.write_text("not a table\n")


def _bytes(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00")


def _table(path: Path) -> None:
    beside = path.with_suffix(".parquet")
    beside.write_bytes(beside.read_bytes()[:-1] + b"x")


def _lost(path: Path) -> None:
    path.with_suffix(".parquet").unlink()


def _gone(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("spoil", [_cut, _edit, _comment, _words, _bytes, _table, _lost, _gone])
def test_a_damaged_or_edited_calibration_is_one_line(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    path = tmp_path / "n.toml"
    write(path, rows(40))
    spoil(path)
    with pytest.raises(DataError) as caught:
        read_calibration(path)
    assert "\n" not in str(caught.value)
    assert "n.toml" in str(caught.value)


def test_without_pyarrow_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "n.toml"
    write(path, rows(40))
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(MissingExtra, match=r"unmask\[parquet\]"):
        read_calibration(path)


def test_base_is_the_name_of_the_shipped_rule(tmp_path: Path) -> None:
    made_of = write(tmp_path / "n.toml", rows(40, joined=("j",)))
    assert {voter.name for voter in made_of.kinds[0].voters} == {BASE, "j"}
