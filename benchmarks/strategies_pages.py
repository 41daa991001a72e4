"""Made pages of text for the table of strategies: as they are, with a mark, or with an edited line.

Layouts and letters of the test are not those of the training. Edits are those of
``unmask.forge.text_edit`` by the house's table of habits; each picture, edited or not, is saved as
JPEG afterwards.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.forge.operations import jpeg
from unmask.forge.text_edit import edit_text
from unmask.forge.text_habits import population
from unmask.forge.text_page import SEEN, UNSEEN, fonts, page

SIDE = 112
BOX = (12.0, 12.0, 88.0, 88.0)
"""The part that a method of faces is given."""


def drawn_page(
    unseen: bool, edited: bool, mark: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """A page, SIDE × SIDE × 3. ``mark``: grey values by which squares of four pixels go up and
    down all over it; ``edited``: one line of it is."""
    layouts = UNSEEN if unseen else SEEN
    letters = fonts(unseen)
    shown = page(layouts[int(rng.integers(len(layouts)))], letters, rng, 128)[:SIDE, :SIDE]
    if edited:
        people = population()
        shown = edit_text(shown, rng, ways=people.person(rng), fonts=letters).pixels
    if mark:
        down, across = np.mgrid[:SIDE, :SIDE] + rng.integers(0, 8, 2)[:, None, None]
        squares = np.where((down // 4 + across // 4) % 2 == 0, mark, -mark)
        shown = np.clip(shown + squares[..., None], 0, 255).astype(np.uint8)
    return jpeg(shown, int(rng.integers(75, 96)))
