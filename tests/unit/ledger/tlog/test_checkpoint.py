"""A checkpoint has one form, speaks for one log, and is believed only under that log's key."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import Malformed, Refuted
from ledger.limits import CHECKPOINT_BYTES_MAX, TREE_SIZE_MAX
from ledger.tlog.checkpoint import (
    Checkpoint,
    VerifiedCheckpoint,
    format_checkpoint,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
)
from ledger.tlog.hashing import EMPTY_ROOT
from ledger.tlog.note import NoteSigner, Signature, format_note, parse_note, sign_note
from tests.support.examples import examples

# The example of C2SP tlog-checkpoint.
C2SP = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
).encode()


def signer(name: str, seed: int) -> NoteSigner:
    return NoteSigner(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


ORIGIN = "log.example/credit"
LOG, NEXT, OTHER, WITNESS = signer(ORIGIN, 1), signer(ORIGIN, 2), signer("log.example/other", 1), signer("witness", 3)
HEAD = Checkpoint(ORIGIN, 7, bytes(range(32)))
lines = st.text(max_size=8)
roots = st.binary(min_size=32, max_size=32)


def test_the_example_of_the_specification_is_read() -> None:
    text = parse_note(C2SP).text
    head = parse_checkpoint(text)
    assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert head.root.hex().startswith("0ac5186a")
    assert format_checkpoint(head) == text


def test_a_signed_checkpoint_is_three_lines_and_a_signature() -> None:
    data = sign_checkpoint(HEAD, LOG)
    body, signature = data.decode().split("\n\n")
    assert body == f"{ORIGIN}\n7\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    assert signature.startswith(f"— {ORIGIN} ")
    assert open_checkpoint(data, LOG.key) == VerifiedCheckpoint(ORIGIN, 7, bytes(range(32)))


def test_what_is_not_verified_is_not_of_the_type_that_is() -> None:
    assert not isinstance(parse_checkpoint(format_checkpoint(HEAD)), VerifiedCheckpoint)


def test_any_of_a_logs_keys_opens_its_checkpoint() -> None:
    assert open_checkpoint(sign_checkpoint(HEAD, NEXT), LOG.key, NEXT.key).size == 7
    assert open_checkpoint(sign_checkpoint(HEAD, NEXT), LOG.key, NEXT.key, origin=ORIGIN).size == 7


def test_others_cannot_speak_for_a_log() -> None:
    text = format_checkpoint(HEAD)
    with pytest.raises(Malformed):
        sign_checkpoint(HEAD, OTHER)
    for data, keys, origin in (
        (sign_checkpoint(HEAD, LOG), [NEXT.key], None),
        (sign_checkpoint(HEAD, LOG), [], None),
        (sign_note(text, [OTHER]), [OTHER.key], None),
        (sign_note(text, [WITNESS]), [LOG.key], ORIGIN),
        (sign_checkpoint(HEAD, LOG), [LOG.key], "log.example/other"),
    ):
        with pytest.raises(Refuted):
            open_checkpoint(data, *keys, origin=origin)


def test_witnesses_signatures_do_not_get_in_the_way() -> None:
    assert open_checkpoint(sign_note(format_checkpoint(HEAD), [WITNESS, LOG]), LOG.key).root == HEAD.root


def test_a_signed_text_that_is_no_checkpoint_is_malformed() -> None:
    with pytest.raises(Malformed):
        open_checkpoint(sign_note(b"hello\n", [LOG]), LOG.key)


@settings(max_examples=300, deadline=None)
@given(lines, st.integers(-1, 3) | st.integers(), roots | st.just(EMPTY_ROOT), st.lists(lines, max_size=2))
def test_what_can_be_written_is_read_back_the_same(origin: str, size: int, root: bytes, extensions: list[str]) -> None:
    try:
        head = Checkpoint(origin, size, root, tuple(extensions))
    except Malformed:
        return
    assert parse_checkpoint(format_checkpoint(head)) == head


ROOT = b"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
PIECES = [b"\n", b"origin", b"7", b"0", b"00", b"-1", b"+", b" ", ROOT, ROOT[:-4], b"\xff", b"\r", "٧".encode(), b"\0"]


@settings(max_examples=examples(1_000), deadline=None)
@given(
    st.binary(max_size=80)
    | st.lists(st.sampled_from(PIECES), max_size=9).map(b"".join)
    | st.lists(st.sampled_from(PIECES), max_size=5).map(lambda p: b"\n".join([b"origin", *p, b""]))
)
def test_any_bytes_are_a_checkpoint_in_its_one_form_or_malformed(data: bytes) -> None:
    try:
        head = parse_checkpoint(data)
    except Malformed:
        return
    assert format_checkpoint(head) == data


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_checkpoint_with_any_bit_flipped_is_not_opened(data: st.DataObject) -> None:
    note = bytearray(sign_checkpoint(HEAD, LOG))
    bit = data.draw(st.integers(0, 8 * len(note) - 1))
    note[bit // 8] ^= 1 << bit % 8
    with pytest.raises((Malformed, Refuted)):
        open_checkpoint(bytes(note), LOG.key)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"origin\n7\n",
        b"origin\n7\n" + ROOT,
        b"\n7\n" + ROOT + b"\n",
        b"origin\n07\n" + ROOT + b"\n",
        b"origin\n-7\n" + ROOT + b"\n",
        b"origin\n7 \n" + ROOT + b"\n",
        b"origin\n7_0\n" + ROOT + b"\n",
        b"origin\n9223372036854775808\n" + ROOT + b"\n",
        b"origin\n" + b"9" * 5_000 + b"\n" + ROOT + b"\n",
        b"origin\n0\n" + ROOT + b"\n",
        b"origin\n7\n" + ROOT[:-4] + b"\n",
        b"origin\n7\n" + ROOT.replace(b"2I=", b"2J=") + b"\n",
        b"origin\r\n7\r\n" + ROOT + b"\r\n",
        b"origin\n7\n" + ROOT + b"\n\n",
        b"origin\n7\n" + ROOT + b"\n\nextension\n",
        b"\xff\n7\n" + ROOT + b"\n",
    ],
)
def test_other_forms_are_not_checkpoints(text: bytes) -> None:
    with pytest.raises(Malformed):
        parse_checkpoint(text)


def test_the_empty_and_the_largest_tree_have_checkpoints() -> None:
    assert parse_checkpoint(format_checkpoint(Checkpoint(ORIGIN, 0, EMPTY_ROOT))).root == EMPTY_ROOT
    assert parse_checkpoint(format_checkpoint(Checkpoint(ORIGIN, TREE_SIZE_MAX, bytes(32)))).size == TREE_SIZE_MAX


def test_extension_lines_of_other_logs_are_kept() -> None:
    text = format_checkpoint(HEAD) + b"Timestamp: 1\n"
    assert parse_checkpoint(text).extensions == ("Timestamp: 1",)
    assert open_checkpoint(sign_note(text, [LOG]), LOG.key).extensions == ("Timestamp: 1",)


def test_checkpoints_larger_than_the_limit_are_not_read() -> None:
    text = format_checkpoint(HEAD)
    with pytest.raises(Malformed):
        parse_checkpoint(text + b"x" * CHECKPOINT_BYTES_MAX + b"\n")
    large = Signature("witness", bytes(4), bytes(CHECKPOINT_BYTES_MAX))
    with pytest.raises(Malformed):
        open_checkpoint(format_note(text, [LOG.sign(text), large]), LOG.key)
