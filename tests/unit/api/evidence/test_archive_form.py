"""The one form of an archive: a ZIP that is anything else is refused before it can do harm."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import Malformed
from ledger.verifier.formats.archive import read_archive, write_archive

MEMBERS = {"manifest.json": b"{}", "entries/0000000001.body.json": b"body", "index.html": b"<!DOCTYPE html>"}


def packed(members: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """As any other program would pack it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, compression)
    return file.getvalue()


def test_reading_is_the_inverse_of_writing_and_the_order_of_members_does_not_matter() -> None:
    data = write_archive(MEMBERS)
    assert read_archive(data) == MEMBERS
    assert write_archive(dict(reversed(MEMBERS.items()))) == data


@pytest.mark.parametrize(
    "name",
    ["../evil", "/etc/passwd", "a/../b", "a\\b", "C:evil", "a//b", ".hidden", "a/b/c", "", "名称", "a\x00b", "x" * 200],
)
def test_a_path_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(Malformed):
        write_archive({name: b""})
    with pytest.raises(Malformed):
        read_archive(packed({**MEMBERS, name: b"x"}))


def test_a_bomb_is_refused_by_its_directory() -> None:
    bomb = packed({"manifest.json": bytes(64 * 1024 * 1024)}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 100_000
    with pytest.raises(Malformed, match="compressed"):
        read_archive(bomb)


def test_members_that_overlap_are_refused() -> None:
    data = bytearray(write_archive({"a": b"x" * 1_000, "b": b"y"}))
    directory = data.rindex(b"PK\x01\x02")
    data[directory + 42 : directory + 46] = (0).to_bytes(4, "little")  # both begin at the first
    with pytest.raises(Malformed):
        read_archive(bytes(data))


@pytest.mark.parametrize("change", ["before", "after", "comment", "twice", "link"])
def test_what_hides_beside_the_members_is_refused(change: str) -> None:
    data = write_archive(MEMBERS)
    if change == "before":
        data = b"#!/bin/sh\n" + data
    elif change == "after":
        data += b"more"
    elif change == "comment":
        data = data[:-2] + b"\x04\x00note"
    elif change == "twice":
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(zipfile.ZipInfo("manifest.json"), b"one")
            with pytest.warns(UserWarning, match="Duplicate"):
                archive.writestr(zipfile.ZipInfo("manifest.json"), b"two")
        data = file.getvalue()
    else:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            row = zipfile.ZipInfo("index.html")
            row.external_attr = 0o120777 << 16
            archive.writestr(row, "/etc/passwd")
        data = file.getvalue()
    with pytest.raises(Malformed):
        read_archive(data)


@settings(max_examples=300, deadline=None)
@given(at=st.integers(0, len(write_archive(MEMBERS)) - 1), bit=st.integers(0, 7), cut=st.booleans())
def test_a_changed_or_missing_byte_is_refused_with_our_own_error(at: int, bit: int, cut: bool) -> None:
    data = bytearray(write_archive(MEMBERS))
    if cut:
        del data[at]
    else:
        data[at] ^= 1 << bit
    with pytest.raises(Malformed):
        read_archive(bytes(data))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_garbage_is_refused_with_our_own_error(data: bytes) -> None:
    with pytest.raises(Malformed):
        read_archive(b"PK\x03\x04" + data)
