"""Private keys: deterministic signatures, files for their owner only."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from asn1crypto import keys, pem
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ledger.errors import Malformed
from ledger.keys.algorithms import P256_ORDER
from ledger.keys.signer import Signer, load_key, new_key, save_key


@pytest.fixture(scope="module", params=["ed25519", "p256"])
def signer(request: pytest.FixtureRequest) -> Signer:
    return new_key(request.param)


def test_ecdsa_signatures_are_those_of_the_rfc_with_low_s() -> None:
    """RFC 6979, appendix A.2.5, SHA-256 of "sample"; its s is high, ours is the order less it."""
    private = ec.derive_private_key(0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721, ec.SECP256R1())
    r = 0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716
    s = 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8
    expected = r.to_bytes(32, "big") + (P256_ORDER - s).to_bytes(32, "big")
    assert Signer.of(private).sign(b"sample") == expected


def test_the_same_data_gives_the_same_signature_which_verifies(signer: Signer) -> None:
    assert signer.sign(b"data") == signer.sign(b"data")
    for n in range(20):
        signer.public.verify(signer.alg, signer.sign(b"%d" % n), b"%d" % n)


@pytest.mark.parametrize("passphrase", [None, "三一五"])
def test_a_saved_key_comes_back(tmp_path: Path, signer: Signer, passphrase: str | None) -> None:
    save_key(tmp_path / "key.pem", signer, passphrase)
    assert load_key(tmp_path / "key.pem", passphrase).kid == signer.kid


def test_a_passphrase_is_dear_to_guess_and_no_two_files_are_alike(tmp_path: Path, signer: Signer) -> None:
    derivations = []
    for name in ("one.pem", "two.pem"):
        save_key(tmp_path / name, signer, "三一五")
        _, _, content = pem.unarmor((tmp_path / name).read_bytes())
        protection = keys.EncryptedPrivateKeyInfo.load(content)["encryption_algorithm"]
        assert protection.kdf == "pbkdf2" and protection.kdf_hmac == "sha256"
        assert protection.encryption_cipher == "aes" and protection.key_length == 32
        assert protection.kdf_iterations == 600_000
        derivations.append((protection.kdf_salt, protection.encryption_iv))
    assert derivations[0][0] != derivations[1][0] and derivations[0][1] != derivations[1][1]


def test_a_key_file_is_for_its_owner_only_and_never_overwritten(tmp_path: Path, signer: Signer) -> None:
    path = tmp_path / "key.pem"
    save_key(path, signer)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        save_key(path, new_key("p256"))
    assert path.read_bytes() == before


def test_a_wrong_missing_or_needless_passphrase_is_said(tmp_path: Path, signer: Signer) -> None:
    save_key(tmp_path / "locked.pem", signer, "right")
    save_key(tmp_path / "open.pem", signer)
    with pytest.raises(Malformed, match="needs a passphrase"):
        load_key(tmp_path / "locked.pem")
    with pytest.raises(Malformed, match="passphrase is wrong"):
        load_key(tmp_path / "locked.pem", "wrong")
    with pytest.raises(Malformed, match="not encrypted"):
        load_key(tmp_path / "open.pem", "needless")


def test_files_that_hold_no_key_of_the_table_are_refused(tmp_path: Path) -> None:
    (tmp_path / "noise.pem").write_bytes(b"noise")
    with pytest.raises(Malformed):
        load_key(tmp_path / "noise.pem")
    pem = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "rsa.pem").write_bytes(pem)
    with pytest.raises(Malformed, match="not supported"):
        load_key(tmp_path / "rsa.pem")
    with pytest.raises(Malformed):
        new_key("rsa")


def test_a_signer_does_not_show_its_secret(signer: Signer) -> None:
    assert repr(signer) == f"Signer({signer.public.kind}, kid={signer.kid.hex()[:16]}…)"
