"""Whether two machines run the same program: by a digest of its source. Another version might come to other results."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

__all__ = ["program_digest", "source_digest"]

_SUFFIXES: Final = (".py", ".sql", ".toml")
_COMPILED: Final = (".pyc", ".pyo")
_BOOK: Final = "ledger"


def source_digest(do: Callable[..., Any]) -> str:
    """Of the interpreter's version, the book's package and that of `do`: SHA-256 in hexadecimal."""
    packages = sorted({_BOOK, do.__module__.partition(".")[0]})
    said = [f"{sys.version_info.major}.{sys.version_info.minor}", *map(_of_package, packages)]
    return sha256("\n".join(said).encode()).hexdigest()


@cache
def program_digest(packages: tuple[str, ...], distributions: tuple[str, ...]) -> str:
    """Of every file of these packages, templates and style sheets among them, and of the versions of distributions:
    whatever comes out may differ where any of it does. SHA-256 in hexadecimal."""
    said = [f"{sys.version_info.major}.{sys.version_info.minor}"]
    said += [_of_package(name, all_files=True) for name in packages]
    said += [f"{name} {version(name)}" for name in distributions]
    return sha256("\n".join(said).encode()).hexdigest()


@cache
def _of_package(name: str, *, all_files: bool = False) -> str:
    spec = find_spec(name)
    found = sha256(name.encode())
    for place in sorted(spec.submodule_search_locations or ()) if spec is not None else ():
        folder = Path(place)
        for path in sorted(folder.rglob("*")):
            if path.suffix in _SUFFIXES or (all_files and path.suffix not in _COMPILED and path.is_file()):
                data = path.read_bytes()
                found.update(f"{path.relative_to(folder)} {len(data)}\n".encode() + data)
    return found.hexdigest()
