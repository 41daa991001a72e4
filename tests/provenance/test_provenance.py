"""Signed files are told apart: valid, changed, stripped, by whom, and what they say."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import make_media

pytest.importorskip("c2pa", reason="needs: pip install 'unmask[provenance]'")

from hostile_stores import in_png, png, store_of

import sign_media
from sign_media import Identity, statement
from unmask.analyzers.base import Options, Result
from unmask.analyzers.provenance import ProvenanceAnalyzer
from unmask.errors import SettingError
from unmask.provenance import reading
from unmask.provenance.boxes import walk
from unmask.types import Kind, Label, MediaInfo


@pytest.fixture(scope="module")
def me() -> Identity:
    return sign_media.identity()


@pytest.fixture(scope="module")
def signed(me: Identity) -> bytes:
    return sign_media.sign(png(), "image/png", me)


@pytest.fixture
def look(tmp_path: Path):
    """Analyses bytes as a file of this name."""

    def analyse(data: bytes, trust: bytes = b"", name: str = "a.png") -> Result:
        path = tmp_path / name
        path.write_bytes(data)
        options = Options()
        if trust:
            (tmp_path / "trust.pem").write_bytes(trust)
            options = Options(trust=str(tmp_path / "trust.pem"))
        media = MediaInfo(str(path), Kind.IMAGE, "", len(data), "")
        return ProvenanceAnalyzer(media, options).finish()

    return analyse


def flipped(data: bytes, at: int) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def place(signed: bytes, ending: str) -> tuple[int, int]:
    at, store = store_of(signed)
    box = next(box for path, box in walk(store).items() if path.endswith(ending))
    return at + box.start, at + box.end


def test_every_format_is_found_and_whole_and_then_changed(tmp_path: Path, me: Identity) -> None:
    folder = tmp_path / "kinds"
    done = set()
    for kind, files in make_media.every_kind(folder).items():
        for path in files:
            media = MediaInfo(str(path), Kind(kind), "", 0, "")
            assert ProvenanceAnalyzer(media, Options()).finish().absent, path.name
            ending = path.suffix[1:]
            if ending not in sign_media.MIMES or ending in done:
                continue
            done.add(ending)
            after = sign_media.sign_file(path, me, tmp_path / path.name)
            media = MediaInfo(str(after), Kind(kind), "", 0, "")
            (fact,) = ProvenanceAnalyzer(media, Options()).finish().findings
            assert fact.details["state"] == "valid", path.name
            assert fact.bearing is None
            data = bytearray(after.read_bytes())
            data[_medium(data, ending)] ^= 1
            after.write_bytes(data)
            fact, *_ = ProvenanceAnalyzer(media, Options()).finish().findings
            assert fact.bearing is Label.MANIPULATED, path.name
    assert done == set(sign_media.MIMES)


def _medium(data: bytes, ending: str) -> int:
    """A byte of the pixels or sound themselves."""
    if ending == "gif":
        return data.rindex(b"\x2c", 0, len(data) - 300) + 30
    if ending in ("mp4", "mov", "m4a", "avif", "heic"):
        return data.index(b"mdat") + 40
    if ending in ("wav", "avi"):
        return data.index(b"data" if ending == "wav" else b"movi") + 60
    return {"webp": 60, "tif": 200, "png": len(data) - 40}.get(ending, len(data) - 60)


def test_a_valid_file_clears_nothing_and_says_whom_nobody_vouches_for(look, signed: bytes) -> None:
    result = look(signed)
    (fact,) = result.findings
    assert fact.kind == "fact"
    assert fact.bearing is None
    assert "“Test Works”" in fact.reason
    assert "nobody said whom to trust" in fact.reason
    assert "photograph a screen" in fact.reason
    assert fact.details["certificate"] == "Camera 7"
    assert "signer trusted" not in fact.details


def test_the_users_list_decides_whom_to_trust(look, signed: bytes, me: Identity) -> None:
    assert "Your trust list vouches" in look(signed, me.root).findings[0].reason
    stranger = sign_media.identity("Strangers").root
    (fact,) = look(signed, stranger).findings
    assert "does not vouch" in fact.reason
    assert fact.details["signer trusted"] is False
    assert fact.bearing is None


def test_a_changed_pixel_is_said_with_the_bytes_that_were_signed(look, signed: bytes) -> None:
    (fact,) = look(flipped(signed, len(signed) - 30)).findings
    begin, store = store_of(signed)
    assert fact.bearing is Label.MANIPULATED
    assert fact.reason.startswith("The file was changed after “Test Works” signed it")
    assert f"bytes 0 to {begin - 9:,} and {begin + len(store) + 4:,} to " in fact.reason


def test_a_changed_statement_is_named_with_its_bytes(look, signed: bytes) -> None:
    begin, end = place(signed, "c2pa.actions.v2")
    (fact,) = look(flipped(signed, signed.index(b"digitalCapture"))).findings
    assert fact.bearing is Label.MANIPULATED
    assert "the list of what was done (c2pa.actions.v2)" in fact.reason
    assert f"bytes {begin:,} to {end - 1:,}" in fact.reason


def test_a_changed_signature_is_named_with_its_bytes(look, signed: bytes) -> None:
    begin, end = place(signed, "c2pa.signature")
    at = signed.rindex(b"\x58\x40", begin, end) + 20
    (fact,) = look(flipped(signed, at)).findings
    assert fact.bearing is Label.MANIPULATED
    assert fact.reason.startswith("The signature in the name of “Test Works” does not hold")
    assert f"{begin:,} to {end - 1:,}" in fact.reason


def test_spare_room_beside_the_signature_is_looked_at(look, signed: bytes) -> None:
    begin, end = place(signed, "c2pa.signature")
    at = signed.index(b"\x63pad", begin, end) + 100
    fact, spare = look(flipped(signed, at)).findings
    assert fact.details["state"] == "valid"
    assert spare.bearing is Label.INCONCLUSIVE
    assert f"Bytes {at:,} to {at:,}" in spare.reason


def test_a_stripped_file_is_absent(look, signed: bytes) -> None:
    result = look(png())
    assert not result.findings
    assert result.absent[0].what == "a signed manifest (C2PA)"


@pytest.mark.parametrize(
    ("said", "bearing"),
    [
        (statement("trainedAlgorithmicMedia"), Label.SYNTHETIC),
        (statement("compositeWithTrainedAlgorithmicMedia"), Label.MANIPULATED),
        (statement("compositeSynthetic"), Label.MANIPULATED),
        (
            statement(
                "digitalCapture",
                {
                    "action": "c2pa.edited",
                    "digitalSourceType": sign_media.SOURCE + "trainedAlgorithmicMedia",
                },
            ),
            Label.MANIPULATED,
        ),
        (statement("digitalCapture"), None),
        (statement("humanEdits"), None),
    ],
)
def test_what_it_says_of_its_making(look, me: Identity, said, bearing) -> None:
    result = look(sign_media.sign(png(), "image/png", me, said))
    bearings = [fact.bearing for fact in result.findings if fact.bearing]
    assert bearings == ([bearing] if bearing else [])
    changed = sign_media.sign(png(), "image/png", me, said)
    told = look(flipped(changed, len(changed) - 30)).findings
    assert told[0].bearing is Label.MANIPULATED
    assert [fact.bearing for fact in told[1:]] == ([Label.INCONCLUSIVE] if bearing else [])
    assert all("unproven" in fact.reason for fact in told[1:])


def test_a_broken_rule_is_a_doubt_but_what_was_signed_counts(look, me: Identity) -> None:
    placed = {"action": "c2pa.placed"}  # it must name the ingredient that was placed
    said = statement("trainedAlgorithmicMedia", placed)
    fact, declared = look(sign_media.sign(png(), "image/png", me, said)).findings
    assert fact.details["state"] == "irregular"
    assert fact.bearing is Label.INCONCLUSIVE
    assert declared.bearing is Label.SYNTHETIC


def test_ingredients_are_a_tree_and_a_generated_parent_counts(look, me: Identity) -> None:
    maker = sign_media.identity("Model Works")
    made = sign_media.sign(
        png(), "image/png", maker, statement("trainedAlgorithmicMedia", title="first.png")
    )
    edit = statement("", {"action": "c2pa.cropped"}, tool="Editor")
    edited = sign_media.sign(made, "image/png", me, edit, setup=sign_media.editing)
    fact, said = look(edited).findings
    (root,) = fact.tree
    assert root.label == "a.png"
    assert "valid" in root.remark
    (parent,) = root.children
    assert "what this was made from" in parent.remark
    assert "Model Works" in parent.remark
    assert "its own manifest is valid" in parent.remark
    assert "it was cropped" in fact.details["done"]
    assert said.bearing is Label.SYNTHETIC
    part = sign_media.sign(
        png(),
        "image/png",
        me,
        ingredients=[({"title": "p", "relationship": "componentOf"}, "image/png", made)],
    )
    assert look(part).findings[1].bearing is Label.MANIPULATED
    given = sign_media.sign(
        png(),
        "image/png",
        me,
        ingredients=[({"title": "p", "relationship": "inputTo"}, "image/png", made)],
    )
    assert len(look(given).findings) == 1


def test_a_changed_ingredient_is_said_in_the_tree_and_proves_nothing(look, me: Identity) -> None:
    made = sign_media.sign(png(), "image/png", me, statement("trainedAlgorithmicMedia"))
    edit = statement("", {"action": "c2pa.cropped"})
    spoilt = flipped(made, len(made) - 30)
    after = sign_media.sign(spoilt, "image/png", me, edit, setup=sign_media.editing)
    fact, said = look(after).findings
    assert fact.bearing is None
    assert "it had been changed after it was signed" in fact.tree[0].children[0].remark
    assert said.bearing is Label.INCONCLUSIVE
    whole = sign_media.sign(made, "image/png", me, edit, setup=sign_media.editing)
    at = whole.index(b"trainedAlgorithmicMedia")
    (fact,) = look(flipped(whole, at)).findings
    assert fact.bearing is Label.MANIPULATED
    assert "ingredient" in fact.reason


def test_an_expired_certificate_without_a_stamp_has_no_force(look) -> None:
    short = sign_media.identity(lasts=3)
    data = sign_media.sign(png(), "image/png", short)
    time.sleep(5)
    (fact,) = look(data).findings
    assert fact.bearing is None
    assert "expired" in fact.reason


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs the program openssl")
def test_a_time_stamp_is_told_with_its_authority(look, me: Identity, tmp_path: Path) -> None:
    (tmp_path / "tsa").mkdir()
    authority = sign_media.StampAuthority(tmp_path / "tsa")
    data = sign_media.sign(png(), "image/png", me, stamps=authority.address)
    authority.close()
    (fact,) = look(data, me.root + authority.identity.root).findings
    assert fact.details["time stamp authority"] == "Clock 1"
    assert fact.details["time of signing"][:2] == "20"
    (fact,) = look(data, me.root).findings
    assert "which no trust list names" in fact.details["time stamp authority"]


class Listener:
    """Counts who knocks on a port of this machine."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        self.calls = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._socket.accept()
            except OSError:
                return
            self.calls += 1
            caller.close()

    def close(self) -> None:
        self._socket.close()


