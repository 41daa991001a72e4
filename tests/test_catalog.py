"""The catalog lists what the registries find, and cites it."""

from __future__ import annotations

import pytest

from unmask import registry
from unmask.bench.faces.protocol import face_protocols
from unmask.bench.protocol import protocols
from unmask.catalog import catalog, cited
from unmask.datasets.adapter import adapters
from unmask.errors import DataError
from unmask.plugin_files import ROOMS, names
from unmask.sources import sources
from unmask.taxonomy.reading import taxonomies

ENTRIES = {entry.key: entry for entry in catalog()}


def test_it_lists_everything_that_is_found_and_nothing_else() -> None:
    expected = {f"detector:{name}" for name in registry.detectors()}
    expected |= {f"dataset:{name}" for name in adapters()}
    expected |= {f"protocol:{name}" for name in (*protocols(), *face_protocols())}
    expected |= {f"{kind}:{name}" for room, kind in ROOMS.items() for name in names(room)}
    expected |= {f"generator:{one.key}" for one in sources().by_key.values() if one.paper}
    expected |= {f"taxonomy:{name}" for name in taxonomies()}
    expected |= {
        f"perturbation:{name}" for name in ("medmnist-c", "dfdnet-restore", "deepfilternet")
    }
    assert set(ENTRIES) == expected


@pytest.mark.parametrize("key", sorted(ENTRIES))
def test_an_entry_is_complete(key: str) -> None:
    entry = ENTRIES[key]
    assert entry.title
    assert entry.authors
    assert entry.where
    if not key.startswith("protocol:mini"):
        assert entry.year
        assert 2000 < entry.year < 2100
    text = entry.bibtex()
    assert text.startswith(f"@misc{{{key.replace(':', '-')},")
    assert text.count("{") == text.count("}")


@pytest.mark.parametrize("name", registry.methods())
def test_a_method_has_a_paper_that_can_be_found(name: str) -> None:
    assert ENTRIES[f"detector:{name}"].url.startswith("https://")


def test_a_citation_is_taken_apart() -> None:
    assert cited("Müller, Czempin: Does It Generalize? Interspeech 2022") == (
        "Müller, Czempin",
        "Does It Generalize?",
        2022,
    )
    assert cited("A, B: DFDC: The Dataset. arXiv 2006.07397, 2020")[1:] == (
        "DFDC: The Dataset",
        2020,
    )
    with pytest.raises(DataError, match="form"):
        cited("no authors")


def test_an_arxiv_number_is_found() -> None:
    assert ENTRIES["detector:mesonet"].arxiv == "1809.00888"
    assert "eprint = {1809.00888}" in ENTRIES["detector:mesonet"].bibtex()
