"""The store: its form, and jobs handed out so that each ends once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from serve_helpers import wish
from sqlalchemy import create_engine, text, update

from unmask.errors import StoreError
from unmask.serve import jobs
from unmask.serve.database import Database
from unmask.serve.jobs import Filter, OverQuota, Taken
from unmask.serve.leases import DONE, Lease, Leases
from unmask.serve.tables import jobs as table
from unmask.serve.tables import metadata

ENDED = {"state": DONE, "label": "no-sign-found", "error_kind": "", "error": ""}


def leases(database: Database, name: str, seconds: float = 30, tries: int = 3) -> Leases:
    return Leases(database, name, seconds, tries)


def enter(database: Database, count: int = 1, owner: str = "o") -> list[str]:
    return [jobs.make(database, owner, [wish(f"{n}.jpg")])[0].id for n in range(count)]


def taken(one: Leases) -> Lease:
    lease = one.take()
    assert lease is not None
    return lease


def state(database: Database, ident: str) -> str:
    job = jobs.get(database, "o", ident)
    assert job is not None
    return str(job.state)


def run_out(database: Database, lease: Lease) -> None:
    """The lease of a worker that never comes back, some time later."""
    with database.writing() as connection:
        connection.execute(update(table).where(table.c.id == lease.job).values(lease_until=1.0))


def test_migrations_make_the_tables_and_nothing_else(database: Database) -> None:
    database.migrate()  # a second time changes nothing
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    assert database.ready()


def test_a_newer_store_is_refused(tmp_path: Path) -> None:
    store = Database(f"sqlite:///{tmp_path / 's.sqlite'}")
    store.migrate()
    with store.writing() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(StoreError, match="newer unmask"):
        store.migrate()


@pytest.mark.parametrize("url", ["nonsense", "mysql://h/d", "sqlite://"])
def test_what_is_no_store_is_refused_in_one_line(url: str) -> None:
    with pytest.raises(StoreError) as caught:
        Database(url)
    assert "\n" not in str(caught.value)


def test_the_oldest_job_is_handed_out_once(database: Database) -> None:
    first, second = enter(database, 2)
    one, other = leases(database, "one"), leases(database, "other")
    assert (taken(one).job, taken(other).job) == (first, second)
    assert one.take() is None


def test_the_result_of_a_worker_counts_once(database: Database) -> None:
    (ident,) = enter(database)
    one = leases(database, "one")
    lease = taken(one)
    assert one.finish(lease, ENDED)
    assert not one.finish(lease, {**ENDED, "label": "manipulated"})
    job = jobs.get(database, "o", ident)
    assert job is not None
    assert (job.state, job.label, job.attempts) == (DONE, "no-sign-found", 1)
    assert job.created <= job.started <= job.finished


def test_the_job_of_a_worker_that_never_comes_back_goes_to_another(database: Database) -> None:
    (ident,) = enter(database)
    gone, other = leases(database, "gone"), leases(database, "other")
    lost = taken(gone)
    run_out(database, lost)
    found = taken(other)
    assert (found.job, found.attempt) == (ident, 2)
    assert not gone.renew(lost, 1, 2)
    assert not gone.finish(lost, ENDED)
    assert not gone.release(lost, "late")
    assert other.finish(found, ENDED)


def test_a_lease_that_is_renewed_stays(database: Database) -> None:
    enter(database)
    one, other = leases(database, "one"), leases(database, "other")
    lease = taken(one)
    run_out(database, lease)
    assert one.renew(lease, 1.5, 3.0)  # late, and before anybody else looked
    assert other.take() is None
    job = jobs.get(database, "o", lease.job)
    assert job is not None
    assert (job.done, job.total) == (1.5, 3.0)
    assert job.lease_until > job.started


def test_a_job_whose_workers_die_is_set_aside_and_the_next_goes_on(database: Database) -> None:
    bad, good = enter(database, 2)
    one = leases(database, "one", tries=2)
    for _ in range(2):
        lease = taken(one)
        assert lease.job == bad
        run_out(database, lease)
    assert taken(one).job == good
    job = jobs.get(database, "o", bad)
    assert job is not None
    assert (job.state, job.error_kind) == ("failed", "SetAside")
    assert "2 times" in job.error


def test_a_job_that_is_given_back_waits_again(database: Database) -> None:
    (ident,) = enter(database)
    one = leases(database, "one")
    assert one.release(taken(one), "", counts=False)
    assert state(database, ident) == "queued"
    assert taken(one).attempt == 1


def test_a_cancelled_or_deleted_job_is_no_longer_the_worker_s(database: Database) -> None:
    ids = enter(database, 2)
    one = leases(database, "one")
    both = [taken(one), taken(one)]
    assert jobs.cancel(database, "o", ids[0])
    assert jobs.remove(database, "o", [ids[1]]) == 1
    assert not any(one.renew(lease, 0, None) for lease in both)
    assert not any(one.finish(lease, ENDED) for lease in both)
    assert state(database, ids[0]) == "cancelled"
    assert not jobs.cancel(database, "o", ids[0])


def test_many_workers_at_once_share_without_overlap(database: Database) -> None:
    ids = enter(database, 9)
    got: list[str] = []

    def work(name: str) -> None:
        one = leases(database, name)
        while lease := one.take():
            got.append(lease.job)
            assert one.finish(lease, ENDED)

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == sorted(ids)


def test_an_idempotency_key_gives_the_same_job(database: Database) -> None:
    first = jobs.make(database, "o", [wish(idempotency="k")])[0]
    assert jobs.make(database, "o", [wish(idempotency="k")])[0].id == first.id
    assert jobs.make(database, "other", [wish(idempotency="k")])[0].id != first.id
    with pytest.raises(Taken):
        jobs.make(database, "o", [wish(idempotency="k", request="else")])


def test_the_same_key_at_the_same_moment_makes_one_job(database: Database) -> None:
    made: list[str] = []
    begin = threading.Barrier(6)

    def submit() -> None:
        begin.wait()
        made.append(jobs.make(database, "o", [wish(idempotency="k")])[0].id)

    threads = [threading.Thread(target=submit) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6
    assert len(set(made)) == 1


def test_storage_has_a_limit(database: Database) -> None:
    jobs.make(database, "o", [wish(bytes=60)], storage=100)
    jobs.make(database, "o", [wish(bytes=500, source="/a/file")])  # lies elsewhere
    with pytest.raises(OverQuota, match="100 bytes"):
        jobs.make(database, "o", [wish(bytes=41)], storage=100)
    jobs.make(database, "o", [wish(bytes=40)], storage=100)


def test_pages_follow_each_other_without_gap_or_repetition(database: Database) -> None:
    ids = enter(database, 7)
    enter(database, 2, owner="other")
    seen, cursor = [], ""
    while True:
        found, cursor = jobs.page(database, "o", Filter(), 3, cursor)
        seen += [job.id for job in found]
        if not cursor:
            break
    assert sorted(seen) == sorted(ids)
    assert len(seen) == 7
    named, _ = jobs.page(database, "o", Filter(text="5.J"), 10)
    assert [job.name for job in named] == ["5.jpg"]
    assert jobs.page(database, "o", Filter(text="%"), 10)[0] == []


def test_old_jobs_are_found(database: Database) -> None:
    first, _ = enter(database, 2)
    one = leases(database, "one")
    assert one.finish(taken(one), ENDED)
    with database.writing() as connection:
        connection.execute(update(table).where(table.c.id == first).values(finished=5.0))
    assert jobs.aged(database, 1) == [("o", first)]


def test_a_store_that_is_away_says_so(tmp_path: Path) -> None:
    store = Database(f"sqlite:///{tmp_path / 'folder'}")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match="does not answer"), store.reading():
        pass
    assert not store.ready()


def test_a_read_only_store_says_so_and_keeps_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    store = Database(f"sqlite:///{path}")
    store.migrate()
    (ident,) = enter(store)
    store.close()
    engine = create_engine(f"sqlite:///file:{path}?mode=ro&uri=true")
    shut = Database(f"sqlite:///{path}")
    shut.engine = engine
    with pytest.raises(StoreError, match="readonly"):
        enter(shut)
    assert state(store, ident) == "queued"


def test_a_full_store_says_so_and_keeps_its_rows(tmp_path: Path) -> None:
    store = Database(f"sqlite:///{tmp_path / 's.sqlite'}")
    store.migrate()
    (ident,) = enter(store)
    with store.writing() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar()
        connection.execute(text(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(StoreError, match="full"):
        jobs.make(store, "o", [wish("n" * 1000 + str(number)) for number in range(200)])
    assert state(store, ident) == "queued"
    with store.reading() as connection:
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