def test_no_server_is_asked(look, me: Identity) -> None:
    listener = Listener()
    socket.create_connection(("127.0.0.1", int(listener.address.split(":")[2][:-1]))).close()
    time.sleep(0.2)
    assert listener.calls == 1, "the listener must see a call, or this test sees nothing"

    def away(builder) -> None:
        builder.set_no_embed()
        builder.set_remote_url(listener.address + "m.c2pa")

    result = look(sign_media.sign(png(), "image/png", me, setup=away))
    assert result.findings[0].reason.endswith(f"{listener.address}m.c2pa. Nothing was fetched.")
    assert "unmask asks none" in result.not_checked[0].why
    asked = sign_media.identity(revocation=listener.address)
    both = sign_media.sign(
        png(), "image/png", asked, setup=lambda b: b.set_remote_url(listener.address + "m.c2pa")
    )
    assert look(both).findings[0].details["state"] == "valid"
    time.sleep(0.2)
    assert listener.calls == 1
    listener.close()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "cannot be read"),
        ("hello", "holds no certificate"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "is damaged"),
    ],
)
def test_a_bad_trust_list_is_one_line_before_anything_is_read(
    tmp_path: Path, text: str | None, why: str
) -> None:
    path = tmp_path / "list.pem"
    if text is not None:
        path.write_text(text)
    media = MediaInfo("nothing.png", Kind.IMAGE, "", 0, "")
    with pytest.raises(SettingError, match=why) as caught:
        ProvenanceAnalyzer(media, Options(trust=str(path)))
    assert "\n" not in str(caught.value)


