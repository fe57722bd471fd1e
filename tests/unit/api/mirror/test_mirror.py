"""A mirror holds what the log signed, file for file, and never anything else, wherever it was stopped."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from api.mirror.folder_writer import FolderWriter
from api.mirror.mirror import Mirror
from api.mirror.mirror_copy import MirrorCopy
from api.mirror.target_writer import Damaged
from api.monitor.checkpoint_growth import Inconsistent
from ledger.domain.events.annex import AnnexTakenDown
from ledger.domain.events.base import Annex
from ledger.errors import LedgerError, Misconfigured, Uncheckable
from ledger.tlog.tiles import bundle_path, tile_path
from tests.support.standards import declared
from tests.support.statements import TODAY, registered
from tests.unit.api.monitor.conftest import OTHER, SUBJECT, Scene
from tests.unit.api.monitor.served import laid_out


class Killed(BaseException):
    """`kill -9`, as far as one process can do that to itself: nothing more is carried out."""


def files_of(path: Path) -> dict[str, bytes]:
    """What a file server over the folder would show."""
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.is_file() and ".mirror" not in file.parts
    }


def mirrored(scene: Scene, path: Path) -> Mirror:
    return Mirror(scene.source(), scene.log.trust(), MirrorCopy(FolderWriter(path)))


def assert_whole(scene: Scene, path: Path, expected: dict[str, bytes] | None = None) -> None:
    """The folder holds every file of the log's newest tree, under the same address, and no file of its own making."""
    found, expected = files_of(path), dict(expected or laid_out(scene.log))
    expected.pop(".well-known/credit-ledger-trust.json")
    assert {name: found.get(name) for name in expected} == expected
    for name in found.keys() - expected.keys():
        assert ".p/" in name, f"{name} is of no tree"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "mirror"


@pytest.mark.parametrize("steps", [(1,), (1, 1, 5), (251,), (252,), (253, 300), (600, 1)])
def test_the_copy_is_the_log_file_for_file_however_it_grew(scene: Scene, folder: Path, steps: tuple[int, ...]) -> None:
    mirror = mirrored(scene, folder)
    mirror.round()
    for step in steps:
        scene.say(SUBJECT, step)
        assert mirror.round() == len(scene.log.entries)
        assert_whole(scene, folder)


def test_partial_files_go_when_the_full_ones_are_there_and_not_before(scene: Scene, folder: Path) -> None:
    mirror, size = mirrored(scene, folder), len(scene.log.entries)
    mirror.round()
    scene.say(SUBJECT)
    mirror.round()
    assert (folder / tile_path(0, 0, size)).is_file(), "a reader of the checkpoint before still needs it"
    scene.say(SUBJECT, 260)
    mirror.round()
    assert not (folder / (tile_path(0, 0) + ".p")).exists() and not (folder / (bundle_path(0) + ".p")).exists()


def test_a_quiet_log_costs_one_request_and_no_write(scene: Scene, folder: Path) -> None:
    mirror = mirrored(scene, folder)
    mirror.round()
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    del scene.served.asked[:]
    mirror.round()
    assert scene.served.asked == ["checkpoint"]
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_annexes_are_copied_under_their_digests(scene: Scene, folder: Path) -> None:
    content = b"indicator,value\n1,2\n"
    digest = sha256(content).hexdigest()
    annex = Annex(sha256=digest, bytes=len(content), media_type="text/csv")
    scene.served.files[f"annexes/{digest}"] = content
    scene.say(SUBJECT, event=declared(annex=annex))
    kept = scene.served.files
    mirrored(scene, folder).round()
    assert (folder / "annexes" / digest).read_bytes() == content
    scene.served.files = {**kept, f"annexes/{digest}": b"another"}
    with pytest.raises(Inconsistent) as caught:
        mirrored(scene, folder.with_name("second")).round()
    assert caught.value.kind == "false_files"
    assert not (folder.with_name("second") / "checkpoint").exists()
    scene.served.files.pop(f"annexes/{digest}")
    with pytest.raises(Uncheckable):
        mirrored(scene, folder.with_name("third")).round()


def taken_down(scene: Scene, digest: str) -> None:
    scene.served.files.pop(f"annexes/{digest}", None)
    scene.say(SUBJECT, event=AnnexTakenDown(v=1, effective_on=TODAY, annex=digest, ground="含有个人信息"))


def test_an_annex_that_is_taken_down_goes_here_too_and_is_never_asked_for_again(scene: Scene, folder: Path) -> None:
    content = b"name\n"
    digest = sha256(content).hexdigest()
    annex = Annex(sha256=digest, bytes=len(content), media_type="text/csv")
    scene.served.files[f"annexes/{digest}"] = content
    scene.say(SUBJECT, event=declared(annex=annex))
    mirror = mirrored(scene, folder)
    mirror.round()
    assert (folder / "annexes" / digest).is_file()
    taken_down(scene, digest)
    mirror.round()
    assert not (folder / "annexes" / digest).exists()
    del scene.served.asked[:]
    scene.say(SUBJECT, event=declared(number="Q/CSGD 004-2018", annex=annex))
    mirrored(scene, folder).round()
    assert f"annexes/{digest}" not in scene.served.asked


