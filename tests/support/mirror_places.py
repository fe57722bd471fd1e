"""Places for mirrors: a folder, and a bucket of a real object store's stand-in (moto, as a server of its own)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, Self

import httpx
import obstore
import pytest

from api.mirror.mirror_copy import MirrorCopy
from api.mirror.target_writer import open_writer
from ledger.mirror.bucket_target import BucketTarget
from tests.support.running import free_port
from tests.support.waiting import answers, eventually

__all__ = ["BUCKET", "BucketPlace", "FolderPlace", "MirrorPlace", "kept", "object_store"]

BUCKET = "mirrors"


class MirrorPlace(Protocol):
    """Where a mirror may be, as a test looks at it and spoils it: past the mirror's own code."""

    address: str

    def all(self) -> dict[str, bytes]:
        """Everything that lies there, by path."""

    def get(self, path: str) -> bytes | None: ...
    def put(self, path: str, content: bytes) -> None: ...
    def clone(self, name: str) -> Self:
        """A copy of it beside it."""

    def beside(self, name: str) -> Self:
        """Another place, with nothing in it."""


class FolderPlace:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.address = str(path)

    def all(self) -> dict[str, bytes]:
        files = (file for file in sorted(self.path.rglob("*")) if file.is_file())
        return {str(file.relative_to(self.path)): file.read_bytes() for file in files}

    def get(self, path: str) -> bytes | None:
        file = self.path / path
        return file.read_bytes() if file.is_file() else None

    def put(self, path: str, content: bytes) -> None:
        (self.path / path).parent.mkdir(parents=True, exist_ok=True)
        (self.path / path).write_bytes(content)

    def clone(self, name: str) -> FolderPlace:
        return FolderPlace(Path(shutil.copytree(self.path, self.path.with_name(name))))

    def beside(self, name: str) -> FolderPlace:
        return FolderPlace(self.path.with_name(name))


class BucketPlace:
    def __init__(self, name: str) -> None:
        self.name = name
        self.address = f"s3://{BUCKET}/{name}"
        self.store = BucketTarget.open(self.address).store

    def all(self) -> dict[str, bytes]:
        names = sorted(one["path"] for some in obstore.list(self.store) for one in some)
        return {name: bytes(obstore.get(self.store, name).bytes()) for name in names}

    def get(self, path: str) -> bytes | None:
        try:
            return bytes(obstore.get(self.store, path).bytes())
        except FileNotFoundError:
            return None

    def put(self, path: str, content: bytes) -> None:
        obstore.put(self.store, path, content)

    def clone(self, name: str) -> BucketPlace:
        there = self.beside(name)
        for path, content in self.all().items():
            there.put(path, content)
        return there

    def beside(self, name: str) -> BucketPlace:
        return BucketPlace(f"{self.name}-{name}")


def kept(place: MirrorPlace) -> MirrorCopy:
    """The copy there, as the mirror works on it."""
    return MirrorCopy(open_writer(place.address))


@contextmanager
def object_store() -> Iterator[dict[str, str]]:
    """An object store with one bucket; the variables by which it is reached, which are set here meanwhile, too."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log
        )
        variables = {
            "AWS_ENDPOINT_URL": url,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        try:
            with pytest.MonkeyPatch.context() as patch:
                for name in [name for name in os.environ if name.startswith("AWS_")]:
                    patch.delenv(name)
                for name, value in variables.items():
                    patch.setenv(name, value)
                eventually(lambda: answers(url), "the object store answers")
                httpx.put(f"{url}/{BUCKET}").raise_for_status()
                yield variables
        finally:
            process.terminate()
            process.wait(30)
