"""A mirror keeps the same promises wherever it lies: in a folder, and in a bucket of an object store."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path

import obstore
import pytest

from api.mirror.bucket_writer import BucketWriter
from api.mirror.folder_writer import FolderWriter
from api.mirror.mirror import Mirror
from api.mirror.mirror_copy import MirrorCopy, Receipted
from api.mirror.target_writer import Damaged, open_writer
from api.monitor.checkpoint_growth import Inconsistent
from ledger.errors import Malformed, Misconfigured, NotFound, Unavailable
from ledger.mirror import open_target
from ledger.mirror.published_log import PublishedLog
from ledger.tlog.tiles import bundle_path, tile_path
from tests.support.mirror_places import BucketPlace, FolderPlace, MirrorPlace, kept, object_store
from tests.support.paper_log import ORIGIN
from tests.support.statements import registered
from tests.unit.api.monitor.conftest import OTHER, SUBJECT, Scene, scene
from tests.unit.api.monitor.served import laid_out

__all__ = ["scene"]

_numbers = count()


@pytest.fixture(scope="module")
def bucket() -> Iterator[None]:
    with object_store():
        yield


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> MirrorPlace:
    if request.param == "folder":
        return FolderPlace(tmp_path / "mirror")
    request.getfixturevalue("bucket")
    return BucketPlace(f"test-{next(_numbers)}")


class Killed(BaseException):
    """`kill -9`, as far as one process can do that to itself: nothing more is carried out."""


def mirrored(scene: Scene, place: MirrorPlace) -> Mirror:
    return Mirror(scene.source(), scene.log.trust(), kept(place))


def with_receipts(scene: Scene) -> None:
    """What a service would also answer."""
    log = scene.log
    firsts = (0, *(head.size for head in log.heads[:-1]))
    wanted = {*firsts, *range(255, len(log.entries), 256)}
    scene.served.files |= {f"entries/{index}": log.receipt(index) for index in wanted}


def files_for_readers(place: MirrorPlace) -> dict[str, bytes]:
    return {path: content for path, content in place.all().items() if not path.startswith(".mirror/")}


def assert_whole(scene: Scene, place: MirrorPlace) -> None:
    """It holds every file of the log's newest tree, under the same address, and beside them partial ones of before."""
    found, expected = files_for_readers(place), laid_out(scene.log)
    expected.pop(".well-known/credit-ledger-trust.json")
    assert {name: found.get(name) for name in expected} == expected
    assert all(".p/" in name or name.startswith("receipts/") for name in found.keys() - expected.keys())


