"""Following faces: the same face keeps its number, another gets its own, and memory is bounded."""

from face_samples import made_face

from unmask.faces.track import Tracker


def test_a_moving_face_keeps_its_number() -> None:
    tracker = Tracker()
    numbers = {tracker.update(i * 0.2, [made_face(x=100 + 12 * i)])[0].number for i in range(20)}
    assert numbers == {1}


def test_two_faces_that_change_order_keep_their_numbers() -> None:
    tracker = Tracker()
    first = tracker.update(0.0, [made_face(50), made_face(400)])
    second = tracker.update(0.2, [made_face(402), made_face(55)])
    assert [track.number for track in first] == [1, 2]
    assert [track.number for track in second] == [2, 1]


def test_a_face_far_away_is_new() -> None:
    tracker = Tracker()
    tracker.update(0.0, [made_face(50)])
    assert tracker.update(0.2, [made_face(500)])[0].number == 2


def test_a_face_of_another_size_at_the_same_place_is_new() -> None:
    tracker = Tracker()
    tracker.update(0.0, [made_face(50, 50, 200)])
    assert tracker.update(0.2, [made_face(120, 120, 60)])[0].number == 2


def test_a_gap_within_patience_is_bridged_and_a_longer_one_is_not() -> None:
    tracker = Tracker(patience=2.0)
    tracker.update(0.0, [made_face()])
    assert tracker.update(1.9, [made_face()])[0].number == 1
    assert tracker.update(4.2, [made_face()])[0].number == 2


def test_a_cut_ends_all_tracks() -> None:
    tracker = Tracker()
    tracker.update(0.0, [made_face()])
    tracker.cut()
    assert tracker.update(0.2, [made_face()])[0].number == 2


def test_one_face_never_continues_two_tracks() -> None:
    tracker = Tracker()
    tracker.update(0.0, [made_face(100), made_face(130)])
    tracks = tracker.update(0.2, [made_face(112)])
    assert len(tracks) == 1
    assert len({track.number for track in tracks}) == 1


def test_ended_tracks_are_forgotten() -> None:
    tracker = Tracker(patience=1.0)
    for i in range(3000):
        tracker.update(i * 2.0, [made_face(x=100 + 300 * (i % 2))])
    assert tracker.count == 3000
    assert len(tracker.live) == 1


def test_asking_whether_all_tracks_go_on_changes_nothing() -> None:
    tracker = Tracker()
    tracker.update(0.0, [made_face(50), made_face(400)])
    assert tracker.continues([made_face(405), made_face(52), made_face(800)])
    assert not tracker.continues([made_face(405)])
    assert tracker.count == 2
    assert [track.face.box.x for track in tracker.live] == [50, 400]
