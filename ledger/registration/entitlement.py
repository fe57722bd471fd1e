"""Who may say what, by the catalogue: as a refusal in words for people."""

from __future__ import annotations

from ledger.domain.rules.context import EventSpec
from ledger.errors import Refused

__all__ = ["require_entitled"]


def require_entitled(spec: EventSpec, issuer: str, subject: str, roles: frozenset[str]) -> None:
    """Raises `Refused` unless `issuer`, who holds `roles`, may say this about `subject`."""
    if not spec.entitles(issuer, subject, roles):
        raise Refused(
            "issuer.not_entitled",
            f"签发者无权作出 {spec.name}: 须由 {'、'.join(sorted(spec.signers))} 签发",
            f"the issuer may not say {spec.name}: it is for {', '.join(sorted(spec.signers))}",
            issuer,
        )