def test_the_copy_is_the_log_file_for_file_and_answers_for_it_at_every_size(scene: Scene, place: MirrorPlace) -> None:
    mirror = mirrored(scene, place)
    mirror.round()
    for step in (1, 251, 300):
        scene.say(SUBJECT, step)
        with_receipts(scene)
        mirror.round()
        assert_whole(scene, place)
        published = PublishedLog(open_target(place.address), ORIGIN)
        assert published.checkpoint().note == scene.log.note()
        for path, content in laid_out(scene.log).items():
            if path.startswith("tile/0/"):
                number, full = int(path[7:10]), len(content) // 32
                for width in {1, full - 1 or 1, full}:
                    assert published.tile(0, number, width) == content[: 32 * width]
        for index in {0, 1, len(scene.log.entries) // 2, len(scene.log.entries) - 1}:
            head = next(at for at, one in enumerate(scene.log.heads) if one.size > index)
            assert published.receipt(index) == scene.log.receipt(index, head=head)
            assert published.statement(index) == scene.log.entries[index]
        with pytest.raises(NotFound):
            published.receipt(len(scene.log.entries))


def counted_down(patch: pytest.MonkeyPatch, steps: int) -> Callable[[], int]:
    """Dies before the `steps`-th thing that outlasts the process, and before all that come after it."""
    done, lock = 0, threading.Lock()

    def counting(function: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **named: object) -> object:
            nonlocal done
            with lock:  # some are done by threads
                done += 1
                if done >= steps:
                    raise Killed
            return function(*arguments, **named)

        return call

    for owner, name in ((os, "fsync"), (Path, "replace"), (Path, "unlink"), (obstore, "put"), (obstore, "delete")):
        patch.setattr(owner, name, counting(getattr(owner, name)))
    return lambda: done


def test_killed_at_every_step_readers_find_a_whole_log_and_the_next_run_goes_on(
    scene: Scene, place: MirrorPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirrored(scene, place).round()
    before = place.get("checkpoint")
    scene.say(SUBJECT, 255 - len(scene.log.entries) + 3)
    with_receipts(scene)
    step, finished, shown = 0, False, set[bytes | None]()
    while not finished:
        step += 1
        there = place.clone(f"killed-{step}")
        with monkeypatch.context() as patch:
            done = counted_down(patch, step)
            with suppress(Killed):
                mirrored(scene, there).round()
            finished = done() < step
        shown.add(there.get("checkpoint"))
        if there.get("checkpoint") == scene.log.note():
            assert_whole(scene, there)
        mirror = mirrored(scene, there)
        assert mirror.round() == len(scene.log.entries)
        assert mirror.timed
        assert_whole(scene, there)
    assert shown == {before, scene.log.note()}
    assert step > 8, "the drill must have stopped it everywhere"


def test_two_that_write_one_copy_at_once_leave_a_whole_log(scene: Scene, place: MirrorPlace) -> None:
    def fill(_: int) -> int:
        copy = kept(place)
        try:
            with copy.alone():
                return Mirror(scene.source(), scene.log.trust(), copy).round()
        except Misconfigured:  # a folder is one process's: the other is told so
            return -1

    scene.say(SUBJECT, 600)
    for _ in range(3):
        scene.say(SUBJECT, 40)
        with_receipts(scene)
        with ThreadPoolExecutor(2) as pool:
            sizes = list(pool.map(fill, range(2)))
        assert max(sizes) == len(scene.log.entries)
        assert isinstance(place, FolderPlace) or min(sizes) == max(sizes)
        assert_whole(scene, place)


def test_one_that_is_overtaken_leaves_the_later_checkpoint(scene: Scene, place: MirrorPlace) -> None:
    slow, fast = mirrored(scene, place), mirrored(scene, place)
    slow.round()
    fast.round()
    late = dict(scene.served.files)
    scene.say(SUBJECT, 5)
    newest, between = dict(scene.served.files), scene.log.note()
    fast.round()
    scene.say(SUBJECT, 5)
    fast.round()
    # It is shown the tree between, brings it, and finds that the copy has a later one.
    scene.served.files = {**scene.served.files, **newest, "checkpoint": between}
    assert slow.round() == len(scene.log.entries)
    assert place.get("checkpoint") == scene.log.note()
    assert late["checkpoint"] != between


def test_a_fork_that_another_mirror_has_brought_is_shouted_about(scene: Scene, place: MirrorPlace) -> None:
    slow = mirrored(scene, place)
    slow.round()
    other = scene.log.fork(len(scene.log.entries))
    other.heads = scene.log.heads[:1]
    honest = dict(scene.served.files)
    scene.say(SUBJECT, 3)
    mirrored(scene, place).round()
    for _ in range(5):
        other.add(registered(), OTHER, "party:organizer", scene.organizer)
    other.commit()
    scene.served.files = honest
    scene.served.show(other)
    shown = place.get("checkpoint")
    with pytest.raises((Inconsistent, Damaged)):
        slow.round()
    assert place.get("checkpoint") == shown
    with pytest.raises(Inconsistent) as caught:
        mirrored(scene, place).round()
    assert caught.value.kind == "forked"
    where = kept(place).keep_inconsistency(caught.value)
    assert b'"forked"' in (place.get(where.removeprefix(f"{place.address}/")) or b"")


def test_a_damaged_file_is_named_and_never_overwritten(
    scene: Scene, place: MirrorPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.say(SUBJECT, 300)
    with monkeypatch.context() as patch:
        for writer in (FolderWriter, BucketWriter):
            patch.setattr(writer, "swap", lambda *_: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            mirrored(scene, place).round()
    kept(place).alone()
    for path in (tile_path(0, 0), bundle_path(0)):
        good = place.get(path)
        assert good is not None
        for bad in (good[:-1] + bytes([good[-1] ^ 1]), good[:-1], good + good):
            place.put(path, bad)
            with pytest.raises(Damaged, match="000"):
                mirrored(scene, place).round()
            assert place.get(path) == bad
        place.put(path, good)
    mirrored(scene, place).round()
    assert_whole(scene, place)


def test_a_file_that_is_taken_away_before_it_is_durable_does_not_come_back(place: MirrorPlace) -> None:
    copy = kept(place)
    for number in range(20):
        path = f"annexes/{number:064x}"
        copy.put(path, bytes(100_000))
        assert copy.has_annex(path) or isinstance(place, BucketPlace), "it would be fetched twice"
        copy.take_down(path)
    copy.commit(b"a note", Receipted(0, 0))
    assert [path for path in place.all() if path.startswith("annexes/")] == []


def test_a_place_of_other_things_is_left_alone(scene: Scene, place: MirrorPlace) -> None:
    place.put("photo.jpg", b"\xff\xd8")
    with pytest.raises(Misconfigured, match="neither empty nor a mirror"):
        mirrored(scene, place)
    assert place.all() == {"photo.jpg": b"\xff\xd8"}


def test_a_target_is_read_by_address_and_never_further_than_it_may_be(scene: Scene, place: MirrorPlace) -> None:
    mirrored(scene, place).round()
    target = open_target(place.address)
    assert target.address == place.address
    assert target.get("checkpoint", 10_000) == scene.log.note()
    assert target.get("tile/0/x001/000", 10_000) is None
    with pytest.raises(Malformed):
        target.get("checkpoint", 10)


def test_a_store_that_does_not_answer_is_unavailable_and_a_wrong_address_is_told(
    bucket: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for address in ("s3://", "s3://UPPER/x", "s3://bucket/a b"):
        with pytest.raises(Misconfigured):
            open_target(address)
    with pytest.raises(Misconfigured, match="there is no bucket"):
        MirrorCopy(open_writer("s3://no-such-bucket/x"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(Unavailable):
        open_target("s3://mirrors/x").get("checkpoint", 100)
