"""What *no sign found* is worth, from tables made by hand."""

from __future__ import annotations

import pytest

from unmask import registry
from unmask.cards.card import Card, PowerRow, read_card
from unmask.decision.evidence import EDITED, FACE, GENERATED, Evidence, Situation
from unmask.decision.powers import ENOUGH, inside, powers
from unmask.types import Claim, Kind

WITHIN = {"jpeg": (80.0, 93.0), "side": (600.0, 1e9)}


def row(bucket: str = "of any quality", files: int = 100, **more: object) -> PowerRow:
    plain: dict[str, object] = {
        "claim": Claim.PICTURE_EDITED.value,
        "kind": "copied parts",
        "media": "image",
        "bucket": bucket,
        "files": files,
        "found": {"0.05": files // 2, "0.01": files // 4, "0.001": 0},
    }
    return PowerRow.model_validate(plain | more)


def card(*rows: PowerRow) -> Card:
    shipped = read_card(registry.detector_card("unmask_picture"))
    return shipped.model_copy(update={"power": list(rows)})


def evidence(*signs: str, **quality: float) -> Evidence:
    return Evidence(Situation.PICTURE, dict.fromkeys(signs, 0.0), quality=quality)


@pytest.mark.parametrize(
    ("quality", "lies"),
    [
        ({"jpeg": 80.0, "width": 600.0, "height": 100.0}, True),
        ({"jpeg": 92.9, "width": 100.0, "height": 4000.0}, True),
        ({"jpeg": 93.0, "width": 600.0, "height": 100.0}, False),
        ({"jpeg": 85.0, "width": 599.0, "height": 599.0}, False),
        ({"width": 600.0, "height": 600.0}, False),
    ],
)
def test_a_bucket_goes_from_its_lower_end_up_to_its_upper_one(
    quality: dict[str, float], lies: bool
) -> None:
    assert inside(row(within=WITHIN), evidence(EDITED, **quality)) is lies


def test_what_was_never_a_jpeg_lies_beside_the_best_of_them() -> None:
    best = row(within={"jpeg": (93.0, 101.0)})
    assert inside(best, evidence(EDITED))
    assert not inside(best, evidence(EDITED, jpeg=75.0))


def test_a_measure_that_the_file_lacks_puts_it_outside() -> None:
    assert not inside(row(within={"face": (0.0, 1e9)}), evidence(EDITED))
    assert inside(row(), evidence(EDITED))


def test_the_share_is_counted_at_the_listed_rate_below_the_one_asked_for() -> None:
    own = row()
    assert own.share(0.01) == (0.25, 0.01)
    assert own.share(0.03) == (0.25, 0.01)
    assert own.share(0.2) == (0.5, 0.05)
    assert own.share(0.0001) == (0.0, 0.001)


def test_the_narrowest_bucket_with_enough_forgeries_counts() -> None:
    narrow = row("narrow", 40, within=WITHIN)
    few = row("few", ENOUGH - 1, within=WITHIN)
    here = evidence(EDITED, jpeg=85.0, width=800.0, height=600.0)
    (found,) = powers([card(row(), narrow)], Kind.IMAGE, here, 0.01)
    assert (found.bucket, found.share, found.files, found.fpr) == ("narrow", 0.25, 40, 0.01)
    assert (found.detector, found.kind) == ("unmask_picture", "copied parts")
    (found,) = powers([card(row(), few)], Kind.IMAGE, here, 0.01)
    assert found.bucket == "of any quality"
    (found,) = powers([card(row(), narrow)], Kind.IMAGE, evidence(EDITED, jpeg=50.0), 0.01)
    assert found.bucket == "of any quality"
    assert not powers([card(few)], Kind.IMAGE, here, 0.01)


def test_only_what_was_looked_for_in_such_a_medium_is_told() -> None:
    other = row(claim=Claim.PICTURE_GENERATED.value, kind="pictures by generators")
    clip = row(media="video", kind="redrawn lips")
    both = card(row(), other, clip)

    def kinds(*signs: str) -> list[str]:
        return [one.kind for one in powers([both], Kind.IMAGE, evidence(*signs), 0.01)]

    assert kinds(EDITED) == ["copied parts"]
    assert kinds(EDITED, GENERATED) == ["copied parts", "pictures by generators"]
    assert kinds(FACE) == []
    assert [p.kind for p in powers([both], Kind.VIDEO, evidence(EDITED), 0.01)] == ["redrawn lips"]


def test_a_card_without_tables_says_nothing() -> None:
    assert powers([card()], Kind.IMAGE, evidence(EDITED), 0.01) == ()
