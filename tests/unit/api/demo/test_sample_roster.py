"""The sample roster is the same for the same seed, sound throughout, and wrong in just the ways that it says."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from api.demo.sample_roster import CLAUSES, FLAWS, SampleCampaign, last_campaign, sample_csv, sample_xlsx
from api.importing import pledge_template as template
from api.importing.campaign_terms import Campaign, OfferedClause
from api.importing.roster import RosterRules, plan_roster
from api.importing.row_plan import PledgeWork, RowPlan
from api.importing.table_reader import table_of
from ledger.domain.events.campaign import Clause
from ledger.keys.signer import new_key

SAMPLE = SampleCampaign(date(2026, 3, 1), date(2026, 3, 15))
CAMPAIGN = Campaign(
    opens_on=SAMPLE.opens_on,
    closes_on=SAMPLE.closes_on,
    pledge_valid_until=SAMPLE.pledge_valid_until,
    scopes=("comprehensive", "product", "service", "product_and_service"),
    pledge_recording_days_max=30,
    clauses=tuple(OfferedClause(id=clause.id, zh=clause.zh) for clause in CLAUSES),
)


def planned(data: bytes) -> list[RowPlan]:
    table = table_of(data, "sample", template.COLUMNS)
    derive = new_key("ed25519").secret.derive
    return plan_roster(
        table.rows, RosterRules("campaign:2026", CAMPAIGN, date(2026, 3, 20), table.file_sha256, derive, "x")
    )


@pytest.mark.parametrize(
    "data",
    [
        sample_xlsx(450, campaign=SAMPLE),
        sample_csv(450, campaign=SAMPLE),
        sample_csv(450, campaign=SAMPLE, encoding="gb18030"),
    ],
)
def test_every_row_of_the_sample_is_sound_in_every_format(data: bytes) -> None:
    plans = planned(data)
    assert len(plans) == 450
    assert all(plan.sound for plan in plans)
    works = [plan.work for plan in plans if isinstance(plan.work, PledgeWork)]
    assert len({work.who.subject for work in works}) == 450
    assert all(work.pledge.clauses for work in works)
    assert any(work.sealed for work in works)
    assert any(work.who.individual for work in works)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    assert sample_xlsx(30, campaign=SAMPLE) == sample_xlsx(30, campaign=SAMPLE)
    assert sample_csv(30, campaign=SAMPLE) == sample_csv(30, campaign=SAMPLE)
    assert sample_xlsx(30, campaign=SAMPLE) != sample_xlsx(30, campaign=SAMPLE, seed=1)


@pytest.mark.parametrize("make", [sample_xlsx, sample_csv])
def test_each_promised_flaw_is_found_once_and_nothing_else(make: object) -> None:
    plans = planned(make(20, campaign=SAMPLE, flaws=True))  # type: ignore[operator]
    assert all(plan.sound for plan in plans[:20])
    rules = [[flaw.rule for flaw in plan.flaws] for plan in plans[20:]]
    assert rules == [
        ["code.check_digit"], ["pledge.liability"], ["date.unclear"], ["pledge.valid_before_made"], ["row.duplicate"],
        ["cell.formula"], ["value.missing"], ["text.too_long"],
    ]  # fmt: skip
    assert len(FLAWS) == len(rules)


@pytest.mark.parametrize(
    ("today", "year"),
    [(date(2026, 3, 15), 2026), (date(2026, 12, 31), 2026), (date(2027, 3, 14), 2026), (date(2028, 2, 29), 2027)],
)
def test_the_last_campaign_is_over_and_its_pledges_still_hold(today: date, year: int) -> None:
    campaign = last_campaign(today)
    assert campaign == SampleCampaign(date(year, 3, 1), date(year, 3, 15))
    assert campaign.closes_on <= today <= campaign.pledge_valid_until


def test_the_clauses_are_ready_for_a_campaign_to_open_with() -> None:
    assert msgspec.convert(msgspec.to_builtins(CLAUSES), tuple[Clause, ...]) == CLAUSES
    assert len({clause.id for clause in CLAUSES}) == len(CLAUSES)
