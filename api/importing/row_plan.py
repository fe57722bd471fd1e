"""What a row asks for: the events that it stands for, or the flaws that keep it out. Pure: no file, no network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from msgspec import structs

from api.importing.enterprise_identity import Who
from api.importing.validation_errors import ValidationError
from ledger.domain.events.base import Event, PaperEvidence
from ledger.domain.events.pledge import PledgeMade

__all__ = ["PledgeWork", "RowPlan", "SingleWork", "Work"]


@dataclass(frozen=True, slots=True)
class PledgeWork:
    """A pledge to be recorded and then published.

    `key`: two rows of a table that share it are the same pledge twice. `identity`: what makes the row itself,
    in any table. `recording_days_max`: after so many days the pledge is late, and `late_ground` says why.
    `given_code`: that under which it is published, where the table gives one.
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
    enters: bool = True
    given_code: str | None = None

    @property
    def sealed(self) -> bool:
        """Whether the pledge is not for publication; then its publication is sealed, too."""
        return self.pledge.disclosure != "public"

    def made(self, today: date) -> PledgeMade:
        """The event as it is recorded on `today`."""
        late = (today - self.pledge.made_on).days > self.recording_days_max
        return structs.replace(self.pledge, late_ground=self.late_ground) if late else self.pledge


@dataclass(frozen=True, slots=True)
class SingleWork:
    """One statement to be recorded: an outcome, an assessment, a version of a standard.

    `today`: it takes effect on the day of its recording. `late_ground` is used where the service asks for one.
    `as_of`: what else of it depends on that day. `enters`: the enterprise is registered first if the book does not have
    it.
    """

    who: Who
    key: tuple[str, ...]
    identity: bytes
    event: Event
    sealed: bool
    today: bool
    enters: bool = True
    late_ground: str | None = None
    as_of: Callable[[Event, date], Event] | None = None

    def recorded(self, today: date, *, late: bool = False) -> Event:
        """The event as it is recorded on `today`."""
        event = structs.replace(self.event, effective_on=today) if self.today else self.event
        event = event if self.as_of is None else self.as_of(event, today)
        return structs.replace(event, late_ground=self.late_ground) if late else event


Work = PledgeWork | SingleWork


@dataclass(frozen=True, slots=True)
class RowPlan:
    """Row `row` of the table; `name` and `code` so that a person finds it again.

    `work` is None where a value that it needs could not be read. `override`: the only flaw is a code that fails
    its check digit; the row goes on if the book has the enterprise already, by an evidenced override. `entries`: those
    that the row says it is; then it is compared with them, and nothing is sent. `then`: what follows when the pledge is
    in the book, given its code. `stage`: rows of a later stage rest on those of an earlier one.
    `naming`: which of the importer's secrets names it.
    """

    row: int
    name: str
    code: str
    flaws: tuple[ValidationError, ...]
    work: Work | None
    override: bool = False
    entries: tuple[int, ...] = ()
    then: Callable[[str], Work] | None = None
    stage: int = 0
    naming: int = 0

    @property
    def sound(self) -> bool:
        return self.work is not None and not self.flaws
