"""REST: from a file to its result, and everything about a job that its owner may do."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from serve_helpers import client, upload, with_key, work_off

from make_media import image, photo, sound
from unmask.report.schema import json_schema
from unmask.serve import audit
from unmask.serve.config import Serving
from unmask.serve.database import Database
from unmask.serve.files import Files
from unmask.serve.leases import Leases
from unmask.serve.worker import task_of
from unmask.signing import faults, make_key

QUICK = {"options": json.dumps({"analyzers": ["metadata"]})}
TINY = {"analyzers": ["metadata"]}


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return image(tmp_path / "a picture.jpg", photo())


def test_from_upload_to_result(serving: Serving, database: Database, picture: Path) -> None:
    make_key(serving.data.parent / "key.pem")
    serving = replace(serving, sign=str(serving.data.parent / "key.pem"))
    one = client(serving, database)
    job = upload(one, picture, data=QUICK)
    assert (job["state"], job["name"], job["kind"]) == ("queued", "a picture.jpg", "scan")
    assert job["sha256"] == hashlib.sha256(picture.read_bytes()).hexdigest()
    base = f"/v1/jobs/{job['id']}"
    assert one.get(f"{base}/result").status_code == 409
    work_off(serving, database)
    done = one.get(base).json()
    assert (done["state"], done["media"], done["error"]) == ("done", "image", None)
    result = one.get(f"{base}/result").json()
    Draft202012Validator(json_schema()).validate(result)
    assert result["path"] == result["media"]["path"] == "a picture.jpg"
    assert faults(result) == []
    report = one.get(f"{base}/report")
    assert "a picture.jpg" in report.text
    assert str(serving.data) not in report.text + json.dumps(result)
    assert "sandbox" in report.headers["content-security-policy"]
    assert one.get(f"{base}/report.pdf").status_code == 404
    assert one.get(f"{base}/file").content == picture.read_bytes()
    assert one.get(f"{base}/pictures").json()["masks"] == []
    assert one.get(f"{base}/masks/0-0.png").status_code == 404
    page = one.get(f"/jobs/{job['id']}").text
    assert "Look closer" in page
    assert done["label"] in ("no-sign-found", "inconclusive")


def test_events_end_with_the_job(serving: Serving, database: Database, picture: Path) -> None:
    one = client(serving, database)
    job = upload(one, picture, data=QUICK)
    work_off(serving, database)
    lines = one.get(f"/v1/jobs/{job['id']}/events").text.splitlines()
    assert lines[0] == "event: job"
    assert json.loads(lines[1].removeprefix("data: "))["state"] == "done"


def test_a_file_that_cannot_be_judged_has_an_answer(
    serving: Serving, database: Database, tmp_path: Path
) -> None:
    torn = tmp_path / "torn.jpg"
    torn.write_bytes(image(tmp_path / "whole.jpg", photo()).read_bytes()[:40])
    one = client(serving, database)
    job = upload(one, torn)
    work_off(serving, database)
    assert one.get(f"/v1/jobs/{job['id']}").json()["error"]["kind"] == "UnreadableMedia"
    result = one.get(f"/v1/jobs/{job['id']}/result").json()
    Draft202012Validator(json_schema()).validate(result)
    assert "torn.jpg" in result["error"]["message"]
    assert str(serving.data) not in result["error"]["message"]
    assert one.get(f"/v1/jobs/{job['id']}/report").status_code == 404
    assert "could not be judged" in one.get(f"/jobs/{job['id']}").text


def test_a_path_under_an_allowed_folder(serving: Serving, database: Database) -> None:
    root = serving.roots[0]
    (root / "sub").mkdir()
    image(root / "sub" / "b.png", photo())
    image(root / "c.png", photo(seed=1))
    one = client(serving, database)
    made = one.post("/v1/jobs", json={"path": "sub/b.png", "options": TINY})
    assert made.status_code == 201
    assert one.post("/v1/jobs", json={"path": "sub"}).status_code == 415
    batch = one.post("/v1/batches", json={"paths": ["."], "options": TINY}).json()
    assert batch["counts"] == {"queued": 2}
    work_off(serving, database)
    assert one.get(f"/v1/batches/{batch['id']}").json()["counts"] == {"done": 2}
    named = one.get("/v1/jobs", params={"batch": batch["id"], "q": "C.P"}).json()["jobs"]
    assert [job["name"] for job in named] == ["c.png"]
    assert one.delete(f"/v1/jobs/{named[0]['id']}").status_code == 204
    assert (root / "c.png").exists()  # a file of the operator's is not the client's to delete


def test_several_uploads_make_a_batch(serving: Serving, database: Database, picture: Path) -> None:
    one = client(serving, database)
    files = [("file", (f"{n}.jpg", picture.read_bytes())) for n in range(3)]
    headers = {"Idempotency-Key": "night"}
    made = one.post("/v1/batches", files=files, headers=headers).json()
    assert len(made["jobs"]) == 3
    again = one.post("/v1/batches", files=files, headers=headers).json()
    assert (again["id"], again["jobs"]) == (made["id"], made["jobs"])
    assert len(list(Files(serving.data).jobs.iterdir())) == 3
    assert one.post("/v1/jobs", files=files).status_code == 422


def test_an_idempotency_key(serving: Serving, database: Database, picture: Path) -> None:
    one = client(serving, database)
    headers = {"Idempotency-Key": "k"}
    first = upload(one, picture, headers=headers)
    assert upload(one, picture, headers=headers)["id"] == first["id"]
    with picture.open("rb") as file:
        other = {"files": {"file": ("other name.jpg", file)}, "headers": headers}
        assert one.post("/v1/jobs", **other).status_code == 409
    assert len(list(Files(serving.data).jobs.iterdir())) == 1
    assert not list(Files(serving.data).incoming.iterdir())


def test_delete_takes_the_file_and_all_that_was_made_of_it(
    serving: Serving, database: Database, picture: Path
) -> None:
    one = client(serving, database)
    job = upload(one, picture, data=QUICK)
    work_off(serving, database)
    folder = Files(serving.data).jobs / job["id"]
    assert (folder / "1" / "result.json").exists()
    assert one.delete(f"/v1/jobs/{job['id']}").status_code == 204
    assert not folder.exists()
    for rest in ("", "/result", "/report", "/file", "/events"):
        assert one.get(f"/v1/jobs/{job['id']}{rest}").status_code == 404
    assert one.delete(f"/v1/jobs/{job['id']}").status_code == 404
    found = audit.entries(database)
    assert [entry["action"] for entry in found] == ["scan.submit", "job.delete"]
    assert "a picture" not in json.dumps(found)  # the log outlives the file, its name does not


def test_cancel(serving: Serving, database: Database, picture: Path) -> None:
    one = client(serving, database)
    job = upload(one, picture)
    assert one.post(f"/v1/jobs/{job['id']}/cancel").json()["state"] == "cancelled"
    assert one.post(f"/v1/jobs/{job['id']}/cancel").json()["state"] == "cancelled"
    assert one.get(f"/v1/jobs/{job['id']}/result").json()["error"]["kind"] == "Cancelled"
    work_off(serving, database)  # nobody takes it any more


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ('{"fpr": 2}', "fpr"),
        ('{"analyzers": ["nonsense"]}', "nonsense"),
        ('{"detector": "../card.toml"}', "detector"),
        ('{"reference": "/etc"}', "folders that this service may read"),
        ('{"threads": 4}', "threads"),
        ("[", "options"),
    ],
)
def test_options_that_cannot_be(
    serving: Serving, database: Database, picture: Path, options: str, said: str
) -> None:
    one = client(serving, database)
    with picture.open("rb") as file:
        answer = one.post("/v1/jobs", files={"file": file}, data={"options": options})
    assert answer.status_code in (415, 422)
    message = answer.json()["error"]["message"]
    assert said in message or said == "options"
    assert not list(Files(serving.data).incoming.iterdir())
    assert not list(Files(serving.data).jobs.iterdir())


def test_a_comparison_needs_authentic_material(
    serving: Serving, database: Database, picture: Path, tmp_path: Path
) -> None:
    one = client(serving, database)
    voice = sound(tmp_path / "v.wav")
    parts = [("file", ("s.jpg", picture.read_bytes()))]
    assert one.post("/v1/compare", files=parts).status_code == 422
    parts += [("references", (name, voice.read_bytes())) for name in ("r.wav", "r.wav")]
    job = one.post("/v1/compare", files=parts).json()
    assert job["kind"] == "compare"
    kept = sorted(path.name for path in Files(serving.data).references(job["id"]).iterdir())
    assert kept == ["0-r.wav", "1-r.wav"]
    odd = {"files": parts, "data": QUICK}
    assert "no option 'analyzers'" in one.post("/v1/compare", **odd).json()["error"]["message"]


def test_a_comparison_knows_where_its_material_lies(
    serving: Serving, database: Database, picture: Path
) -> None:
    one = client(serving, database)
    root = serving.roots[0]
    (root / "person").mkdir()
    (root / "s.jpg").write_bytes(picture.read_bytes())
    asked = {"path": "s.jpg", "reference": "person", "options": {"fpr": 0.05, "pdf": True}}
    assert one.post("/v1/compare", json=asked).status_code == 201
    uploaded = [("file", ("s.jpg", picture.read_bytes())), ("references", ("r.jpg", b""))]
    assert one.post("/v1/compare", files=uploaded).status_code == 415
    uploaded[1] = ("references", ("r.jpg", picture.read_bytes()))
    job = one.post("/v1/compare", files=uploaded).json()["id"]
    files, leases = Files(serving.data), Leases(database, "w", 30, 3)
    first, second = leases.take(), leases.take()
    assert first is not None
    assert second is not None
    task = task_of(serving, files, first)
    assert (task.references, task.pdf) == (str(root / "person"), True)
    assert set(task.options) == {"fpr", "threads"}
    assert task_of(serving, files, second).references == str(files.references(job))


def test_limits_of_a_key(serving: Serving, database: Database, picture: Path) -> None:
    size = picture.stat().st_size
    serving = replace(serving, open_=False)
    one = client(serving, database, headers=with_key(database, storage=size + 1))
    upload(one, picture)
    with picture.open("rb") as file:
        assert one.post("/v1/jobs", files={"file": file}).status_code == 413
    few = client(serving, database, headers=with_key(database, per_minute=2))
    codes = [few.get("/v1/jobs").status_code for _ in range(3)]
    assert codes == [200, 200, 429]


def test_a_full_disk_is_said_before_anything_is_taken(
    serving: Serving, database: Database, picture: Path
) -> None:
    one = client(replace(serving, spare=1 << 60), database)
    with picture.open("rb") as file:
        answer = one.post("/v1/jobs", files={"file": file})
    assert answer.status_code == 507
    assert "full" in answer.json()["error"]["message"]
    assert not one.get("/readyz").json()["room"]


def test_health_and_figures(serving: Serving, database: Database, picture: Path) -> None:
    one = client(serving, database)
    assert one.get("/healthz").text == "ok\n"
    assert one.get("/readyz").json() == {"database": True, "room": True, "worker": False}
    upload(one, picture)
    figures = one.get("/metrics").text
    assert 'unmask_jobs{state="queued"} 1.0' in figures
    assert 'unmask_requests_total{method="POST",route="/v1/jobs",status="201"} 1.0' in figures
    assert picture.name not in figures