def test_a_list_of_signers_alone_is_refused(tmp_path: Path, me: Identity) -> None:
    (tmp_path / "list.pem").write_bytes(me.leaf)
    media = MediaInfo("nothing.png", Kind.IMAGE, "", 0, "")
    with pytest.raises(SettingError, match="only of signers"):
        ProvenanceAnalyzer(media, Options(trust=str(tmp_path / "list.pem")))


def test_without_the_library_a_manifest_is_found_and_not_checked(
    look, signed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "available", lambda: False)
    result = look(signed)
    assert not result.findings
    assert "unmask[provenance]" in result.not_checked[0].why
    assert look(png()).absent


def test_the_library_is_not_loaded_for_files_without_a_manifest(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png())
    code = (
        "import sys\n"
        "from unmask.analyzers.provenance import ProvenanceAnalyzer\n"
        "from unmask.analyzers.base import Options\n"
        "from unmask.types import Kind, MediaInfo\n"
        f"media = MediaInfo({str(tmp_path / 'a.png')!r}, Kind.IMAGE, '', 0, '')\n"
        "print(ProvenanceAnalyzer(media, Options()).finish().absent != ())\n"
        "print(sorted({'c2pa', 'requests', 'cryptography'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["True", "[]"]


def test_a_signed_file_with_another_store_pasted_in_is_flagged(look, me: Identity) -> None:
    other = sign_media.sign(png(), "image/png", me)
    _, store = store_of(other)
    foreign = bytearray(in_png(store))
    foreign[-30] ^= 1
    assert look(bytes(foreign)).findings[0].bearing is Label.MANIPULATED
