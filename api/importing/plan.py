"""What a row asks for: the events that it stands for, or the flaws that keep it out. Pure: no file, no network."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from msgspec import structs

from api.importing.flaws import Flaw
from api.importing.identity import Who
from ledger.domain.complaint import ComplaintOutcomeRecorded
from ledger.domain.event import PaperEvidence
from ledger.domain.pledge import PledgeMade

__all__ = ["OutcomeWork", "PledgeWork", "RowPlan", "Work"]


@dataclass(frozen=True, slots=True)
class PledgeWork:
    """A pledge to be recorded and then published.

    `key`: two rows of a table that share it are the same pledge twice. `identity`: what makes the row itself,
    in any table. `recording_days_max`: after so many days the pledge is late, and `late_ground` says why.
    """

    who: Who
    key: tuple[str, ...]
    identity: bytes
    pledge: PledgeMade
    evidence: PaperEvidence
    recording_days_max: int
    late_ground: str
    division: str
    valid_until: date

    @property
    def sealed(self) -> bool:
        """Whether the pledge is not for publication; then its publication is sealed, too."""
        return self.pledge.disclosure != "public"

    def made(self, today: date) -> PledgeMade:
        """The event as it is recorded on `today`."""
        late = (today - self.pledge.made_on).days > self.recording_days_max
        return structs.replace(self.pledge, late_ground=self.late_ground) if late else self.pledge


@dataclass(frozen=True, slots=True)
class OutcomeWork:
    """A complaint's outcome to be recorded, always sealed. `published_on`: absent, it is the day of recording."""

    who: Who
    key: tuple[str, ...]
    identity: bytes
    outcome: ComplaintOutcomeRecorded
    published_on: date | None

    def recorded(self, today: date) -> ComplaintOutcomeRecorded:
        """The event as it is recorded on `today`."""
        return structs.replace(self.outcome, effective_on=self.published_on or today)


Work = PledgeWork | OutcomeWork


@dataclass(frozen=True, slots=True)
class RowPlan:
    """Row `row` of the table; `name` and `code` so that a person finds it again.

    `work` is None where a value that it needs could not be read. `override`: the only flaw is a code that fails
    its check digit; the row goes on if the book has the enterprise already, by an evidenced override.
    """

    row: int
    name: str
    code: str
    flaws: tuple[Flaw, ...]
    work: Work | None
    override: bool = False

    @property
    def sound(self) -> bool:
        return self.work is not None and not self.flaws
