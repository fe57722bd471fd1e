"""What a decision is given besides the state and the event, what it gives back, and a line of the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from ledger.domain.events.base import Annex, Event
from ledger.domain.events.policy import RegistrationPolicy
from ledger.domain.state.governance import Governance
from ledger.domain.values.role_names import roles_named
from ledger.domain.values.subject import own_party
from ledger.errors import Refused

__all__ = ["Context", "Decide", "EventSpec", "Form", "UniqueFact", "Who", "always", "never", "spec"]


class UniqueFact(NamedTuple):
    """Something that may be true of one entry only, across all streams (`ledger.store.contract.Fact`).

    `once`: of this entry. `from_here`: of the first entry that says so; those after it say nothing new. `not_yet`: the
    entry is refused where another has said so before it; it says nothing itself.
    """

    kind: str
    key: str
    holds: Literal["once", "from_here", "not_yet"] = "once"


class Context(Struct, frozen=True):
    """The place of a statement in the log, and who says it.

    `index` is its leaf index, `recorded_at` the Unix second of its recording, `today` that second's date in
    Asia/Shanghai; `iat` the issuer's own time of signing. `officer` is the pseudonym of the key's holder, `roles` the
    issuer's. `released`: registered in one group with what releases it. `bootstrap`: part of the charter.
    """

    index: int
    recorded_at: int
    today: date
    iat: int
    subject: str
    issuer: str
    kid: bytes
    officer: str
    roles: frozenset[str]
    sealed: bool
    commitment: bytes | None
    statement_id: bytes
    governance: Governance
    released: bool = False
    bootstrap: bool = False

    @property
    def by_itself(self) -> bool:
        """Whether the enterprise speaks for itself."""
        return self.issuer == own_party(self.subject)

    @property
    def policy(self) -> RegistrationPolicy:
        """The registration policy in force on the day of recording. Raises `Refused` where there is none yet."""
        policy = self.governance.registration_policy(self.today)
        if policy is None:
            raise Refused("policy.none_in_force", "当日没有生效的登记规则", "no registration policy is in force today")
        return policy


Who = Literal[
    "root",
    "registrar",
    "organizer",
    "approver",
    "regulator",
    "laboratory",
    "handling_body",
    "data_officer",
    "log_operator",
    "self",
    "party",
    "old_key",
]
Form = Literal["open", "sealed", "either"]
Decide = Callable[[Any, Any, Context], tuple[UniqueFact, ...]]


def always(state: object, event: Event) -> bool:
    """The body may be shown while the rules let it be public."""
    return True


def never(state: object, event: Event) -> bool:
    """The body is for those whom it concerns."""
    return False


class EventSpec(Struct, frozen=True):
    """One line of the catalogue.

    `streams` are the kinds of subject it may be about; `signers` the roles that may say it, `self` (the enterprise
    about itself), `party` (the party about itself) or `old_key` (the key that it replaces). `decide(state, event,
    context)` takes the `EnterpriseRecord` (None before the first event) or, for other streams, the `Governance`; it
    returns the facts that must be unique, or raises `Refused`. What the event then does to the record is its `Step`
    (`ledger/domain/state/fold.py`), of which no rule knows.

    `begins_later`: `effective_on` may lie in the future. `body_public(state, event)`: whether a body may ever be
    shown. `annexes(event)`: the public files that it names.
    """

    event: type[Event]
    streams: frozenset[str]
    signers: frozenset[Who]
    form: Form
    decide: Decide
    begins_later: bool = False
    body_public: Callable[[Any, Any], bool] = always
    annexes: Callable[[Any], tuple[Annex, ...]] | None = None

    @property
    def name(self) -> str:
        return self.event.__name__

    def takes(self, *, sealed: bool) -> bool:
        """Whether a sealed statement, or an open one, may say it."""
        return self.form == "either" or (self.form == "sealed") == sealed

    def entitles(self, issuer: str, subject: str, roles: frozenset[str]) -> bool:
        """Whether `issuer`, who holds `roles`, may say this about `subject`.

        The key that a rotation replaces is looked at by its rule.
        """
        if not self.signers.isdisjoint(roles):
            return True
        by_itself = "self" in self.signers and issuer == own_party(subject)
        return by_itself or (issuer == subject and not self.signers.isdisjoint(("party", "old_key")))

    def require_entitled(self, issuer: str, subject: str, roles: frozenset[str]) -> None:
        """Raise `Refused` unless `issuer`, who holds `roles`, may say this about `subject`."""
        if not self.entitles(issuer, subject, roles):
            raise Refused(
                "issuer.not_entitled",
                f"签发者无权签署这类声明：须由{roles_named(self.signers)}签署",
                f"the issuer may not say {self.name}: it is for {', '.join(sorted(self.signers))}",
                issuer,
            )


def spec(
    stream: str, event: type[Event], signers: tuple[Who, ...], decide: Decide, form: Form = "open", **further: Any
) -> EventSpec:
    """`further`: fields of `EventSpec` that are seldom given."""
    return EventSpec(event, frozenset((stream,)), frozenset(signers), form, decide, **further)
