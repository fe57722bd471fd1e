"""Notes are read in one form only, and believed only when a known key signed them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import Malformed, Refuted
from ledger.limits import NOTE_BYTES_MAX
from ledger.tlog.note import NoteSigner, Signature, VerifierKey, format_note, open_note, parse_note, sign_note
from ledger.tlog.vkey import COSIGNATURE_ED25519, ED25519, decode_base64
from tests.support.examples import examples

# From the documentation of Go's golang.org/x/mod/sumdb/note, where this format was first defined.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()
# The example of C2SP signed-note: its text has an empty line.
C2SP_NOTE = (
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
    "— quasimodo.example/salvatore "
    "NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
).encode()


def signer(name: str, seed: int = 1) -> NoteSigner:
    return NoteSigner(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


ALICE, BOB, MALLORY = signer("alice.example", 1), signer("bob.example", 2), signer("alice.example", 3)
TEXT = "a text\n\nof three lines, 中文\n".encode()

names = st.text(min_size=1, max_size=12) | st.sampled_from(["a", "a b", "a+b", "a\x85b", "\u3000", "—", "\ud800"])
texts = st.text("a—\n é\t", max_size=30).map(str.encode) | st.binary(max_size=30).map(lambda b: b + b"\n")
signatures = st.builds(Signature, names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=70))


def test_a_note_that_go_signed_is_opened() -> None:
    note = open_note(GO_NOTE, [VerifierKey.parse(GO_KEY)])
    assert note.text == GO_NOTE[: GO_NOTE.index(b"\n\n") + 1]
    assert [line.name for line in note.verified] == ["PeterNeumann"]


def test_the_last_empty_line_ends_the_text() -> None:
    note = parse_note(C2SP_NOTE)
    assert note.text.decode().endswith(":\n\ned è subito sera.\n")
    assert note.signatures[0].name == "quasimodo.example/salvatore"
    assert note.signatures[0].key_id.hex() == "367ba04b"
    assert len(note.signatures[0].signature) == 64


def test_what_is_signed_is_opened_by_each_key_alone_and_by_both() -> None:
    data = sign_note(TEXT, [ALICE, BOB])
    assert [line.name for line in open_note(data, [ALICE.key]).verified] == ["alice.example"]
    assert [line.name for line in open_note(data, [BOB.key]).unknown] == ["alice.example"]
    both = open_note(data, [BOB.key, ALICE.key])
    assert (both.text, len(both.verified), both.unknown) == (TEXT, 2, ())


def test_a_note_that_no_known_key_signed_is_refuted() -> None:
    for verifiers in ([], [BOB.key], [MALLORY.key]):
        with pytest.raises(Refuted):
            open_note(sign_note(TEXT, [ALICE]), verifiers)


def test_one_false_signature_of_a_known_key_refutes_the_note() -> None:
    good, bad = ALICE.sign(TEXT), Signature("bob.example", BOB.key.key_id, BOB.sign(b"other\n").signature)
    assert open_note(format_note(TEXT, [good, bad]), [ALICE.key]).verified == (good,)
    with pytest.raises(Refuted):
        open_note(format_note(TEXT, [good, bad]), [ALICE.key, BOB.key])
    with pytest.raises(Refuted):
        open_note(format_note(TEXT, [good, Signature(good.name, good.key_id, b"short")]), [ALICE.key])


def test_who_signs_twice_counts_once() -> None:
    line = ALICE.sign(TEXT)
    assert open_note(format_note(TEXT, [line, line]), [ALICE.key]).verified == (line,)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_note_with_any_bit_flipped_is_not_opened(data: st.DataObject) -> None:
    note = bytearray(sign_note(TEXT, [ALICE]))
    bit = data.draw(st.integers(0, 8 * len(note) - 1))
    note[bit // 8] ^= 1 << bit % 8
    with pytest.raises((Malformed, Refuted)):
        open_note(bytes(note), [ALICE.key])


@settings(max_examples=examples(500), deadline=None)
@given(texts, st.lists(signatures, max_size=4))
def test_what_can_be_written_is_read_back_the_same(text: bytes, lines: list[Signature]) -> None:
    try:
        data = format_note(text, lines)
    except Malformed:
        return
    note = parse_note(data)
    assert (note.text, list(note.signatures)) == (text, lines)


PIECES = [
    b"\n",
    b"\n\n",
    "— ".encode(),
    b"a ",
    b"+",
    b"AAAAAAAA",
    b"AAAAAAB=",
    b"AAAAAAA=",
    b"\xff",
    b"\r",
    b" ",
    b"=",
    b"\0",
]


@settings(max_examples=examples(1_000), deadline=None)
@given(st.binary(max_size=80) | st.lists(st.sampled_from(PIECES), max_size=14).map(lambda p: b"a\n\n" + b"".join(p)))
def test_any_bytes_are_a_note_in_its_one_form_or_malformed(data: bytes) -> None:
    try:
        note = parse_note(data)
    except Malformed:
        return
    assert format_note(note.text, note.signatures) == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"text\n",
        b"text\n\n",
        "text\n— a AAAAAAA=\n".encode(),  # no blank line
        "text\n\n— a AAAAAAA=".encode(),  # no newline at the end
        "text\n\n— a AAAAAAA=\n\n".encode(),
        "text\n\n— a AAAAAA==\n".encode(),  # a key id, no signature
        "text\n\n— a AAAAAAB=\n".encode(),  # bits that base64 does not use
        "text\n\n— a AAAAAAA\n".encode(),
        "text\n\n— a AAAA AAAA\n".encode(),
        "text\n\n— a  AAAAAAA=\n".encode(),
        "text\n\n— a+b AAAAAAA=\n".encode(),
        "text\n\n—  AAAAAAA=\n".encode(),
        "text\n\n— a\u3000b AAAAAAA=\n".encode(),
        b"text\n\n- a AAAAAAA=\n",
        b"text\n\na AAAAAAA=\n",
        "te\txt\n\n— a AAAAAAA=\n".encode(),
        "te\rxt\n\n— a AAAAAAA=\n".encode(),
        b"te\xffxt\n\n\xe2\x80\x94 a AAAAAAA=\n",
        b"text\n\n" + "— a AAAAAAA=\n".encode() * 101,
    ],
)
def test_other_forms_are_not_notes(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_note(data)


def test_a_hundred_signatures_are_read() -> None:
    assert len(parse_note(b"text\n\n" + "— a AAAAAAA=\n".encode() * 100).signatures) == 100


def test_notes_larger_than_the_limit_are_neither_written_nor_read() -> None:
    large = b"a" * NOTE_BYTES_MAX + b"\n"
    with pytest.raises(Malformed):
        sign_note(large, [ALICE])
    with pytest.raises(Malformed):
        parse_note(large + "\n— a AAAAAAA=\n".encode())


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", [b"\n", b"a\n", "— ".encode(), "\n— a AAAAAAA=".encode(), b"A", b" "])
def test_the_worst_bytes_are_judged_in_bounded_time(unit: bytes) -> None:
    for data in (
        unit * (NOTE_BYTES_MAX // len(unit)),
        (b"a\n\n" + unit * NOTE_BYTES_MAX)[: NOTE_BYTES_MAX - 1] + b"\n",
    ):
        with pytest.raises(Malformed):
            parse_note(data)


@pytest.mark.parametrize(
    "make",
    [
        lambda: sign_note(b"no newline", [ALICE]),
        lambda: sign_note(b"", [ALICE]),
        lambda: sign_note(b"tab\t\n", [ALICE]),
        lambda: sign_note(b"\xff\n", [ALICE]),
        lambda: sign_note(TEXT, []),
        lambda: format_note(TEXT, [Signature("a", bytes(3), b"x")]),
        lambda: format_note(TEXT, [Signature("a", bytes(4), b"")]),
        lambda: signer("a b"),
        lambda: signer(""),
    ],
)
def test_what_has_no_form_is_not_written(make: Callable[[], object]) -> None:
    with pytest.raises(Malformed):
        make()


def test_keys_of_one_name_and_id_are_not_guessed_between() -> None:
    class Other:
        name, key_id = ALICE.key.name, ALICE.key.key_id

        def verify(self, text: bytes, signature: bytes) -> None:
            raise AssertionError("asked although ambiguous")

    with pytest.raises(Malformed):
        open_note(sign_note(TEXT, [ALICE]), [ALICE.key, Other()])
    assert open_note(sign_note(TEXT, [ALICE]), [ALICE.key, VerifierKey.parse(ALICE.key.format())])


def test_a_cosigners_key_signs_no_plain_notes() -> None:
    cosigner = VerifierKey("alice.example", COSIGNATURE_ED25519, ALICE.key.key)
    assert cosigner.key_id != ALICE.key.key_id
    with pytest.raises(Refuted):
        cosigner.verify(TEXT, ALICE.sign(TEXT).signature)


def test_a_known_verifier_key_has_the_key_id_of_its_owner() -> None:
    # The key of Go's checksum database, as every Go installation has it.
    text = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    key = VerifierKey.parse(text)
    assert (key.name, key.type, key.key_id.hex(), len(key.key)) == ("sum.golang.org", ED25519, "033de0ae", 32)
    assert key.format() == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a+b",
        "++",
        GO_KEY + "\n",
        GO_KEY + "=",
        GO_KEY.upper(),
        GO_KEY.replace("c74f20a3", "C74F20A3"),
        GO_KEY.replace("c74f20a3", "c74f20a4"),
        GO_KEY.replace("PeterNeumann", "Peter Neumann"),
        GO_KEY.replace("PeterNeumann", ""),
        GO_KEY.replace("PeterNeumann", "\ud800"),
        GO_KEY.replace("+ARpc", "+AhpC"),
        GO_KEY[:-4],
        "a+00000000+",
        "a+00000000+/w==",
    ],
)
def test_other_forms_are_not_verifier_keys(text: str) -> None:
    with pytest.raises(Malformed):
        VerifierKey.parse(text)


def put_into_go_key(change: tuple[str, int]) -> str:
    """A known key with one character replaced, at its end: added."""
    character, at = change
    return GO_KEY[:at] + character + GO_KEY[at + 1 :]


@settings(max_examples=300, deadline=None)
@given(st.text() | st.tuples(st.sampled_from(sorted(set(GO_KEY))), st.integers(0, len(GO_KEY))).map(put_into_go_key))
def test_any_text_is_a_verifier_key_in_its_one_form_or_malformed(text: str) -> None:
    try:
        key = VerifierKey.parse(text)
    except Malformed:
        return
    assert key.format() == text


@settings(deadline=None)
@given(names, st.sampled_from([1, 4, 6, 9]), st.sampled_from([31, 32, 1312]))
def test_verifier_keys_that_can_be_written_are_read_back(name: str, kind: int, length: int) -> None:
    try:
        key = VerifierKey(name, kind, bytes(length))
    except Malformed:
        return
    assert VerifierKey.parse(key.format()) == key


@settings(deadline=None)
@given(st.text("AB+/=-_ \n", max_size=9))
def test_bytes_have_one_base64_form(text: str) -> None:
    try:
        data = decode_base64(text)
    except Malformed:
        return
    assert "\n" not in text
    assert len(text) == -(-len(data) // 3) * 4
