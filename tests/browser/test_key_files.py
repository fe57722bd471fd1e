"""Key files of the browser against those of the command line: each opens what the other wrote, and nothing else."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256K1, SECP384R1, generate_private_key
from playwright.sync_api import Browser, Page

from ledger.errors import Malformed
from ledger.keys.algorithms import P256_ORDER
from ledger.keys.key_encryption import ITERATIONS
from ledger.keys.proof_of_possession import check_possession
from ledger.keys.signer import Signer, load_key, new_key, save_key
from tests.browser.desk import desk_book
from tests.e2e.book import Book
from tests.support.charter import ORIGIN

__all__ = ["desk_book"]

WORDS = ("correct horse battery", "正确的马 𬭚", " leading and trailing ", "x" * 300)
_SCRIPT = "\n".join(
    line
    for line in Path(__file__).with_name("key_files.js").read_text("utf-8").splitlines()
    if not line.startswith("//")
)
BEGIN, END = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n", "-----END ENCRYPTED PRIVATE KEY-----\n"


@pytest.fixture(scope="module")
def page(browser: Browser, desk_book: Book) -> Iterator[Page]:
    page = browser.new_page()
    page.goto(f"{desk_book.service.url}/desk/key")
    page.wait_for_selector("html[data-ready=yes]")
    yield page
    page.close()


def ask(page: Page, what: str, *given: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(_SCRIPT, [what, list(given)])
    assert not any("defect" in one for one in found), found
    return found


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def file_of(folder: Path, signer: Signer, passphrase: str | None) -> str:
    path = folder / f"{signer.kid.hex()}.pem"
    save_key(path, signer, passphrase)
    return path.read_text("ascii")


def file_of_another_program(signer: Signer, passphrase: str) -> str:
    """As OpenSSL and earlier versions of ours write it: 2,048 iterations, so that it is opened hundreds of times."""
    protected = serialization.BestAvailableEncryption(passphrase.encode())
    form = serialization.PrivateFormat.PKCS8
    return signer.private.private_bytes(serialization.Encoding.PEM, form, protected).decode("ascii")


def der_of(file: str) -> bytes:
    return base64.b64decode("".join(file.splitlines()[1:-1]))


def pem_of(data: bytes) -> str:
    text = encoded(data)
    return BEGIN + "".join(f"{text[at : at + 64]}\n" for at in range(0, len(text), 64)) + END


@pytest.mark.parametrize("word", WORDS)
def test_the_browser_opens_what_the_command_line_wrote(page: Page, tmp_path: Path, word: str) -> None:
    signers = [new_key("p256") for _ in range(5)]
    found = ask(page, "open", *({"file": file_of(tmp_path, one, word), "passphrase": word} for one in signers))
    assert [one["found"] for one in found] == [{"kid": one.kid.hex(), "pem": one.public.pem} for one in signers]


@pytest.mark.parametrize("word", WORDS)
def test_the_command_line_opens_what_the_browser_wrote(page: Page, tmp_path: Path, word: str) -> None:
    for number, one in enumerate(ask(page, "write", *[{"passphrase": word}] * 3)):
        path = tmp_path / f"{number}.pem"
        path.write_text(one["found"]["file"], "ascii")
        assert load_key(path, word).kid.hex() == one["found"]["kid"]
        with pytest.raises(Malformed, match="passphrase"):
            load_key(path, word + "x")
        assert ask(page, "open", {"file": one["found"]["file"], "passphrase": word})[0]["found"]["kid"]


def test_both_write_the_same_structure_and_make_the_passphrase_dear_to_guess(page: Page, tmp_path: Path) -> None:
    ours = der_of(ask(page, "write", {"passphrase": "twelve characters"})[0]["found"]["file"])
    theirs = der_of(file_of(tmp_path, new_key("p256"), "twelve characters"))
    for name in ("2a864886f70d01050d", "2a864886f70d01050c", "2a864886f70d0209", "60864801650304012a"):
        assert bytes.fromhex(name) in ours and bytes.fromhex(name) in theirs, name
    iterations = bytes.fromhex("0203" + f"{ITERATIONS:06x}")
    assert iterations in ours and iterations in theirs


def test_a_wrong_passphrase_opens_nothing_and_is_told_from_a_damaged_file(page: Page) -> None:
    file = file_of_another_program(new_key("p256"), "the right one")
    wrong = ask(page, "open", *({"file": file, "passphrase": f"wrong {number}"} for number in range(600)))
    assert {one["refused"] for one in wrong} == {"Refuted"}, "also where the padding looks right, one time in 256"


def test_what_is_no_such_file_is_refused_by_name(page: Page, tmp_path: Path) -> None:
    word = "the right one"
    protected = serialization.BestAvailableEncryption(word.encode())

    def pkcs8(key: Any) -> str:
        form = serialization.PrivateFormat.PKCS8
        return str(key.private_bytes(serialization.Encoding.PEM, form, protected).decode())

    file = file_of_another_program(new_key("p256"), word)
    whole = der_of(file)
    assert bytes.fromhex("02020800") in whole  # the iterations
    cases = {
        "an Ed25519 key": file_of(tmp_path, new_key("ed25519"), word),
        "not a key of the curve P-256": pkcs8(generate_private_key(SECP384R1())),
        "not a key of the curve": pkcs8(generate_private_key(SECP256K1())),
        "not encrypted": file_of(tmp_path, new_key("p256"), None),
        "no private key": file.replace("ENCRYPTED PRIVATE KEY", "CERTIFICATE"),
        "not a key file": file.replace("-----END ENCRYPTED", "-----END"),
        "not a key file (PEM)": file + file,
        "PBES2 was expected": pem_of(whole.replace(bytes.fromhex("01050d"), bytes.fromhex("01050e"))),
        "HMAC-SHA-256 was expected": pem_of(whole.replace(bytes.fromhex("0d0209"), bytes.fromhex("0d020b"))),
        "AES-256-CBC was expected": pem_of(whole.replace(bytes.fromhex("0304012a"), bytes.fromhex("03040116"))),
        "not a small whole number": pem_of(whole.replace(bytes.fromhex("02020800"), bytes.fromhex("02020008"))),
        "more than was expected": pem_of(whole + b"\0"),
        "ends in the middle": pem_of(whole[:-1]),
    }
    found = ask(page, "open", *({"file": one, "passphrase": word} for one in cases.values()))
    for said, one in zip(cases, found, strict=True):
        assert one.get("refused") == "Malformed" and said in one["why"], (said, one)


def test_no_changed_byte_of_a_file_passes_for_the_key(page: Page) -> None:
    """AES-CBC authenticates nothing: what is opened nevertheless is compared, half by half."""
    signer, word = new_key("p256"), "the right one"
    whole = der_of(file_of_another_program(signer, word))
    changed = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in range(len(whole))]
    found = ask(page, "open", *({"file": pem_of(one), "passphrase": word} for one in changed))
    opened = [(at, one["found"]) for at, one in enumerate(found) if "found" in one]
    assert [(at, one) for at, one in opened if one["kid"] != signer.kid.hex()] == []


def test_a_file_that_went_through_another_system_is_opened(page: Page, tmp_path: Path) -> None:
    signer = new_key("p256")
    file = file_of(tmp_path, signer, "the right one").replace("\n", "\r\n")
    (found,) = ask(page, "open", {"file": file, "passphrase": "the right one"})
    assert found["found"]["kid"] == signer.kid.hex()


def test_every_signature_is_low_s_and_holds(page: Page, tmp_path: Path) -> None:
    signer = new_key("p256")
    data = [f"{number}".encode() for number in range(200)]
    asked = {"file": file_of(tmp_path, signer, "w"), "passphrase": "w", "data": [encoded(one) for one in data]}
    (found,) = ask(page, "sign", asked)
    for message, signature in zip(data, found["found"], strict=True):
        signer.public.verify(-7, base64.b64decode(signature), message)  # raises, also for a high s


def test_of_two_signatures_that_hold_the_low_one_is_taken(page: Page) -> None:
    half = P256_ORDER // 2
    r = (1).to_bytes(32, "big")
    for s, low in ((1, 1), (half, half), (half + 1, P256_ORDER - half - 1), (P256_ORDER - 1, 1)):
        (found,) = ask(page, "low", {"signature": encoded(r + s.to_bytes(32, "big"))})
        assert base64.b64decode(found["found"]) == r + low.to_bytes(32, "big")


def test_the_browsers_proof_of_possession_is_the_one_that_enrolment_takes(page: Page, tmp_path: Path) -> None:
    signer = new_key("p256")
    asked = {"file": file_of(tmp_path, signer, "w"), "passphrase": "w", "party": "party:x", "log": ORIGIN}
    (found,) = ask(page, "proof", asked)
    assert (
        check_possession(base64.b64decode(found["found"]), signer.public.cose_key, "party:x", ORIGIN) == signer.public
    )


def test_numbers_and_lengths_have_one_form(page: Page) -> None:
    numbers = [0, 1, 127, 128, 255, 256, 32_767, 32_768, 65_535, 600_000, 2**24, 2**31 - 1]
    for number, one in zip(numbers, ask(page, "integer", *({"number": one} for one in numbers)), strict=True):
        size = number.bit_length() // 8 + 1
        assert base64.b64decode(one["found"]["encoded"]) == bytes([2, size]) + number.to_bytes(size, "big")
        assert one["found"]["again"] == number
    wrong = ("", "0200", "02020001", "0202007f", "0201ff", "020500ffffffff", "0206000000000001", "02810101", "020101ff")
    assert {one["refused"] for one in ask(page, "read_integer", *map(as_data, wrong))} == {"Malformed"}
    sizes = [0, 1, 127, 128, 255, 256, 65_535, 65_536]
    for size, one in zip(sizes, ask(page, "octets", *({"size": one} for one in sizes)), strict=True):
        assert one["found"]["again"] == size
        assert len(base64.b64decode(one["found"]["encoded"])) == size + 2 + (
            0 if size < 128 else (size.bit_length() + 7) // 8
        )
    wrong = ("0480", "048000", "04810100", "0482000100", "0484000000010000", "0402ff", "04", "0481", "0501ff")
    assert {one["refused"] for one in ask(page, "read_octets", *map(as_data, wrong))} == {"Malformed"}


def as_data(digits: str) -> dict[str, str]:
    return {"data": encoded(bytes.fromhex(digits))}


def test_a_party_is_named_as_people_type_it(page: Page) -> None:
    right = {
        "91350100M0001TGQX1": "party:uscc:91350100M0001TGQX1",
        " 91350100 m0001tgqx1 ": "party:uscc:91350100M0001TGQX1",
        "９１３５０１００Ｍ０００１ＴＧＱＸ１": "party:uscc:91350100M0001TGQX1",
        "party:organizer": "party:organizer",
        "party:local:test/9": "party:local:test/9",
        "5493001KJTIIGC8Y1R12": "party:lei:5493001KJTIIGC8Y1R12",
    }
    found = ask(page, "party", *({"typed": one} for one in right))
    assert [one.get("found") for one in found] == list(right.values())
    wrong = (
        "",
        "organizer",
        "party:",
        "party:A B",
        "uscc:91350100M0001TGQX1",
        "11010519491231002X",
        "91350100M0001TGQXI",
    )
    assert {one["refused"] for one in ask(page, "party", *({"typed": one} for one in wrong))} == {"Malformed"}
