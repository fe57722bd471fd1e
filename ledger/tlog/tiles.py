"""Tiles and entry bundles: their paths, their bytes, and reading tree nodes out of them (C2SP tlog-tiles v0.1.0).

A tile is up to 256 neighbouring hashes of every eighth level of the tree, joined: level L of tiles is level
8 · L of the tree, and tile n holds its nodes 256 · n and on. A bundle is the entries below a tile of level 0.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from ledger.errors import Malformed, NotFound
from ledger.limits import STATEMENT_BYTES_MAX, TILE_HEIGHT, TILE_WIDTH, TREE_SIZE_MAX
from ledger.tlog.hashing import HASH_BYTES, root_of, split_hashes

__all__ = [
    "BundlePath",
    "TilePath",
    "TileReader",
    "bundle_path",
    "decode_bundle",
    "encode_bundle",
    "parse_bundle_path",
    "parse_tile_path",
    "tile_path",
    "tile_width",
]

_TILE_LEVEL_MAX: Final = 63  # of the format; no tree within TREE_SIZE_MAX has more than 8 levels of tiles
_TILES_CACHED_MAX: Final = 64
_LENGTH_BYTES: Final = 2
_NUMBER: Final = r"((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
_TILE: Final = re.compile(rf"tile/(0|[1-9][0-9]?)/{_NUMBER}")
_BUNDLE: Final = re.compile(rf"tile/entries/{_NUMBER}")


class TilePath(NamedTuple):
    """The `number`-th tile of `level`; `width` hashes of it, 256 if full."""

    level: int
    number: int
    width: int


class BundlePath(NamedTuple):
    """The `number`-th entry bundle; `width` entries of it, 256 if full."""

    number: int
    width: int


def tile_path(level: int, number: int, width: int = TILE_WIDTH) -> str:
    """`tile/<L>/<N>[.p/<W>]` (C2SP tlog-tiles, "Merkle Tree"). Raises `Malformed` if there is no such tile."""
    if not 0 <= level <= _TILE_LEVEL_MAX:
        raise Malformed(f"not a tile level: {level}")
    return f"tile/{level}/{_format_number(number, width)}"


def parse_tile_path(path: str) -> TilePath:
    """The inverse of `tile_path`; other spellings of the same tile raise `Malformed`."""
    match = _TILE.fullmatch(path)
    if match:
        level, digits, width = match.groups()
        tile = TilePath(int(level), _parse_number(digits), int(width or TILE_WIDTH))
        if tile_path(*tile) == path:
            return tile
    raise Malformed(f"not a tile path: {path[:80]!r}")


def bundle_path(number: int, width: int = TILE_WIDTH) -> str:
    """`tile/entries/<N>[.p/<W>]` (C2SP tlog-tiles, "Log entries"). Raises `Malformed` if there is no such bundle."""
    return f"tile/entries/{_format_number(number, width)}"


def parse_bundle_path(path: str) -> BundlePath:
    """The inverse of `bundle_path`; other spellings of the same bundle raise `Malformed`."""
    match = _BUNDLE.fullmatch(path)
    if match:
        digits, width = match.groups()
        bundle = BundlePath(_parse_number(digits), int(width or TILE_WIDTH))
        if bundle_path(*bundle) == path:
            return bundle
    raise Malformed(f"not an entry bundle path: {path[:80]!r}")


def tile_width(level: int, number: int, size: int) -> int:
    """How many hashes the tile has in a tree of `size` leaves: 0 (no such tile) to 256 ("Partial Tiles")."""
    return max(0, min(TILE_WIDTH, (size >> TILE_HEIGHT * level) - number * TILE_WIDTH))


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """1 to 256 entries, each after its length as a big-endian uint16 (C2SP tlog-tiles, "Log entries").

    Raises `Malformed` for another number of entries, or one of more than 65,535 bytes.
    """
    if not 0 < len(entries) <= TILE_WIDTH or any(len(entry) > STATEMENT_BYTES_MAX for entry in entries):
        raise Malformed("a bundle is 1 to 256 entries of at most 65,535 bytes")
    return b"".join([len(entry).to_bytes(_LENGTH_BYTES) + entry for entry in entries])


def decode_bundle(bundle: bytes) -> list[bytes]:
    """The inverse of `encode_bundle`. Raises `Malformed` for a cut or overlong bundle."""
    entries: list[bytes] = []
    at = 0
    while at < len(bundle) and len(entries) < TILE_WIDTH:
        start = at + _LENGTH_BYTES
        at = start + int.from_bytes(bundle[at:start])
        entries.append(bundle[start:at])
    if at != len(bundle) or not entries:
        raise Malformed("an entry bundle is cut short, empty or too long")
    return entries


class TileReader:
    """A `HashReader` for the tree of `size` leaves, on top of its tiles: what proofs are made from.

    `fetch(level, number, width)` gives a tile's `width` hashes, joined. Nothing is taken for true by this: a
    proof made from false tiles does not verify. Keeps the last tiles, so that a proof fetches each once.
    """

    def __init__(self, fetch: Callable[[int, int, int], bytes], size: int) -> None:
        self._fetch = fetch
        self._size = size
        self._tiles: dict[tuple[int, int], bytes] = {}

    def __call__(self, level: int, number: int) -> bytes:
        """The 32-byte hash of node `number` of tree level `level` (not tile level), a complete subtree.

        Raises `NotFound` if the tree has no such node, `Malformed` if a tile has not the length it must have.
        """
        if min(level, number) < 0 or (number + 1) << level > self._size:
            raise NotFound(f"no complete subtree {number} of level {level} in a tree of {self._size} leaves")
        tile_level, height = divmod(level, TILE_HEIGHT)
        tile_number, first = divmod(number << height, TILE_WIDTH)
        tile = self._tile(tile_level, tile_number)
        return root_of(split_hashes(tile[first * HASH_BYTES : (first + (1 << height)) * HASH_BYTES]))

    def _tile(self, level: int, number: int) -> bytes:
        tile = self._tiles.get((level, number))
        if tile is None:
            width = tile_width(level, number, self._size)
            tile = self._fetch(level, number, width)
            if len(tile) != width * HASH_BYTES:
                raise Malformed(f"tile {number} at level {level} does not hold {width} hashes")
            if len(self._tiles) >= _TILES_CACHED_MAX:
                del self._tiles[next(iter(self._tiles))]
            self._tiles[level, number] = tile
        return tile


def _format_number(number: int, width: int) -> str:
    """1234067 → `x001/x234/067`, with `.p/<width>` if partial (C2SP tlog-tiles, "Merkle Tree")."""
    if not 0 <= number <= TREE_SIZE_MAX or not 0 < width <= TILE_WIDTH:
        raise Malformed(f"not a tile number and width: {number}, {width}")
    path = f"{number % 1000:03}"
    while number := number // 1000:
        path = f"x{number % 1000:03}/{path}"
    return path if width == TILE_WIDTH else f"{path}.p/{width}"


def _parse_number(digits: str) -> int:
    return int(digits.replace("x", "").replace("/", ""))
