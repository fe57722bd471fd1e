"""What a demonstration shows besides a roster: every level of the policy, each by reasons that a person would believe.

Enterprises of the sample, by their row; who they are to be stands beside each story. What was pledged a year ago and
what came of it, and the campaign that is open now, is in `sample_pledges`; outcomes, findings and what enterprises do
about them in `sample_conduct`. Days of the past lie so many days before today, so that a story holds on any date.
"""

from __future__ import annotations

from typing import Final

from api.demo.sample_conduct import (
    complained_of,
    fails_checks,
    is_listed,
    keeps_promises,
    leaves_complaints,
    neglects,
    objects,
    repairs,
    severely_fails,
)
from api.demo.sample_pledges import Told, assess, open_campaign, pledge_before, publish, revoke_for_fraud, wait
from api.demo.sample_roster import SampleEnterprise, sample_enterprises
from api.demo.sample_standards import declare, license_marks
from api.demo.voice import Voice

__all__ = ["ENTERPRISES_MIN", "tell_records"]

#: A smaller sample is left as it is: most of its enterprises are to have pledged, and nothing else.
ENTERPRISES_MIN: Final = 24
_SEED_BEFORE: Final = 316  # enterprises that pledged a year ago, and not again
_SEED_NEW: Final = 317  # enterprises that have just come
_FRAUDS: Final = (
    "提交的检验报告经原检验机构确认并非其出具。",
    "冒用他人注册商标和企业标准编号作出承诺。",
    "以伪造的委托书由他人代为作出承诺，企业确认不知情。",
)


def tell_records(voice: Voice, told: Told) -> None:
    """Say all of it. Said again after a stop, it goes on from where it was.

    Raises what the service refuses, and `Busy` or `Unavailable` where it does not answer in time.
    """
    rows = sample_enterprises(ENTERPRISES_MIN)
    good, watch, alert = rows[1:4], rows[4:7], rows[7:10]
    fraud, listed, pledged = rows[10:13], rows[13:16], rows[16:20]
    _tell_good(voice, told, good)
    _tell_watch(voice, told, watch)
    _tell_alert(voice, told, alert)
    for one, ground in zip(fraud, _FRAUDS, strict=True):
        revoke_for_fraud(voice, one, told.code_of(one), ground)
    for number, one in enumerate(listed):
        is_listed(voice, one, number)
    _tell_pledged(voice, told, pledged)
    _tell_normal(voice, told, sample_enterprises(3, seed=_SEED_BEFORE))
    _tell_open_campaign(voice, told, sample_enterprises(5, seed=_SEED_NEW))


def _tell_good(voice: Voice, told: Told, enterprises: list[SampleEnterprise]) -> None:
    """GOOD: pledged a year ago and again, the year was assessed as kept in full; complaints were settled in time."""
    for number, one in enumerate(enterprises):
        voice.enrols(one.code, one.name)
        before = pledge_before(voice, told, one)
        assess(voice, one, before, told.before, "full")
        keeps_promises(voice, one, number)
        declare(voice, one, number)
        if number < 2:  # one enterprise without marks is seen, too
            license_marks(voice, one, number, told.code_of(one), told.campaign.pledge_valid_until)


def _tell_watch(voice: Voice, told: Told, enterprises: list[SampleEnterprise]) -> None:
    """WATCH: a failed spot check that is objected to; complaints without a reply; a pledge that was kept in part."""
    first, second, third = enterprises
    voice.enrols(first.code, first.name)
    objects(voice, first, fails_checks(voice, first, 0))
    leaves_complaints(voice, second)
    assess(voice, third, pledge_before(voice, told, third), told.before, "partial")


def _tell_alert(voice: Voice, told: Told, enterprises: list[SampleEnterprise]) -> None:
    """ALERT: severe findings and penalties; a pledge that was not kept at all."""
    first, second, third = enterprises
    severely_fails(voice, first, 0)
    severely_fails(voice, second, 1)
    assess(voice, third, pledge_before(voice, told, third), told.before, "none")


def _tell_pledged(voice: Voice, told: Told, enterprises: list[SampleEnterprise]) -> None:
    """PLEDGED, after something: a repaired finding, one whose repair is asked for, a late reply, many cases."""
    first, second, third, fourth = enterprises
    for one in enterprises:
        voice.enrols(one.code, one.name)
    repairs(voice, first, 0, approved=True)
    repairs(voice, second, 1, approved=False)
    neglects(voice, third)
    complained_of(voice, fourth, 24)


def _tell_normal(voice: Voice, told: Told, enterprises: list[SampleEnterprise]) -> None:
    """NORMAL: pledged a year ago, kept it, and did not pledge again."""
    for number, one in enumerate(enterprises):
        told.register(voice, one, number + 1)
        voice.enrols(one.code, one.name)
        assess(voice, one, pledge_before(voice, told, one), told.before, "full")
        keeps_promises(voice, one, number)


def _tell_open_campaign(voice: Voice, told: Told, enterprises: list[SampleEnterprise]) -> None:
    """UNRATED: three new enterprises whose pledges in the campaign that is open now wait. Two others' are published."""
    campaign = open_campaign(voice)
    for number, one in enumerate(enterprises):
        told.register(voice, one, number + 4)
        voice.enrols(one.code, one.name)
        waiting = wait(voice, one, campaign)
        if number >= 3 and waiting is not None:
            publish(voice, one, waiting, campaign, number)