def test_a_mirror_that_begins_after_a_take_down_is_whole_without_the_annex(scene: Scene, folder: Path) -> None:
    annex = Annex(sha256="ab" * 32, bytes=10, media_type="text/csv")
    scene.say(SUBJECT, event=declared(annex=annex))
    with pytest.raises(Uncheckable, match="took it down"):
        mirrored(scene, folder).round()
    assert not (folder / "checkpoint").exists()
    taken_down(scene, annex.sha256)
    mirrored(scene, folder).round()
    assert (folder / "checkpoint").is_file()
    assert not (folder / "annexes" / annex.sha256).exists()


# crashes


def _killed_before_it_shows_them(scene: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A round whose files all lie in the folder, under no checkpoint."""
    with monkeypatch.context() as patch:

        def die(self: FolderWriter, path: str, content: bytes, seen: bytes | None) -> None:
            raise Killed

        patch.setattr(FolderWriter, "swap", die)
        with pytest.raises(Killed):
            mirrored(scene, folder).round()


def test_what_was_copied_before_a_crash_is_not_fetched_again(
    scene: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.say(SUBJECT, 600)
    _killed_before_it_shows_them(scene, folder, monkeypatch)
    assert not (folder / "checkpoint").exists()
    del scene.served.asked[:]
    mirrored(scene, folder).round()
    assert [path for path in scene.served.asked if path.startswith("tile/entries/")] == [
        bundle_path(2, len(scene.log.entries) - 512)
    ]
    assert_whole(scene, folder)


def test_a_fork_while_a_copy_was_under_way_is_noticed(
    scene: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = scene.log.fork(len(scene.log.entries))
    other.heads = scene.log.heads[:1]
    scene.say(SUBJECT, 3)
    _killed_before_it_shows_them(scene, folder, monkeypatch)
    for _ in range(3):
        other.add(registered(), OTHER, "party:organizer", scene.organizer)
    other.commit()
    scene.served.show(other)
    with pytest.raises(Inconsistent) as caught:
        mirrored(scene, folder).round()
    assert caught.value.kind == "two_trees"


# what must not be written


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.monitor.checkpoint_growth.FOLLOW_STALE_SECONDS", 0.0)


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("how", ["rolled_back", "two_trees", "forked", "false_files", "not_signed"])
def test_nothing_of_an_inconsistent_log_is_written(scene: Scene, folder: Path, how: str) -> None:
    old, size = dict(scene.served.files), len(scene.log.entries)
    other = scene.log.fork(size)
    other.heads = scene.log.heads[:1]
    scene.say(SUBJECT, 2)
    mirrored(scene, folder).round()
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    if how == "rolled_back":
        scene.served.files = old
    elif how in ("two_trees", "forked"):
        for _ in range(2 if how == "two_trees" else 7):
            other.add(registered(), OTHER, "party:organizer", scene.organizer)
        other.commit()
        scene.served.show(other)
    elif how == "false_files":
        scene.say(SUBJECT)
        path = bundle_path(0, len(scene.log.entries))
        good = scene.served.files[path]
        scene.served.files[path] = good[:-1] + bytes([good[-1] ^ 1])
    else:
        note = scene.served.files["checkpoint"]
        scene.served.files["checkpoint"] = note.replace(f"\n{size + 2}\n".encode(), f"\n{size + 3}\n".encode())
    with pytest.raises(Inconsistent) as caught:
        mirrored(scene, folder).round()
    assert caught.value.kind == how
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    pending = folder / ".mirror" / "pending"
    if how == "false_files":
        assert after.pop(pending) == scene.served.files["checkpoint"], "that it was signed, is remembered"
    assert after == before


def test_a_damaged_full_file_is_named_and_never_overwritten(
    scene: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.say(SUBJECT, 600)
    _killed_before_it_shows_them(scene, folder, monkeypatch)
    for damaged in (folder / tile_path(0, 1), folder / bundle_path(1)):
        good = damaged.read_bytes()
        bad = good[:-1] + bytes([good[-1] ^ 1])
        damaged.write_bytes(bad)
        with pytest.raises(Damaged, match="001"):
            mirrored(scene, folder).round()
        assert damaged.read_bytes() == bad
        damaged.write_bytes(good)
    mirrored(scene, folder).round()
    assert_whole(scene, folder)


def test_a_folder_of_other_things_is_left_alone(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8")
    with pytest.raises(Misconfigured):
        MirrorCopy(FolderWriter(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]


def test_a_copy_of_another_log_is_not_gone_on_from(scene: Scene, folder: Path) -> None:
    mirrored(scene, folder).round()
    note = (folder / "checkpoint").read_bytes()
    (folder / "checkpoint").write_bytes(note.replace(b"ledger.example", b"another.example"))
    with pytest.raises(LedgerError):
        mirrored(scene, folder)


def test_two_mirrors_of_one_folder_are_refused(folder: Path) -> None:
    first, second = (MirrorCopy(FolderWriter(folder)) for _ in range(2))
    with first.alone(), pytest.raises(Misconfigured, match="another process works here"), second.alone():
        pass
    with second.alone():
        pass
