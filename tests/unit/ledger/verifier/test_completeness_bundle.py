"""The form of a completeness bundle: one file for one bundle, within its limits, whatever bytes come."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from api.http.errors import problem_of
from ledger.cose import headers
from ledger.cose.cbor import decode, encode
from ledger.errors import Malformed
from ledger.tlog.prefix import MapLeaf, MapProof, MapValue
from ledger.verifier.formats import bundle as form
from ledger.verifier.formats.bundle import Bundle, BundleTooLarge, Shown, StreamShown, is_bundle, parse_bundle
from tests.support.bundles import encode_bundle
from tests.support.examples import examples

HASHES = st.binary(min_size=32, max_size=32)
PROOFS = st.builds(
    MapProof,
    st.lists(HASHES | st.just(b""), max_size=20).map(tuple),
    st.none() | st.builds(MapLeaf, HASHES, st.builds(MapValue, st.integers(1, 2**40), HASHES)),
)
ENTRIES = st.lists(st.builds(Shown, st.binary(max_size=300), st.none() | st.binary(max_size=50)), max_size=4).map(tuple)
SUBJECTS = st.sampled_from(["party:root", "policy", "campaign:2026", "party:organizer"])


@st.composite
def bundles(draw: st.DrawFn) -> Bundle:
    rest = draw(st.lists(SUBJECTS, unique=True, max_size=4))
    streams = [StreamShown(one, draw(PROOFS), draw(ENTRIES)) for one in ("uscc:91110000600037341L", *rest)]
    consistency = tuple(tuple(draw(st.lists(HASHES, max_size=3))) for _ in range(draw(st.integers(0, 3))))
    return Bundle(draw(st.binary(max_size=200)), draw(st.binary(max_size=200)), consistency, tuple(streams))


EXAMPLE = Bundle(
    b"note", b"root", (), (StreamShown("uscc:91110000600037341L", MapProof((b"\1" * 32,), None), (Shown(b"a", None),)),)
)


@given(bundles())
def test_a_bundle_comes_back_as_it_was_and_is_known_as_one(bundle: Bundle) -> None:
    data = encode_bundle(bundle)
    assert parse_bundle(data) == bundle
    assert encode_bundle(parse_bundle(data)) == data
    assert is_bundle(data)


@settings(max_examples=examples(300))
@given(bundles(), st.data())
def test_of_whatever_bytes_only_the_one_form_is_read(bundle: Bundle, data: st.DataObject) -> None:
    encoded = bytearray(encode_bundle(bundle))
    for _ in range(data.draw(st.integers(1, 3))):
        encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = parse_bundle(bytes(encoded))
    except Malformed:
        return
    assert encode_bundle(found) == encoded


@given(st.binary(max_size=200))
def test_what_is_no_bundle_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_bundle(data)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("typ", headers.EVIDENCE),
        ("v", 2),
        ("checkpoint", "note"),
        ("consistency", [["x"]]),
        ("consistency", ["ab"]),
        ("streams", []),
        ("streams", [{"subject": "party:root", "proof": {"path": [], "found": None}, "entries": []}]),
        ("more", 1),
    ],
)
def test_other_fields_and_values_are_malformed(key: str, value: object) -> None:
    fields = decode(encode_bundle(EXAMPLE))
    assert isinstance(fields, dict)
    with pytest.raises(Malformed):
        parse_bundle(encode({**fields, key: value}))


@pytest.mark.parametrize("subject", ["map", "uscc:91110000600037341L", "local:test/1"])
def test_only_one_enterprise_and_governing_streams_are_shown(subject: str) -> None:
    more = (*EXAMPLE.streams, replace(EXAMPLE.streams[0], subject=subject))
    with pytest.raises(Malformed):
        parse_bundle(encode_bundle(replace(EXAMPLE, streams=more)))


def test_no_stream_is_shown_twice() -> None:
    policy = replace(EXAMPLE.streams[0], subject="policy")
    with pytest.raises(Malformed):
        parse_bundle(encode_bundle(replace(EXAMPLE, streams=(*EXAMPLE.streams, policy, policy))))


@pytest.mark.parametrize("limit", ["BUNDLE_ENTRIES_MAX", "BUNDLE_STREAMS_MAX", "BUNDLE_BYTES_MAX"])
def test_beyond_its_limits_there_is_no_bundle(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode_bundle(EXAMPLE)
    monkeypatch.setattr(form, limit, 0)
    with pytest.raises(Malformed):
        parse_bundle(data)
    if limit != "BUNDLE_BYTES_MAX":  # whoever makes the entries bounds their bytes
        with pytest.raises(BundleTooLarge) as refused:
            encode_bundle(EXAMPLE)
        assert problem_of(refused.value).status == 413


def test_a_bundle_with_fewer_entries_than_it_said_is_never_finished() -> None:
    class Short:
        def __len__(self) -> int:
            return 2

        def __iter__(self) -> Iterator[Shown]:
            return iter(EXAMPLE.streams[0].entries)

    with pytest.raises(AssertionError):
        encode_bundle(replace(EXAMPLE, streams=(replace(EXAMPLE.streams[0], entries=Short()),)))


def test_what_is_read_of_a_bundle_stays_in_its_file_until_it_is_asked_for() -> None:
    """A bundle of very many entries costs its bytes and a few more for each."""
    entries = tuple(Shown(bytes(500), None) for _ in range(2_000))
    data = encode_bundle(replace(EXAMPLE, streams=(replace(EXAMPLE.streams[0], entries=entries),)))
    tracemalloc.start()
    found = parse_bundle(data)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.streams[0].entries == entries
    assert kept < len(data) // 10
