from __future__ import annotations

import pickle

import pytest

from unmask import errors
from unmask.errors import MissingExtra, UnknownName, UnmaskError

KINDS = [kind for kind in vars(errors).values()
         if isinstance(kind, type) and issubclass(kind, UnmaskError)]  # fmt: skip


def test_the_drawing_names_every_error() -> None:
    assert errors.__doc__ is not None
    for kind in KINDS:
        assert kind.__name__ in errors.__doc__


@pytest.mark.parametrize(
    "error",
    [UnknownName("detector", "fase", ["face", "voice"]), MissingExtra("Training", "train")],
    ids=lambda error: type(error).__name__,
)
def test_errors_travel_between_processes(error: UnmaskError) -> None:
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert str(back) == str(error)


def test_the_nearest_name_is_suggested() -> None:
    assert "'face'" in str(UnknownName("detector", "fase", ["face", "voice"]))
