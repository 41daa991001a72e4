"""The table of generators: how labels resolve, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from unmask import registry
from unmask.cli.app import main
from unmask.errors import DataError, UnknownName
from unmask.sources import Kind, Sources, folded, read_sources, sources, titles
from unmask.taxonomy.reading import Taxonomy, taxonomies, taxonomy


def keys(label: str, *places: str) -> list[str]:
    return [source.key for source in sources().named(label, *places)]


@pytest.mark.parametrize(
    ("label", "places", "wanted"),
    [
        ("SimSwap", (), ["simswap"]),
        ("StarGAN2", (), ["stargan-v2"]),
        ("stable_diffusion_v_1_4", (), ["stable-diffusion-1.4"]),
        ("SDXL v1.0", (), ["stable-diffusion-xl"]),
        ("DiffSwap", (), ["diffswap"]),
        ("DiffSwap++", (), ["diffswap-pp"]),
        ("keling", (), ["kling"]),
        ("vits+talklip", (), ["vits", "talklip"]),
        ("Tacotron2+HiFi-GAN_V1_FT", ("jik876/hifi-gan-demo",), ["tacotron-2", "hifi-gan"]),
        ("hdpainter,removeanything", (), ["hd-painter", "inpaint-anything"]),
        ("FAFV/xtts-wav2lip", ("Mega-MMDF",), ["xtts", "wav2lip"]),
        ("ljspeech_multi_band_melgan", ("wavefake",), ["multi-band-melgan"]),
        ("tts_models_multilingual_multi-dataset_xtts_v2", ("mlaad",), ["xtts"]),
        ("DeepFakes-StarGAN-Stack", ("forgerynet",), ["deepfakes", "stargan"]),
        ("StyleGAN2 near-infrared", ("ForgeryNIR+",), ["stylegan2"]),
    ],
)
def test_spellings_of_datasets(label: str, places: tuple[str, ...], wanted: list[str]) -> None:
    assert keys(label, *places) == wanted


def test_a_number_means_something_in_its_own_dataset_only() -> None:
    assert keys("A05", "asvspoof2019-la") == ["asvspoof2019-a05"]
    assert keys("A05", "asvspoof5") == ["asvspoof5-a05"]
    assert keys("A05", "MLS") == ["asvspoof5-a05"]
    assert keys("A05", "another") == []
    assert keys("BlendFace") == ["blendface"]
    assert keys("BlendFace", "forgerynet") == ["forgerynet-blendface"]


def test_a_wrapped_name_resolves_only_where_it_is_wrapped_so() -> None:
    assert keys("fsgan-wav2lip", "fakeavceleb") == ["fsgan", "wav2lip"]
    assert keys("fsgan-wav2lip") == []
    assert keys("fsgan-nobody", "fakeavceleb") == []


def test_names_are_folded() -> None:
    assert folded("SD v2.1") == folded("sd_V2.1") == "sdv21"
    assert folded("DiffSwap++") != folded("DiffSwap")
    assert titles(sources().named("vits+Wav2Lip")) == "VITS + Wav2Lip"


def test_origins_are_followed() -> None:
    table = sources()
    assert [s.key for s in table.line(table.by_key["stylegan3"])] == [
        "stylegan3", "stylegan2", "stylegan", "progan",
    ]  # fmt: skip
    assert table.line(table.by_key["id-booth"])[-1].key == "latent-diffusion"


def test_every_kind_has_a_generator_and_what_was_looked_up_cites_its_paper() -> None:
    table = sources().by_key.values()
    assert {source.kind for source in table} == set(Kind)
    assert all(source.paper or source.repo for source in table if source.checked)
    assert all(source.url.startswith("https://") for source in table if source.paper)
    assert all(1980 < source.year < 2100 for source in table if source.year)


def broken(tmp_path: Path, *lines: str) -> str:
    path = tmp_path / "sources.toml"
    head = '[[group]]\nabout = "a"\nshared = { kind = "swap", medium = "image" }\n[group.source]\n'
    path.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_sources(path)
    said = str(caught.value)
    assert "\n" not in said
    return said


def test_a_table_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    one = 'one = { title = "One" }'
    assert "both" in broken(tmp_path, one, 'two = { title = "2", aliases = ["ONE"] }')
    assert "no source" in broken(tmp_path, 'one = { title = "One", parent = "none" }')
    circle = ('a = { title = "A", parent = "b" }', 'b = { title = "B", base = "a" }')
    assert "descends from itself" in broken(tmp_path, *circle)
    assert "malformed" in broken(tmp_path, 'one = { title = "One", kind = "magic" }')
    assert "malformed" in broken(tmp_path, 'one = { title = "One", colour = "red" }')
    with pytest.raises(ValueError, match="no source"):
        Sources.model_validate({"by_key": {}, "spellings": [{"pattern": "x", "means": "nothing"}]})


@pytest.mark.parametrize("name", sorted(taxonomies()))
def test_a_taxonomy_sorts_generators_into_classes_of_its_own(name: str) -> None:
    survey = taxonomy(name)
    found = {survey.of(source) for source in sources().by_key.values()} - {""}
    names = {one.name for one in survey.classes}
    assert found <= names
    ruled = {one.name for one in survey.classes if one.kinds or one.networks or one.media}
    assert ruled <= found, "a class that no generator falls into"
    assert survey.ours


def test_taxonomies_by_hand() -> None:
    by_key = sources().by_key
    assert taxonomy("tug-of-war").of(by_key["wav2lip"]) == "audio-driven animation"
    assert taxonomy("tug-of-war").of(by_key["vits"]) == ""
    modal = taxonomy("multimodal-survey")
    assert modal.of(by_key["sadtalker"]) == "audio-visual"
    assert modal.of(by_key["stylegan2"]) == "visual, GAN"
    assert modal.of(by_key["deepfakes"]) == "visual, other"
    traces = taxonomy("media-forensics-overview")
    assert traces.of(by_key["faceswap"]) == "editing traces"
    assert traces.of(by_key["simswap"]) == "deep traces"
    assert traces.of(by_key["gfpgan"]) == "counter-forensics"
    assert traces.of_detector("trufor") == "acquisition traces"
    assert traces.of_detector("nobody") == ""
    with pytest.raises(UnknownName, match="taxonomy"):
        taxonomy("mine")


def test_the_catalog_sorts_by_a_taxonomy(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["catalog", "--by", "media-forensics-overview", "--json"])
    assert not ended.value.code
    found = {row["key"]: row["class"] for row in json.loads(capsys.readouterr().out)["entries"]}
    assert found["detector:trufor"] == "acquisition traces"
    assert found["generator:wsc-swap"] == "deep traces"
    assert all(key.startswith(("detector:", "generator:")) for key in found)
    with pytest.raises(SystemExit) as ended:
        main(["catalog", "--by", "mine"])
    assert ended.value.code == 4
    assert "tug-of-war" in capsys.readouterr().err


def test_detectors_that_a_taxonomy_names_are_there() -> None:
    named = {
        name
        for survey in taxonomies()
        for one in taxonomy(survey).classes
        for name in one.detectors
    }
    assert named
    assert named <= set(registry.detectors())


def test_a_taxonomy_that_contradicts_itself_is_refused() -> None:
    base = {"title": "t", "citation": "c", "url": "u", "ours": "o"}
    one = {"name": "one", "about": "a"}
    for classes, words in (
        ([one, one], "one name"),
        ([{**one, "under": "two"}], "not above it"),
        ([{**one, "sources": ["nothing"]}], "no source"),
    ):
        with pytest.raises(ValueError, match=words):
            Taxonomy.model_validate({**base, "classes": classes})
