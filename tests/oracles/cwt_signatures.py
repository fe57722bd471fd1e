"""The `cwt` package (python-cwt): COSE_Sign1 under a key that is given."""

from __future__ import annotations

from cwt import COSE, COSEKey

from tests.oracles.lines import answer


def decode(message: bytes, pem: str, kid: bytes, *, detached_payload: bytes | None = None) -> bytes:
    return COSE.new().decode(message, COSEKey.from_pem(pem, kid=kid), detached_payload=detached_payload)


def decode_with_headers(
    message: bytes, pem: str, kid: bytes, *, detached_payload: bytes | None = None
) -> tuple[object, object, object]:
    """Protected and unprotected header and payload; the header's `kid` must be this key's."""
    key = COSEKey.from_pem(pem, kid=kid)
    return COSE.new(verify_kid=True).decode_with_headers(message, key, detached_payload=detached_payload)


if __name__ == "__main__":
    answer({"decode": decode, "decode_with_headers": decode_with_headers})
