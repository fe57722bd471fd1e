"""A mirror has the receipt of every checkpoint, verified, whatever it was copied from and wherever it was stopped."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from api.mirror.folder_writer import FolderWriter
from api.mirror.mirror import Mirror
from api.mirror.mirror_copy import MirrorCopy
from api.mirror.target_writer import Damaged
from api.monitor.checkpoint_growth import Inconsistent
from api.monitor.log_source import LogSource
from ledger.cose.receipt import encode_receipt, receipt_protected
from ledger.cose.receipts import decode_receipts, encode_receipts, gather_receipts, receipts_path
from ledger.errors import Malformed
from tests.support.naive_tree import path as audit_path
from tests.support.paper_log import ORIGIN, START, PaperLog
from tests.unit.api.mirror.test_mirror import Killed, mirrored
from tests.unit.api.monitor.conftest import OTHER, SUBJECT, Scene
from tests.unit.api.monitor.served import Answer, serving


def grow(scene: Scene, *counts: int) -> None:
    """One checkpoint for each count, all shown at once, and the receipts as a service has them."""
    for count in counts:
        for _ in range(count):
            scene.log.add(scene.log.anchors(), SUBJECT, "party:organizer", scene.organizer)
        scene.log.commit(START + len(scene.log.heads))
    scene.served.show(scene.log)
    scene.served.files |= {f"entries/{index}": scene.log.receipt(index) for index in _asked_for(scene.log)}


def _asked_for(log: PaperLog) -> set[int]:
    """First entries of checkpoints, and last entries of bundles."""
    size = log.heads[-1].size
    return {0, *(head.size for head in log.heads[:-1]), *range(255, size, 256)}


def kept(folder: Path) -> list[bytes]:
    """All receipts in a copy, in order: those of full files and of the newest partial one."""
    found: list[bytes] = []
    number = 0
    while (folder / receipts_path(number)).is_file():
        found += decode_receipts((folder / receipts_path(number)).read_bytes())
        number += 1
    widths = [path for path in (folder / receipts_path(number)).with_suffix(".p").glob("*") if path.name.isdigit()]
    partial = sorted(widths, key=lambda path: int(path.name))
    return found + (decode_receipts(partial[-1].read_bytes()) if partial else [])


def all_of(log: PaperLog) -> list[bytes]:
    return [log.receipt(first) for first in (0, *(head.size for head in log.heads[:-1]))]


def files_of(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


@contextlib.contextmanager
def served(folder: Path) -> Iterator[LogSource]:
    """The folder as a file server shows it."""

    def handle(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        file = folder / path
        return (200, file.read_bytes()) if file.is_file() else (404, b"")

    with serving(handle) as url, LogSource(url, tries_max=1, sleep=lambda _: None) as source:
        yield source


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "mirror"


@pytest.mark.parametrize("steps", [(1, 1, 1), (300, 3, 1), (251,), (700, 1, 20), (252, 256, 1)])
def test_the_copy_has_one_receipt_of_every_checkpoint_however_it_grew(
    scene: Scene, folder: Path, steps: tuple[int, ...]
) -> None:
    grow(scene)
    mirror = mirrored(scene, folder)
    mirror.round()
    for step in steps:
        grow(scene, step)
        mirror.round()
        assert mirror.timed
        assert kept(folder) == all_of(scene.log)
    at_once = folder.with_name("at once")
    mirrored(scene, at_once).round()
    assert kept(at_once) == all_of(scene.log)


def test_a_round_asks_for_the_receipts_of_new_checkpoints_only(scene: Scene, folder: Path) -> None:
    grow(scene, *[1] * 40)
    mirror = mirrored(scene, folder)
    mirror.round()
    del scene.served.asked[:]
    size = len(scene.log.entries)
    grow(scene, 2, 5)
    mirror.round()
    assert [one for one in scene.served.asked if one.startswith("entries/")] == [
        f"entries/{size}",
        f"entries/{size + 2}",
    ]
    again = mirrored(scene, folder)
    del scene.served.asked[:]
    again.round()
    assert scene.served.asked == ["checkpoint"]


def test_files_of_receipts_are_found_independently_of_each_other() -> None:
    ends = [3, 200, 255, 256, 700, 701, 800]
    asked: list[int] = []

    def receipt(index: int) -> bytes:
        asked.append(index)
        end = next(end for end in ends if end > index)
        return _of_size(end, index)

    first_of = dict(pairwise([0, *ends]))
    for number, expected in enumerate([[0, 3, 200, 255], [256], [700, 701], []]):
        assert gather_receipts(number, 800, receipt) == [_of_size(first_of[first], first) for first in expected]
    assert len(asked) <= len(ends) + 4
    with pytest.raises(Malformed):
        gather_receipts(0, 800, lambda index: _of_size(1, 0))


def _of_size(size: int, index: int) -> bytes:
    protected = receipt_protected(-7, bytes(32), ORIGIN, size, START)
    return encode_receipt(protected, bytes(64), size, index, [bytes(32)])


def test_a_mirror_that_kept_no_receipts_fills_up_even_if_the_log_is_quiet(scene: Scene, folder: Path) -> None:
    grow(scene, 200, 1, 130)
    with_receipts = dict(scene.served.files)
    scene.served.files = {name: data for name, data in with_receipts.items() if not name.startswith("entries/")}
    mirror = mirrored(scene, folder)
    mirror.round()
    assert not mirror.timed
    assert not (folder / "receipts").exists()
    scene.served.files = with_receipts
    again = mirrored(scene, folder)
    again.round()
    assert again.timed
    assert kept(folder) == all_of(scene.log)


def test_a_copy_of_a_copy_has_the_same_receipts_and_a_source_that_has_some_gives_those(
    scene: Scene, folder: Path
) -> None:
    grow(scene, 300, 1, 300, 7)
    mirrored(scene, folder).round()
    with served(folder) as source:
        second = folder.with_name("second")
        Mirror(source, scene.log.trust(), MirrorCopy(FolderWriter(second))).round()
        assert files_of(second / "receipts") == files_of(folder / "receipts")
        (folder / receipts_path(1)).unlink()
        third = folder.with_name("third")
        filling = Mirror(source, scene.log.trust(), MirrorCopy(FolderWriter(third)))
        filling.round()
        assert not filling.timed
        assert files_of(third / "receipts").keys() == {Path(receipts_path(0)).name}
    mirrored(scene, third).round()
    assert kept(third) == all_of(scene.log)


def test_a_copy_that_leaves_a_receipt_out_is_not_copied(scene: Scene, folder: Path) -> None:
    grow(scene, 4, 4, 4)
    mirrored(scene, folder).round()
    (file,) = (folder / "receipts" / "000.p").iterdir()
    receipts = decode_receipts(file.read_bytes())
    for left in (receipts[1:], receipts[:1] + receipts[2:], receipts[:-1]):
        file.write_bytes(encode_receipts(left))
        with served(folder) as source, pytest.raises(Inconsistent):
            Mirror(source, scene.log.trust(), MirrorCopy(FolderWriter(folder.with_name("second")))).round()


@pytest.mark.parametrize("how", ["flipped", "another index", "another key", "another tree"])
def test_a_receipt_that_does_not_hold_is_shouted_about_and_not_kept(scene: Scene, folder: Path, how: str) -> None:
    grow(scene, 4, 4, 4)
    log, first = scene.log, scene.log.heads[1].size
    path = f"entries/{first}"
    good = scene.served.files[path]
    if how == "flipped":
        scene.served.files[path] = good[:-1] + bytes([good[-1] ^ 1])
    elif how == "another index":
        scene.served.files[path] = log.receipt(first + 1)
    else:
        other = log.fork(first)
        other.heads = log.heads[:2]
        if how == "another key":
            other.receipt_key = PaperLog().receipt_key
        else:
            other.add(log.anchors(), OTHER, "party:organizer", scene.organizer)
        for entry in log.entries[len(other.entries) : log.heads[2].size]:
            other.entries.append(entry)
        if how == "another tree":
            # The first entry is the one that the log has, another one is not: only the root tells.
            other.entries[first], other.entries[first + 1] = log.entries[first], other.entries[first]
        other.commit()
        head = other.heads[-1]
        scene.served.files[path] = encode_receipt(
            head.protected, head.signature, head.size, first, audit_path(first, other.entries)
        )
    with pytest.raises(Inconsistent) as caught:
        mirrored(scene, folder).round()
    assert caught.value.kind == ("two_trees" if how == "another tree" else "false_files")
    assert not (folder / "receipts").exists()
    assert not (folder / "checkpoint").exists()


def test_a_damaged_file_of_receipts_is_named_and_never_overwritten(
    scene: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(scene, 300)
    with monkeypatch.context() as patch:

        def die(*_: object) -> None:
            raise Killed

        patch.setattr(FolderWriter, "swap", die)
        with pytest.raises(Killed):
            mirrored(scene, folder).round()
    damaged = folder / receipts_path(0)
    good = damaged.read_bytes()
    for bad in (good[:-1] + bytes([good[-1] ^ 1]), good[:-1], b""):
        damaged.write_bytes(bad)
        with pytest.raises(Damaged, match="receipts/000"):
            mirrored(scene, folder).round()
        assert damaged.read_bytes() == bad
    damaged.write_bytes(good)
    mirrored(scene, folder).round()
    assert kept(folder) == all_of(scene.log)
