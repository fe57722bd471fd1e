"""`sample roster`: input to try the product on."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import click

from api.cli.output import write_new
from api.demo.sample_roster import SampleCampaign, last_campaign, sample_csv, sample_xlsx
from api.settings import DEMO_ENTERPRISES
from ledger.domain.values.dates import shanghai_date

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def sample() -> None:
    """Generate sample input."""


@sample.command("roster")
@click.option("-n", "--count", type=click.IntRange(min=0), default=DEMO_ENTERPRISES, show_default=True)
@click.option("--opens-on", type=_DAY, help="The campaign's first day, by default that of the newest 15 March.")
@click.option("--closes-on", type=_DAY, help="Its last day, by default the newest 15 March.")
@click.option("--seed", type=int, default=315, show_default=True, help="The same seed gives the same file.")
@click.option("--flaws", is_flag=True, help="Add rows that an import must flag or refuse, one of each kind.")
@click.option("--gb18030", is_flag=True, help="CSV in GB 18030 instead of UTF-8.")
@click.option("-o", "--output", "path", required=True, type=click.Path(path_type=Path), help="NAME.xlsx or NAME.csv")
def roster(
    path: Path,
    *,
    count: int,
    opens_on: datetime | None,
    closes_on: datetime | None,
    seed: int,
    flaws: bool,
    gb18030: bool,
) -> None:
    """Write a roster of COUNT invented enterprises in the national template."""
    if path.suffix not in (".xlsx", ".csv") or (gb18030 and path.suffix != ".csv"):
        raise click.BadParameter("the name ends in .xlsx, or .csv (which alone has an encoding)", param_hint="--output")
    last = last_campaign(shanghai_date(int(time.time())))
    campaign = SampleCampaign(
        opens_on.date() if opens_on else last.opens_on,
        closes_on.date() if closes_on else last.closes_on,
    )
    if campaign.closes_on < campaign.opens_on:
        raise click.BadParameter("the campaign closes before it opens", param_hint="--closes-on")
    if path.suffix == ".xlsx":
        content = sample_xlsx(count, campaign=campaign, seed=seed, flaws=flaws)
    else:
        encoding = "gb18030" if gb18030 else "utf-8-sig"
        content = sample_csv(count, campaign=campaign, seed=seed, flaws=flaws, encoding=encoding)
    write_new(path, content)
    click.echo(f"{path}: {count} enterprises, pledges from {campaign.opens_on} to {campaign.closes_on}")
