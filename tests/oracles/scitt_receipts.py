"""The `scitt-cose` package: transparent statements, receipts, issuers."""

from __future__ import annotations

from collections.abc import Mapping

import scitt_cose

from tests.oracles.lines import answer


def verify_receipt(receipt: bytes, leaf_entry: bytes, log_public_key: str) -> Mapping[str, object]:
    found = scitt_cose.verify_receipt(receipt, leaf_entry_hex=leaf_entry.hex(), log_public_key_pem=log_public_key)
    names = "ok", "errors", "leaf_index", "tree_size", "iat", "issuer", "subject", "root", "protected_header_ext"
    return {name: getattr(found, name) for name in names}


def parse_signed_statement(statement: bytes, public_key: str) -> Mapping[str, object]:
    parsed = scitt_cose.parse_signed_statement(statement, public_key_pem=public_key)
    return {name: parsed[name] for name in ("signature_verified", "issuer", "subject", "content_type")}


if __name__ == "__main__":
    answer(
        {
            "verify_receipt": verify_receipt,
            "parse_signed_statement": parse_signed_statement,
            "extract_receipts": scitt_cose.extract_receipts,
            "attach_receipts": scitt_cose.attach_receipts,
        }
    )
