"""A secret gives the same names for ever, to nobody else, whatever becomes of the key that it came from."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ledger.errors import Malformed
from ledger.keys.naming_secret import NamingSecret, load_secrets, save_secrets
from ledger.keys.signer import Signer, load_key, new_key, save_key


@pytest.fixture(params=["ed25519", "p256"])
def signer(request: pytest.FixtureRequest) -> Signer:
    return new_key(request.param)


def test_derived_names_are_the_same_each_time_and_differ_by_secret_label_and_identity(signer: Signer) -> None:
    secret = signer.secret
    same = secret.derive("import.cti", b"row 1")
    assert same == secret.derive("import.cti", b"row 1")
    others = {
        secret.derive("import.salt", b"row 1"),
        secret.derive("import.cti", b"row 2"),
        secret.derive("import.c", b"ti\0row 1"),
        new_key(signer.public.kind).secret.derive("import.cti", b"row 1"),
    }
    assert len(others) == 4
    assert same not in others
    assert len(same) == 16


def test_a_keys_secret_gives_the_names_that_were_derived_from_the_key_itself(signer: Signer) -> None:
    """HKDF over the private key (RFC 5869), as books that exist were imported."""
    private = signer.private
    if signer.public.kind == "ed25519":
        material = private.private_bytes_raw()  # type: ignore[union-attr]
    else:
        material = private.private_numbers().private_value.to_bytes(32, "big")  # type: ignore[union-attr]
    for length in (16, 32):
        info = b"credit-ledger\0import case\0identity"
        before = HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=info).derive(material)
        assert signer.secret.derive("import case", b"identity", length) == before
    assert material not in signer.secret.value


@pytest.mark.parametrize("passphrase", [None, "远 word"])
def test_files_of_secrets_give_back_what_was_saved_and_are_for_their_owner_only(
    tmp_path: Path, passphrase: str | None
) -> None:
    path = tmp_path / "organizer.import-secret.pem"
    secrets = (new_key("ed25519").secret, new_key("p256").secret, NamingSecret(bytes(range(32))))
    save_secrets(path, secrets, passphrase)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_secrets(path, passphrase) == secrets
    with pytest.raises(FileExistsError):
        save_secrets(path, secrets[:1], passphrase)
    with pytest.raises(Malformed, match="passphrase"):
        load_secrets(path, "another" if passphrase is None else None)
    if passphrase is not None:
        with pytest.raises(Malformed, match="passphrase"):
            load_secrets(path, "wrong")


def test_a_secret_is_no_key_and_a_key_no_secret(tmp_path: Path) -> None:
    key, secret = tmp_path / "key.pem", tmp_path / "secret.pem"
    save_key(key, new_key("ed25519"))
    save_secrets(secret, [new_key("ed25519").secret])
    with pytest.raises(Malformed, match="not supported"):
        load_key(secret)
    with pytest.raises(Malformed, match="import-secret"):
        load_secrets(key)
    for noise in (b"", b"noise", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", bytes(70_000)):
        key.write_bytes(noise)
        with pytest.raises(Malformed):
            load_secrets(key)


def test_a_secret_does_not_show_itself() -> None:
    secret = NamingSecret(b"s" * 32)
    assert repr(secret) == f"Secret({secret.fingerprint})"
    assert len(secret.fingerprint) == 16
