"""Subject ids: the names of streams.

`party:<id>` · `policy` · `campaign:<id>` · `map` · `access` · enterprises: `uscc:<18>`, `lei:<20>`,
`local:<registry>/<id>`.
An enterprise speaks for itself as the party `party:<its subject id>`.
"""

from __future__ import annotations

import re
from typing import Final

from ledger.domain.values.enterprise_code import fold_code, is_resident_number, masked
from ledger.errors import Malformed

__all__ = ["fold_code", "is_enterprise", "is_governing", "kind", "names_a_resident", "own_party", "parse"]

POLICY: Final = "policy"
MAP: Final = "map"
ACCESS: Final = "access"

_ENTERPRISE = r"(?:uscc:[0-9A-HJ-NPQRTUWXY]{18}|lei:[0-9A-Z]{18}[0-9]{2}|local:[a-z0-9-]{1,32}/[A-Za-z0-9._-]{1,128})"
_SLUG = r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?"
_FORMS: Final = {
    "party": re.compile(rf"party:(?:{_SLUG}|{_ENTERPRISE})"),
    "campaign": re.compile(rf"campaign:{_SLUG}"),
    "enterprise": re.compile(_ENTERPRISE),
    "policy": re.compile("policy"),
    "map": re.compile("map"),
    "access": re.compile("access"),
}
_BY_PREFIX: Final = {"party": "party", "campaign": "campaign", "policy": "policy", "map": "map", "access": "access"}


def kind(subject: str) -> str:
    """`party`, `policy`, `campaign`, `map`, `access` or `enterprise`, by prefix alone (of an id that was parsed)."""
    return _BY_PREFIX.get(subject.partition(":")[0], "enterprise")


def parse(text: str) -> str:
    """Return `text` if it is a well-formed subject id. Raises `Malformed`."""
    if len(text) <= 200 and _FORMS[kind(text)].fullmatch(text):
        return text
    raise Malformed(f"not a subject id: {masked(text)[:80]!r}")


def names_a_resident(subject: str) -> bool:
    """Whether the id, or the one that it is the party of, has a resident identity number in the place of a code."""
    scheme, _, name = subject.removeprefix("party:").partition(":")
    return scheme in ("uscc", "local") and is_resident_number(name.rpartition("/")[2])


def is_enterprise(subject: str) -> bool:
    return kind(subject) == "enterprise"


def is_governing(subject: str) -> bool:
    """Whether the stream decides what others may say: parties, policies, campaigns; and the digests of accesses and
    the roots of the map, which decide about the next of them alone."""
    return kind(subject) in ("party", "policy", "campaign", "access", "map")


def own_party(subject: str) -> str:
    """The party as which an enterprise speaks for itself."""
    return f"party:{subject}"
