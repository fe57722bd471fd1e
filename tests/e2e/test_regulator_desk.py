"""The regulator's desk over real HTTP: any event is found, read with each look logged, and taken away as evidence."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from api.cli.main import main
from ledger.charter.default_policies import default_standing_policy
from ledger.cose.statement import parse_statement
from ledger.domain.events.access_log import AccessDigestPublished
from ledger.domain.events.policy import StandingPolicyProposed
from ledger.domain.events.repudiation import BodyErased
from ledger.domain.state.access_log import day_digest
from ledger.domain.values.subject import ACCESS, POLICY
from ledger.verifier.formats.archive import read_archive
from tests.e2e.book import Book, today
from tests.support.charter import APPROVER, DATA_OFFICER, HANDLING_BODY, LOG_OPERATOR, ORGANIZER, REGULATOR
from tests.support.database import TestDatabase
from tests.support.desks import DeskVisitor
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE, outcome
from tests.support.waiting import eventually

CODE = ENTERPRISE.removeprefix("uscc:")
PURPOSE = "立案核查 <b>2026-7</b>"


@dataclass(frozen=True)
class World:
    """`closed` a sealed pledge that is not public, `made` an open one and its `published`, `erased` an outcome whose
    body is gone."""

    book: Book
    regulator: DeskVisitor
    organizer: DeskVisitor
    made: int
    published: int
    closed: int
    erased: int

    def found(self, **asked: object) -> list[dict[str, Any]]:
        """What the export of an address holds, once the read models have come as far as the book."""
        answer = self.regulator.http.get("/desk/explorer.ndjson", params={k: str(v) for k, v in asked.items()})
        assert answer.status_code == 200, answer.text
        return [json.loads(line) for line in answer.text.splitlines()]

    def accesses(self, **asked: object) -> str:
        answer = self.regulator.http.get("/desk/accesses", params={k: str(v) for k, v in asked.items()})
        assert answer.status_code == 200, answer.text
        return unescape(answer.text)


@pytest.fixture(scope="module")
def world(book: Book) -> Iterator[World]:
    book.campaign()
    book.enterprise(ENTERPRISE, name="北京清泉净水设备有限公司")
    book.enterprise(OTHER_ENTERPRISE)
    made, published, _ = book.pledge(ENTERPRISE, serial=1)
    closed, _, _ = book.pledge(ENTERPRISE, serial=2, disclosure="none", scope="product")
    month = f"{today():%Y-%m}"
    said = outcome(
        1,
        effective_on=today(),
        reply="none",
        outcome="withdrawn",
        received=month,
        accepted=month,
        closed=month,
        forwarded=None,
        reply_due=None,
        replied=None,
        notified_on=today() - timedelta(days=60),
    )
    erased = book.register(said, ENTERPRISE, HANDLING_BODY)
    gone = book.register(BodyErased(v=1, effective_on=today(), entry=erased, ground="依申请"), ENTERPRISE, DATA_OFFICER)
    book.get(f"/v1/enterprises/{CODE}?min_tree_size={gone + 1}")  # read models are there
    with (
        DeskVisitor(book.service.url).sign_in(REGULATOR) as regulator,
        DeskVisitor(book.service.url).sign_in(ORGANIZER) as organizer,
    ):
        yield World(book, regulator, organizer, made, published, closed, erased)


def test_any_event_is_found_by_subject_type_issuer_time_and_place(world: World) -> None:
    everything = world.found()
    assert [one["entry"] for one in everything] == list(range(world.book.size()))[::-1], "whatever it is about"
    for asked, kept in (
        ({"subject": CODE}, lambda one: one["subject"] == ENTERPRISE),
        ({"subject": "policy"}, lambda one: one["subject"] == "policy"),
        ({"type": "PledgeMade"}, lambda one: one["type"] == "PledgeMade"),
        ({"issuer": ORGANIZER.party}, lambda one: one["issuer"] == ORGANIZER.party),
        (
            {"issuer": ORGANIZER.party, "type": "PledgePublished", "subject": ENTERPRISE},
            lambda one: one["issuer"] == ORGANIZER.party and one["type"] == "PledgePublished",
        ),
        ({"first": 3, "last": 5}, lambda one: 3 <= one["entry"] <= 5),
        ({"from": today(), "until": today()}, lambda one: True),
        ({"until": today() - timedelta(days=1)}, lambda one: False),
        ({"from": today() + timedelta(days=1)}, lambda one: False),
        ({"cursor": 4}, lambda one: one["entry"] < 4),
    ):
        expected = [one for one in everything if kept(one)]
        assert world.found(**asked) == expected, asked
        page = world.regulator.http.get("/en/desk/explorer", params={k: str(v) for k, v in asked.items()})
        shown = [int(one) for one in re.findall(r'<a class="num" href="/en/desk/explorer/(\d+)"', page.text)]
        assert shown == [one["entry"] for one in expected][:100], asked
        file = world.regulator.http.get("/desk/explorer.csv", params={k: str(v) for k, v in asked.items()})
        rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
        assert [int(row["entry"]) for row in rows] == [one["entry"] for one in expected], asked


def test_a_sealed_entry_is_found_by_its_type_until_its_body_is_erased(world: World) -> None:
    by_type = {one["entry"]: one for one in world.found(type="PledgeMade")}
    assert by_type[world.closed]["sealed"] and not by_type[world.made]["sealed"]
    assert world.found(type="ComplaintOutcomeRecorded") == []
    assert [one["entry"] for one in world.found(type="sealed")] == [world.erased]


def test_what_is_typed_wrong_is_said_at_its_field_and_nothing_typed_is_lost(world: World) -> None:
    asked = {"subject": "nobody?", "issuer": "party:!", "from": "gestern", "first": "-1", "type": "Nonsense"}
    before = world.accesses().count("/desk/explorer")
    for prefix in ("", "/en"):
        page = world.regulator.http.get(f"{prefix}/desk/explorer", params=asked)
        assert page.status_code == 422
        for name, text in asked.items():
            if name != "type":
                assert f'name="{name}"' in page.text and f'value="{text}"' in unescape(page.text), name
        assert page.text.count('aria-invalid="true"') == len(asked)
    assert world.regulator.http.get("/desk/explorer.csv", params=asked).status_code == 422
    assert world.regulator.http.get("/desk/explorer?campagne=2026").status_code == 422
    assert world.accesses().count("/desk/explorer") == before, "nothing was looked at"


def test_an_entry_says_who_signed_it_and_what_came_of_it(world: World) -> None:
    page = world.regulator.http.get(f"/desk/explorer/{world.made}").text
    row = world.book.get(f"/entries/{world.made}/statement", headers={"Accept": "application/json"}).json()
    for said in (row["kid"], row["statement_id"], ORGANIZER.party, ORGANIZER.officer, row["event"]["content"]):
        assert said in page, said
    assert f'href="/desk/explorer/{world.published}"' in page, "what publishes it names it"
    for what in ("", "/statement", "/evidence"):
        assert f'href="/entries/{world.made}{what}"' in page
    for name in (str(10**9), "01", "x", "9" * 40):
        assert world.regulator.http.get(f"/desk/explorer/{name}").status_code == 404, name


def test_a_closed_body_is_read_after_saying_why_and_the_look_stands_in_the_access_log(world: World) -> None:
    address = f"/desk/explorer/{world.closed}"
    secret = parse_statement(_statement(world, world.closed)).commitment
    page = world.regulator.http.get(address).text
    said = world.book.made(disclosure="none").content
    assert "正文不公开" in page and said not in page
    for typed, why in (("", "请写明查阅事由"), ("联系人 13912345678", "请勿写入电话"), ("事" * 513, "最多 512")):
        refused = world.regulator.submit(f"{address}/body", fields={"purpose": typed})
        assert refused.status_code == 422 and why in refused.text and f'value="{typed}"' in refused.text, why
        assert world.accesses(subject=CODE).count(f"{address}/body") == 0
    opened = world.regulator.submit(f"{address}/body", fields={"purpose": PURPOSE})
    assert opened.status_code == 200 and "与记录中的承诺值一致" in opened.text and said in unescape(opened.text)
    assert PURPOSE in unescape(opened.text) and "<b>2026-7</b>" not in opened.text, "text is shown as text"
    file = world.regulator.submit(f"{address}/body", fields={"purpose": "复核", "file": "1"})
    assert sha256(file.content).digest() == secret
    assert file.headers["content-disposition"].startswith("attachment")
    looks = world.accesses(subject=CODE)
    assert looks.count(f"{address}/body") == 2 and PURPOSE in looks and "复核" in looks
    assert f"party:{REGULATOR.party[6:]}" in looks and REGULATOR.officer in looks
    assert world.regulator.submit(f"/desk/explorer/{world.erased}/body", fields={"purpose": "x"}).status_code == 410


def test_who_may_not_read_it_is_refused_and_that_is_logged(world: World) -> None:
    address = f"/desk/explorer/{world.closed}/body"
    answer = world.organizer.submit(address, fields={"purpose": "想看看"})
    assert answer.status_code == 403 and "想看看" not in answer.text
    page = world.accesses(subject=CODE)
    row = next(one for one in page.split("<tr>") if address in one and ORGANIZER.party in one)
    assert "已拒绝" in row and f'/desk/explorer/{world.closed}"' in row


def test_ones_own_look_at_the_access_log_stands_in_it(world: World) -> None:
    for _ in range(2):
        page = world.accesses(day=today())
    first = page.split("<tr>")[2]
    assert "/desk/accesses?day=" in first and REGULATOR.party in first
    wrong = world.regulator.http.get("/desk/accesses?subject=x&day=y")
    assert wrong.status_code == 422 and wrong.text.count("aria-invalid") == 2


def test_a_days_rows_are_compared_with_the_digest_that_the_book_has_of_them(
    world: World, books_database: TestDatabase
) -> None:
    day = today() - timedelta(days=1)
    assert "尚未公布" in world.accesses(day=day)
    digest, count = day_digest(day, None, [])
    event = AccessDigestPublished(v=1, effective_on=today(), day=day, digest=digest, count=count)
    entry = world.book.register(event, ACCESS, LOG_OPERATOR)
    page = world.accesses(day=day)
    assert "相符：" in page and f"/desk/explorer/{entry}" in page
    with psycopg.connect(books_database.service) as connection:
        connection.execute(
            "INSERT INTO ledger.accesses (number, at, day, party, officer, kid, cti, resource, purpose, outcome) "
            "SELECT max(number) + 1, 0, %s, 'party:regulator', 'x', 'x', 'x', '/x', 'x', 'served' FROM ledger.accesses",
            (day,),
        )
    assert "不符：" in world.accesses(day=day), "a row that was added afterwards shows"


@pytest.mark.parametrize("closed", [False, True])
def test_an_evidence_archive_verifies_offline(world: World, tmp_path: Path, closed: bool) -> None:
    fields = {"enterprise": CODE, "purpose": PURPOSE} | ({"closed": "1"} if closed else {})
    answer = world.regulator.submit("/desk/archive", fields=fields)
    assert answer.status_code == 200, answer.text[:500]
    path, trust = tmp_path / "evidence.zip", tmp_path / "trust.json"
    path.write_bytes(answer.content)
    trust.write_bytes(world.book.get("/.well-known/credit-ledger-trust.json").content)
    verified = CliRunner().invoke(main, ["verify", str(path), "--trust", str(trust)])
    assert verified.exit_code == 0, verified.output
    body = f"entries/{world.closed:010d}.body.json"
    assert (body in read_archive(answer.content)) is closed
    rows = [one for one in world.accesses(subject=CODE).split("<tr>")[2:] if "/desk/archive" in one]
    assert bool(rows) is closed
    assert all(PURPOSE in one for one in rows)
    changed = bytearray(answer.content)
    changed[len(changed) // 2] ^= 1
    path.write_bytes(bytes(changed))
    assert CliRunner().invoke(main, ["verify", str(path), "--trust", str(trust)]).exit_code != 0


def test_an_archive_that_cannot_be_made_says_why_at_the_field(world: World) -> None:
    for fields, why in (
        ({"enterprise": "x"}, 'id="enterprise-wrong"'),
        ({"enterprise": "91310000607378560M"}, "账本中没有这家企业的记录"),
        ({"enterprise": CODE, "closed": "1"}, "请写明查阅事由"),
        ({"enterprise": CODE, "from": "2027-01-01", "until": "2026-01-01"}, "晚于其止日"),
        ({"enterprise": CODE, "until": str(today() + timedelta(days=9))}, "尚未到来"),
    ):
        answer = world.regulator.submit("/desk/archive", fields=fields)
        assert answer.status_code == 422 and why in answer.text, fields
        assert fields["enterprise"] in answer.text


def test_a_standing_is_computed_on_any_day_at_any_size(world: World) -> None:
    asked = {"enterprise": CODE, "as_of": str(today())}
    now = world.regulator.http.get("/en/desk/log/standing", params=asked).text
    before = world.regulator.http.get("/en/desk/log/standing", params={**asked, "tree_size": str(world.made)}).text
    beyond = world.regulator.http.get("/en/desk/log/standing", params={**asked, "tree_size": str(10**6)})
    assert 'class="standing pledged"' in now and 'class="standing pledged"' not in before
    assert beyond.status_code == 422 and "the log has" in beyond.text and f'value="{10**6}"' in beyond.text
    assert "/desk/log/standing?" in world.accesses(subject=CODE)


def test_a_policy_is_compared_before_it_is_approved_and_the_form_for_that_is_a_link_away(world: World) -> None:
    policy = replace(default_standing_policy(), title_zh="更严的规则")
    proposal = StandingPolicyProposed(v=1, effective_on=today(), policy=policy)
    entry = world.book.register(proposal, POLICY, ORGANIZER)
    with DeskVisitor(world.book.service.url).sign_in(APPROVER) as approver:
        page = unescape(approver.http.get("/desk/policies").text)
        assert "更严的规则" in page
        assert f"/desk/act/StandingPolicyApproved?subject=policy&proposal={entry}&back=%2Fdesk%2Fpolicies" in page
        compared = approver.submit("/desk/policies/comparison", fields={"proposal": str(entry)})
        assert compared.status_code == 200 and "0 家的状况会改变" in compared.text, compared.text[:300]
        wrong = approver.submit("/desk/policies/comparison", fields={"document": '{"v": "<b>"}'})
        assert wrong.status_code == 422 and '{"v": "<b>"}' in unescape(wrong.text) and "<b>" not in wrong.text
        for fields in ({"proposal": "9999"}, {"proposal": str(entry), "as_of": "morgen"}):
            assert approver.submit("/desk/policies/comparison", fields=fields).status_code == 422
    assert "/desk/act/" not in world.regulator.http.get("/desk/policies").text, "it is for approvers to approve"
    assert APPROVER.party in world.accesses()


def test_an_audit_is_started_seen_to_go_on_read_and_stopped(world: World) -> None:
    assert world.regulator.submit("/desk/audits/start").status_code == 303
    assert world.regulator.submit("/desk/audits/start").status_code == 303
    assert world.regulator.http.get("/desk/audits").text.count("进行中") == 1, "one at a time"
    assert world.regulator.submit("/desk/audits/stop").status_code == 303
    assert "已中止" in world.regulator.http.get("/desk/audits").text
    assert world.regulator.submit("/desk/audits/start").status_code == 303

    def listed() -> str:
        return world.regulator.http.get("/desk/audits").text

    eventually(lambda: "已完成" in listed(), "the audit's report")
    found = re.search(r'href="(/desk/audits/[0-9]+)"', listed())
    assert found is not None
    page = world.regulator.http.get(found[1]).text
    report = world.regulator.http.get(f"{found[1]}/report.json")
    assert report.json()["origin"] in page and report.json()["size"] == world.book.size()
    assert set(report.json()["counts"]) <= {"access.digest", "access.order"}, "but for the row that another test added"
    html = world.regulator.http.get(f"{found[1]}/report.html")
    assert (
        html.headers["content-disposition"].startswith("attachment") and "audit" in html.headers["content-disposition"]
    )
    assert world.organizer.submit("/desk/audits/start").status_code == 403


def test_the_log_is_shown_with_its_checkpoint_and_that_it_has_no_witness(world: World) -> None:
    page = world.regulator.http.get("/desk/log").text
    assert f'<dd class="num">{world.book.size()}</dd>' in page and "没有见证人" in page


def _statement(world: World, entry: int) -> bytes:
    """As it was signed, without its receipt."""
    answer = world.book.get(f"/entries/{entry}/statement", headers={"Accept": "application/json"}).json()
    return base64.b64decode(answer["statement"])
