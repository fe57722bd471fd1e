"""Who may read what is not public, without accounts: a request signed by an enrolled key, good for one use.

Every request that a key signed is logged before anything is answered, refused ones included (`ledger.accesses`).
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal

from starlette.requests import Request

from api.http.errors import AccessDenied
from api.service.service import Service
from ledger.cose.access_token import parse_access
from ledger.domain.rules.party_conditions import usable_key
from ledger.domain.state.access_log import Access
from ledger.domain.values.dates import shanghai_date
from ledger.domain.values.subject import own_party
from ledger.errors import Malformed, Refused, Refuted
from ledger.keys.algorithms import decode_key
from ledger.limits import ACCESS_TOKEN_BYTES_MAX

__all__ = ["Reader", "authenticated", "is_signed"]

_SCHEME: Final = "COSE "
AccessOutcome = Literal["served", "refused", "stored"]
_SEE_ALL: Final = frozenset(("regulator", "data_officer"))


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks: a party by one of its officers, with the roles that it holds now, and why."""

    party: str
    officer: str
    roles: frozenset[str]
    kid: bytes
    cti: bytes
    purpose: str
    resource: str
    content: str | None  # the SHA-256 of what the request brings, as it was signed

    def may_read(self, subject: str, *issuers: str) -> bool:
        """Whether what was said about `subject` by one of `issuers` is for this reader: the enterprise about itself,
        whoever said it, a regulator, a data officer."""
        return not self.roles.isdisjoint(_SEE_ALL) or self.party == own_party(subject) or self.party in issuers

    def brought(self, content: bytes) -> None:
        """Check that the request brings what was signed. Raises `AccessDenied`."""
        if sha256(content).hexdigest() != self.content:
            raise _other_content()

    def access(self, at: int, outcome: AccessOutcome, subject: str | None, entry: int | None) -> Access:
        """The row of the access log: that it was looked, at `at` (Unix seconds), and what became of it."""
        return Access(
            at=at,
            day=shanghai_date(at),
            party=self.party,
            officer=self.officer,
            kid=self.kid.hex(),
            cti=self.cti.hex(),
            resource=self.resource,
            purpose=self.purpose,
            outcome=outcome,
            subject=subject,
            entry=entry,
        )

    def log(
        self,
        service: Service,
        outcome: AccessOutcome,
        *,
        subject: str | None = None,
        entry: int | None = None,
    ) -> None:
        """Write down what becomes of the request, before it does. Raises `AccessDenied` for a token used before."""
        try:
            service.store.accesses.log(self.access(service.sound_clock(), outcome, subject, entry))
        except Refuted:
            raise _denied(401, "access.used_before", "该请求已使用过，请重新签名", "used before: sign anew") from None

    def refuse(self, service: Service, *, subject: str | None = None, entry: int | None = None) -> AccessDenied:
        """The refusal of a request that is in order but not for this reader; logged. To be raised."""
        self.log(service, "refused", subject=subject, entry=entry)
        return _denied(
            403,
            "access.not_for_this_party",
            "该内容仅供当事企业、签发者、监管机关和数据专员查阅",
            "this is for the enterprise that it concerns, its issuer, regulators and data officers",
        )


def is_signed(request: Request) -> bool:
    """Whether the request says who asks."""
    return request.headers.get("authorization", "").startswith(_SCHEME)


def authenticated(service: Service, request: Request, *, brings: bool = False) -> Reader:
    """Whoever signed this very request, with a key that is valid now. `brings`: it has a content, which is to be
    checked by `Reader.brought` once it was read: nobody unknown is listened to for long.

    Raises `AccessDenied` (401). Nothing is logged yet: that is for whoever knows what becomes of it.
    """
    token = _token(request)
    try:
        taken = parse_access(token)
        now = service.sound_clock()
        key = usable_key(service.governance, taken.kid, taken.party, shanghai_date(now))
        asked = taken.verify(decode_key(key.cose_key), service.origin, now)
    except Refused as error:
        raise _denied(401, error.rule, error.zh, error.en) from None
    except (Malformed, Refuted) as error:
        raise _denied(
            401,
            "access.token",
            "请求的签名不成立，请重新签名",
            f"the signed request does not hold: {error}",
        ) from None
    query = request.url.query
    resource = request.url.path + (f"?{query}" if query else "")
    if asked.resource != resource:
        raise _denied(401, "access.other_resource", "签名针对另一资源", f"it was signed for {asked.resource[:200]}")
    if (asked.content is not None) != brings:
        raise _other_content()
    roles = service.governance.roles(taken.party)
    return Reader(taken.party, key.officer, roles, taken.kid, taken.cti, asked.purpose, resource, asked.content)


def _other_content() -> AccessDenied:
    return _denied(401, "access.other_content", "签名针对另一内容", "it was signed for another content")


def _token(request: Request) -> bytes:
    header = request.headers.get("authorization", "")
    if not header.startswith(_SCHEME):
        raise _denied(
            401,
            "access.unsigned",
            "须以登记的密钥签名的请求（Authorization: COSE …）",
            "this needs a request signed by an enrolled key: Authorization: COSE <base64url>",
        )
    text = header.removeprefix(_SCHEME).strip()
    try:
        if len(text) > 2 * ACCESS_TOKEN_BYTES_MAX:
            raise ValueError
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise _denied(401, "access.token", "签名不是 base64url", "the token is not base64url") from None


def _denied(status: int, kind: str, zh: str, en: str) -> AccessDenied:
    return AccessDenied(status, kind, zh, en)
