"""Generators that the catalog lists: each by a spelling that datasets have, and what it is."""

from __future__ import annotations

import pytest

from unmask.sources import Source, sources
from unmask.taxonomy.reading import taxonomies, taxonomy

LISTED = {
    # spelling: key, kind, what it stands on, network, medium, year
    "Reliable Swap": ("reliableswap", "swap", "simswap", "gan", "image", 2023),
    "WSC_Swap": ("wsc-swap", "swap", "", "gan", "image", 2023),
    "DiffSwap++": ("diffswap-pp", "swap", "diffswap", "diffusion", "image", 2025),
    "Face_Swap_Diffusion": (
        "face-swap-diffusion", "swap", "stable-diffusion", "diffusion", "image", 2024,
    ),
    "latent_swap": ("latentswap", "swap", "stylegan2", "gan", "image", 2024),
    "HyperReenact": ("hyperreenact", "reenactment", "stylegan2", "gan", "video", 2023),
    "UnAvg-Lip": ("unavglip", "lip-sync", "musetalk", "other", "video", 2025),
    "SynchroRaMa": ("synchrorama", "talking-face", "", "diffusion", "video", 2025),
    "Diff-FAE": ("difffae", "attribute-edit", "", "diffusion", "image", 2024),
    "TPGAN": ("tp-gan", "frontalisation", "", "gan", "image", 2017),
    "ca2n_sketch": ("ca2n-sketch", "image-to-image", "", "gan", "image", 2024),
    "ID2Reflectance": ("id2reflectance", "rendering", "", "other", "image", 2024),
    "PVA": ("pva-inpaint", "inpainting", "", "diffusion", "image", 2023),
    "IDiff_Face": ("idiff-face", "synthetic-identity", "", "diffusion", "image", 2023),
    "Arc2Face": (
        "arc2face", "synthetic-identity", "stable-diffusion-1.5", "diffusion", "image", 2024,
    ),
    "HSFace10k": ("vec2face", "synthetic-identity", "", "autoencoder", "image", 2025),
    "Face-Chain": (
        "facechain", "personalised-text-to-image", "stable-diffusion", "diffusion", "image", 2023,
    ),
    "W+ Adapter": (
        "w-plus-adapter", "personalised-text-to-image", "stable-diffusion-1.5", "diffusion",
        "image", 2024,
    ),
    "instant_id": (
        "instantid", "personalised-text-to-image", "stable-diffusion-xl", "diffusion", "image",
        2024,
    ),
    "StableIdentity": (
        "stableidentity", "personalised-text-to-image", "stable-diffusion", "diffusion", "image",
        2024,
    ),
    "FreeCure": (
        "freecure", "personalised-text-to-image", "stable-diffusion", "diffusion", "image", 2025,
    ),
    "ID-Booth": (
        "id-booth", "personalised-text-to-image", "stable-diffusion-2.1", "diffusion", "image",
        2025,
    ),
    "sd-dreambooth-multi": (
        "celebrity-interaction", "personalised-text-to-image", "stable-diffusion", "diffusion",
        "image", 2023,
    ),
}  # fmt: skip


@pytest.mark.parametrize("label", LISTED)
def test_a_spelling_leads_to_what_the_paper_says(label: str) -> None:
    key, kind, stands_on, network, medium, year = LISTED[label]
    (found,) = sources().named(label)
    assert found.key == key
    assert (found.kind, found.network, found.medium, found.year) == (kind, network, medium, year)
    assert stands_on in (found.parent, found.base)
    assert bool(stands_on) == bool(found.parent or found.base)
    assert not stands_on or stands_on in sources().by_key
    assert classed(found)


def classed(found: Source) -> bool:
    """Whether at least one survey has a place for it."""
    return any(taxonomy(name).of(found) for name in taxonomies())


def test_none_is_forgotten() -> None:
    assert {key for key, *_ in LISTED.values()} == {
        one.key for one in sources().by_key.values() if one.paper
    }
