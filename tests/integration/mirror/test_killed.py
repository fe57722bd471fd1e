"""A mirror that is killed at any of its steps leaves what its readers can rely on, and goes on from there."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from api.mirror import folder_writer
from api.monitor.atomic_files import TEMPORARY
from tests.unit.api.mirror.test_mirror import Killed, assert_whole, folder, mirrored
from tests.unit.api.mirror.test_receipts import all_of, grow, kept
from tests.unit.api.monitor.conftest import SUBJECT, Scene, scene
from tests.unit.api.monitor.served import laid_out

__all__ = ["folder", "scene"]


def _countdown(monkeypatch: pytest.MonkeyPatch, steps: int) -> Callable[[], int]:
    """Dies before the `steps`-th thing that outlasts the process: a write, a renaming, a syncing, a removal.

    None comes after that, also from the threads that sync.
    """
    done, lock = 0, threading.Lock()

    def counted(function: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **named: object) -> object:
            nonlocal done
            with lock:
                done += 1
                if done >= steps:
                    raise Killed
            return function(*arguments, **named)

        return call

    for owner, name in (
        (os, "fsync"),
        (Path, "replace"),
        (Path, "unlink"),
        (Path, "mkdir"),
        (os, "unlink"),
        (os, "rmdir"),
        (folder_writer, "write_beside"),
    ):
        monkeypatch.setattr(owner, name, counted(getattr(owner, name)))
    return lambda: done


def killed_at_each_step(scene: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Copies of a mirror's folder, each after a round that died one step later than that of the copy before.

    The last round came to its end.
    """
    step, finished = 0, False
    while not finished:
        step += 1
        copy = folder.with_name(f"killed-{step}")
        shutil.copytree(folder, copy)
        with monkeypatch.context() as patch:
            done = _countdown(patch, step)
            with contextlib.suppress(Killed):
                mirrored(scene, copy).round()
            finished = done() < step
        yield copy
    assert step > 20, "the drill must have stopped it everywhere"


def _check_readable(folder: Path, whole: dict[int, dict[str, bytes]]) -> None:
    """Whatever checkpoint is shown, the files that its readers ask for are there, in full or in part."""
    if not (folder / "checkpoint").is_file():
        return
    size = int((folder / "checkpoint").read_bytes().split(b"\n")[1])
    for name, content in whole[size].items():
        if name.startswith("tile/"):
            path = folder / name
            if not path.is_file():
                path = folder / name.partition(".p/")[0]
            assert path.read_bytes().startswith(content), name


def test_killed_at_any_step_it_leaves_a_whole_log_and_goes_on(
    scene: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirrored(scene, folder).round()
    whole = {len(scene.log.entries): laid_out(scene.log)}
    scene.say(SUBJECT, 255 - len(scene.log.entries))
    mirrored(scene, folder).round()
    whole[len(scene.log.entries)] = laid_out(scene.log)
    scene.say(SUBJECT, 3)
    whole[len(scene.log.entries)] = laid_out(scene.log)
    for copy in killed_at_each_step(scene, folder, monkeypatch):
        _check_readable(copy, whole)
        mirrored(scene, copy).round()
        _check_readable(copy, whole)
        assert_whole(scene, copy, whole[len(scene.log.entries)])
        assert not [path for path in copy.rglob("*") if path.name.endswith(TEMPORARY)]


def test_killed_at_any_step_the_receipts_under_a_shown_checkpoint_are_whole(
    scene: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(scene, 1)
    mirrored(scene, folder).round()
    grow(scene, 200, 3, 60, 1)
    for copy in killed_at_each_step(scene, folder, monkeypatch):
        size = int((copy / "checkpoint").read_bytes().split(b"\n")[1])
        if size == len(scene.log.entries):
            assert kept(copy) == all_of(scene.log)
        else:
            assert kept(copy)[:2] == all_of(scene.log)[:2]
        mirror = mirrored(scene, copy)
        mirror.round()
        assert mirror.timed
        assert kept(copy) == all_of(scene.log)
