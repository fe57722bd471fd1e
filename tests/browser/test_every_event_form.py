"""Every event type of the catalogue is registered once through its form: one book, one browser, many desks.

What an event needs before is in the book by the ordinary interface, said by other officers than those at the desks.
"""

from __future__ import annotations

import shutil
import time
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser

from api.cli.main import main
from ledger.charter.default_policies import default_registration_policy, default_standing_policy
from ledger.cose.statement import decode_event, parse_statement
from ledger.domain.events.access_log import AccessDigestPublished
from ledger.domain.events.annex import AnnexTakenDown
from ledger.domain.events.attachment import AttachmentAdded, AttachmentErased
from ledger.domain.events.base import Event
from ledger.domain.events.campaign import CampaignCancelled, CampaignClosed, CampaignExtended, NoticePublished
from ledger.domain.events.completeness_map import MapRootPublished
from ledger.domain.events.enterprise import (
    EnterpriseDeregistered,
    EnterpriseMerged,
    EnterpriseRenamed,
    EnterpriseSized,
    IdentifierOverridden,
)
from ledger.domain.events.history import HistoryGivenUp
from ledger.domain.events.party import (
    KeyRecovered,
    KeyRevoked,
    KeyRotated,
    RoleGranted,
    RoleRevoked,
    TrustAnchorsEstablished,
    TrustAnchorsSucceeded,
)
from ledger.domain.events.pledge import PledgeReplaced
from ledger.domain.events.policy import (
    RegistrationPolicyApproved,
    RegistrationPolicyProposed,
    StandingPolicyApproved,
    StandingPolicyProposed,
    WorkCalendarPublished,
)
from ledger.domain.events.repudiation import BodyErased, StatementRepudiated
from ledger.domain.examples import example
from ledger.domain.rules.catalogue import SPECS
from ledger.domain.values.subject import ACCESS, MAP, POLICY, own_party
from ledger.keys.proof_of_possession import prove_possession
from ledger.keys.signer import save_key
from tests.browser.act_forms import Office, draft_of, fill_from, office, propose, said_against, signed
from tests.browser.desk import desk_book
from tests.e2e.book import Book
from tests.support.charter import (
    APPROVER,
    DATA_OFFICER,
    HANDLING_BODY,
    LABORATORY,
    LOG_OPERATOR,
    ORGANIZER,
    ORIGIN,
    REGISTRAR,
    REGULATOR,
    ROOT,
    Speaker,
)
from tests.support.findings import annulment, breach, breach_corrected, cited, defaulted, found, performed, rechecked
from tests.support.keys import signer_for
from tests.support.listings import delisted, listed
from tests.support.marks import mark_licensed, misuse_found, reinstated, revoked, suspended
from tests.support.remedies import (
    applied,
    approved,
    filed,
    hold_placed,
    hold_released,
    misattributed,
    refusal,
    rejected,
    rescinded,
    upheld,
)
from tests.support.reports import accredited, invalidated, submitted, verified
from tests.support.standards import abolished, declared, noted, revised
from tests.support.statements import (
    ENTERPRISE,
    EVIDENCE,
    OTHER_ENTERPRISE,
    TODAY,
    assessed,
    campaign_corrected,
    campaign_opened,
    code,
    corrected,
    key_enrolled,
    outcome,
    party_enrolled,
    pledge_made,
    pledge_published,
    pledge_revoked,
    pledge_withdrawn,
    registered,
    replied,
)

__all__ = ["desk_book"]

pytestmark = pytest.mark.slow

NEWCOMER = "party:newcomer"
UNREADABLE_CODE = "uscc:91350100M0001TGQXM"  # its check digit fails
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
#: Costs something that is minor, and nothing else.
LATE = {"outcome": "refused", "reason": "无理", "reply": "late", "substantive_reply": True}
#: What a charter alone may say, or a log that lost entries: its form is there, and shows why it is refused.
REFUSED = frozenset(("TrustAnchorsEstablished", "RegistrationPolicyAdopted", "HistoryGivenUp"))


class Walk:
    """The officers at their desks, and which types were registered through a form."""

    def __init__(self, desks: Office) -> None:
        self.desks, self.book = desks, desks.book
        self.said: dict[str, int] = {}
        self.organizer, self.registrar, self.root, self.approver, self.regulator = (
            desks.officer(one) for one in (ORGANIZER, REGISTRAR, ROOT, APPROVER, REGULATOR)
        )
        self.handling, self.laboratory, self.data, self.operator = (
            desks.officer(one) for one in (HANDLING_BODY, LABORATORY, DATA_OFFICER, LOG_OPERATOR)
        )

    def say(self, event: Event, subject: str, by: Speaker, *, text: str | None = None) -> int:
        name = type(event).__name__
        assert name not in self.said, f"{name} twice"
        self.said[name] = self.desks.say(event, subject, by, text=text)
        return self.said[name]

    def refused(self, event: Event, subject: str, by: Speaker) -> None:
        """It is built and signed, and the page says in the service's words why it is not taken."""
        name = type(event).__name__
        page = self.desks.form(by, name)
        fill_from(page, draft_of(event, subject))
        propose(page)
        page.click("#sign")
        page.locator("[aria-invalid], #problem:not(:empty)").first.wait_for()
        assert said_against(page), name
        self.said[name] = -1


def test_every_event_type_of_the_catalogue_is_registered_once_through_its_form(
    browser: Browser, desk_book: Book, tmp_path: Path
) -> None:
    with office(browser, desk_book, tmp_path, time.time()) as desks:
        walk = Walk(desks)
        for part in (policies, parties, campaigns, enterprises, pledges, complaints, standards, marks, reports):
            part(walk)
        for part in (findings, remedies, disowned, files, log_itself):
            part(walk)
        assert set(walk.said) == set(SPECS)
        assert {name for name, entry in walk.said.items() if entry < 0} == REFUSED


def policies(walk: Walk) -> None:
    walk.refused(example(SPECS["RegistrationPolicyAdopted"].event), POLICY, walk.organizer)
    registration = RegistrationPolicyProposed(v=1, effective_on=TODAY, policy=default_registration_policy().policy)
    proposal = walk.say(registration, POLICY, walk.organizer)
    walk.say(RegistrationPolicyApproved(v=1, effective_on=TODAY, proposal=proposal), POLICY, walk.approver)
    at_once = {**default_standing_policy().repair_after_months, "minor": 0}  # what is minor may be repaired today
    standing = msgspec.structs.replace(default_standing_policy(), repair_after_months=at_once)
    proposal = walk.say(StandingPolicyProposed(v=1, effective_on=TODAY, policy=standing), POLICY, walk.organizer)
    walk.say(StandingPolicyApproved(v=1, effective_on=TODAY, proposal=proposal), POLICY, walk.approver)
    holidays, workdays = (date(2027, 1, 1),), (date(2027, 1, 2),)
    calendar = WorkCalendarPublished(v=1, effective_on=TODAY, year=2027, holidays=holidays, workdays=workdays)
    walk.say(calendar, POLICY, walk.organizer)


def parties(walk: Walk) -> None:
    first, second, third, fourth = (signer_for(f"newcomer {number}", "p256") for number in range(4))
    walk.say(party_enrolled(name_zh="新单位", name_en="Newcomer"), NEWCOMER, walk.registrar)
    walk.say(key_enrolled(first, NEWCOMER, officer="newcomer-1"), NEWCOMER, walk.registrar)
    newcomer = Speaker(NEWCOMER, first, "newcomer-1")
    for number, signer in enumerate((second, third), start=2):
        walk.book.enrol(Speaker(NEWCOMER, signer, ""), newcomer, officer=f"newcomer-{number}")
    new = signer_for("newcomer, recovered", "p256")
    recovered = KeyRecovered(
        v=1,
        effective_on=TODAY,
        replaces=second.kid.hex(),
        key=new.public.cose_key.hex(),
        proof=prove_possession(new, NEWCOMER, ORIGIN).hex(),
        officer="newcomer-2",
        usable_from=TODAY + timedelta(days=7),
        evidence="授权书",
    )
    walk.say(recovered, NEWCOMER, walk.registrar)
    walk.say(KeyRevoked(v=1, effective_on=TODAY, kid=third.kid.hex(), reason="retired"), NEWCOMER, walk.registrar)
    walk.say(RoleGranted(v=1, effective_on=TODAY, role="laboratory"), NEWCOMER, walk.registrar)
    walk.say(RoleRevoked(v=1, effective_on=TODAY, role="laboratory", reason="到期"), NEWCOMER, walk.registrar)
    walk.say(accredited(), LABORATORY.party, walk.registrar)
    key, proof = fourth.public.cose_key.hex(), prove_possession(fourth, NEWCOMER, ORIGIN).hex()
    rotated = KeyRotated(v=1, effective_on=TODAY, replaces=first.kid.hex(), key=key, proof=proof)
    walk.say(rotated, NEWCOMER, newcomer)


def campaigns(walk: Walk) -> None:
    walk.book.campaign(closes_on=TODAY + timedelta(days=15))
    opening = walk.say(campaign_opened(), "campaign:walk", walk.organizer)
    walk.say(campaign_corrected(opening, theme="放心消费"), "campaign:walk", walk.organizer)
    extended = CampaignExtended(v=1, effective_on=TODAY, closes_on=date(2026, 4, 30), reason="应企业要求")
    walk.say(extended, "campaign:walk", walk.organizer)
    notice = NoticePublished(v=1, effective_on=TODAY, number="1号", title="通知", text="第一行\n第二行")
    walk.say(notice, "campaign:walk", walk.organizer)
    walk.say(CampaignClosed(v=1, effective_on=TODAY), "campaign:walk", walk.organizer)
    walk.book.register(campaign_opened(), "campaign:another")
    walk.say(CampaignCancelled(v=1, effective_on=TODAY, reason="不可抗力"), "campaign:another", walk.organizer)


def enterprises(walk: Walk) -> None:
    for subject in (ENTERPRISE, OTHER_ENTERPRISE, "local:walk/gone", "local:walk/merged"):
        walk.book.enterprise(subject)
    walk.book.own_key(ENTERPRISE)
    walk.say(registered(division="110108", industry="C38"), "local:walk/new", walk.organizer)
    renamed = EnterpriseRenamed(v=1, effective_on=TODAY, name="北京某某集团有限公司", evidence="证")
    walk.say(renamed, ENTERPRISE, walk.organizer)
    sized = EnterpriseSized(v=1, effective_on=TODAY, size_band="medium", size_source="年报")
    walk.say(sized, ENTERPRISE, walk.organizer)
    overridden = IdentifierOverridden(v=1, effective_on=TODAY, code=UNREADABLE_CODE[5:], evidence="执照")
    walk.say(overridden, UNREADABLE_CODE, walk.organizer)
    merged = EnterpriseMerged(v=1, effective_on=TODAY, into=OTHER_ENTERPRISE, evidence="证")
    walk.say(merged, "local:walk/merged", walk.organizer)
    walk.say(EnterpriseDeregistered(v=1, effective_on=TODAY, evidence="证"), "local:walk/gone", walk.organizer)


def pledges(walk: Walk) -> None:
    walk.book.pledge(ENTERPRISE, serial=1)
    walk.book.pledge(ENTERPRISE, serial=2, scope="service")
    walk.book.pledge(OTHER_ENTERPRISE, serial=3)
    made = pledge_made(scope="product", evidence=EVIDENCE, valid_until=date(2027, 3, 14))
    walk.say(made, ENTERPRISE, walk.organizer)
    statement = walk.desks.at(walk.organizer).page.locator("#done").get_attribute("data-statement") or ""
    walk.say(pledge_published(bytes.fromhex(statement), code=code(4)), ENTERPRISE, walk.organizer)
    replaced = PledgeReplaced(v=1, effective_on=TODAY, code=code(4), slip="笔误", content="改")
    walk.say(replaced, ENTERPRISE, walk.organizer)
    walk.say(assessed(result="partial", unmet="部分", accountability="整改"), ENTERPRISE, walk.organizer)
    walk.say(pledge_withdrawn(code=code(2), evidence=EVIDENCE), ENTERPRISE, walk.organizer)
    walk.say(pledge_revoked(code=code(3)), OTHER_ENTERPRISE, walk.organizer, text="所附证明系伪造。\n另见附件。")


def outcome_of(walk: Walk, number: int, **given: object) -> int:
    return walk.book.register(outcome(number, **given), ENTERPRISE, HANDLING_BODY)


def owner(walk: Walk) -> Speaker:
    return walk.desks.officer(Speaker(own_party(ENTERPRISE), signer_for(ENTERPRISE), "owner"))


def complaints(walk: Walk) -> None:
    entry = walk.say(outcome(901, clauses=("refund",), pledge=code()), ENTERPRISE, walk.handling)
    walk.say(replied(entry), ENTERPRISE, owner(walk))
    walk.say(corrected(outcome_of(walk, 902)), ENTERPRISE, walk.handling)
    walk.say(performed(outcome_of(walk, 903, outcome="agreed")), ENTERPRISE, walk.handling)
    walk.say(defaulted(outcome_of(walk, 904, outcome="agreed")), ENTERPRISE, walk.handling)


def standards(walk: Walk) -> None:
    page = walk.desks.form(owner(walk), "StandardDeclared")
    fill_from(page, draft_of(declared(), ENTERPRISE))
    page.set_input_files("#f-annex-chosen", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": PDF})
    entry = walk.said["StandardDeclared"] = signed(page)
    digest = page.locator("#f-annex-sha256").input_value()
    assert walk.book.get(f"/annexes/{digest}").content == PDF, "the file went along"
    walk.say(noted(entry), ENTERPRISE, walk.organizer)
    walk.say(revised(entry), ENTERPRISE, owner(walk))
    walk.say(abolished(entry, reason="停产"), ENTERPRISE, owner(walk))
    walk.say(AnnexTakenDown(v=1, effective_on=TODAY, annex=digest, ground="含有个人信息"), ENTERPRISE, walk.data)


def marks(walk: Walk) -> None:
    walk.say(mark_licensed(count=70), ENTERPRISE, walk.organizer)
    walk.say(suspended(), ENTERPRISE, walk.organizer)
    walk.say(reinstated(), ENTERPRISE, walk.organizer)
    walk.say(misuse_found(range=mark_licensed().range), ENTERPRISE, walk.organizer)
    walk.say(revoked(), ENTERPRISE, walk.organizer)


def reports(walk: Walk) -> None:
    entry = walk.say(listed(), ENTERPRISE, walk.organizer)
    walk.say(delisted(entry), ENTERPRISE, walk.organizer)
    report = walk.say(submitted(), ENTERPRISE, walk.organizer)
    walk.say(verified(report), ENTERPRISE, walk.laboratory)
    walk.say(invalidated(report), ENTERPRISE, walk.laboratory)


def findings(walk: Walk) -> None:
    walk.say(found(), ENTERPRISE, walk.regulator)
    citation = walk.say(cited(), ENTERPRISE, walk.regulator)
    walk.say(rechecked(citation), ENTERPRISE, walk.regulator)
    before = walk.book.register(found(document_no="二"), ENTERPRISE, REGULATOR)
    walk.say(annulment(before), ENTERPRISE, walk.regulator)
    walk.say(breach(clauses=("refund",)), ENTERPRISE, walk.organizer)
    before = walk.book.register(breach(clauses=("reply",)), ENTERPRISE)
    walk.say(breach_corrected(before, void=True), ENTERPRISE, walk.organizer)


def remedies(walk: Walk) -> None:
    itself = Speaker(own_party(ENTERPRISE), signer_for(ENTERPRISE), "owner")
    one, two, three = (outcome_of(walk, 910 + number, **LATE) for number in range(3))
    application = walk.say(applied(one), ENTERPRISE, owner(walk))
    walk.say(approved(application, one), ENTERPRISE, walk.handling)
    application = walk.book.register(applied(two), ENTERPRISE, itself)
    walk.say(refusal(application, two), ENTERPRISE, walk.handling)
    application = walk.book.register(applied(three), ENTERPRISE, itself)
    colleague = HANDLING_BODY.colleague("handling-body-1c")
    walk.book.enrol(colleague, HANDLING_BODY, officer=colleague.officer)
    approval = walk.book.register(approved(application, three), ENTERPRISE, colleague)
    walk.say(rescinded(approval, three), ENTERPRISE, walk.handling)
    one, two = (outcome_of(walk, 920 + number) for number in range(2))
    walk.say(upheld(walk.say(filed(one), ENTERPRISE, owner(walk)), one), ENTERPRISE, walk.approver)
    objection = walk.book.register(filed(two), ENTERPRISE, itself)
    walk.say(rejected(objection, two), ENTERPRISE, walk.approver)


def disowned(walk: Walk) -> None:
    disowned_ = StatementRepudiated(v=1, effective_on=TODAY, entry=outcome_of(walk, 930), word="误录")
    walk.say(disowned_, ENTERPRISE, walk.handling)
    walk.say(misattributed(outcome_of(walk, 931)), ENTERPRISE, walk.organizer)
    itself = Speaker(own_party(ENTERPRISE), signer_for(ENTERPRISE), "owner")
    reply = walk.book.register(replied(outcome_of(walk, 932)), ENTERPRISE, itself)
    walk.say(BodyErased(v=1, effective_on=TODAY, entry=reply, ground="依申请"), ENTERPRISE, walk.data)
    walk.say(hold_placed(), ENTERPRISE, walk.data)
    hold = walk.book.register(hold_placed(entry=outcome_of(walk, 933)), ENTERPRISE, DATA_OFFICER)
    walk.say(hold_released(hold), ENTERPRISE, walk.data)


def files(walk: Walk) -> None:
    page = walk.desks.form(walk.organizer, "AttachmentAdded", f"?subject={OTHER_ENTERPRISE}")
    page.fill("#f-entry", str(walk.book.register(found(), OTHER_ENTERPRISE, REGULATOR)))
    page.set_input_files("#attachment-chosen", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": PDF})
    page.locator("#status", has_text="附件已上传").wait_for()
    attachment = page.locator("#f-attachment").input_value()
    walk.said[AttachmentAdded.__name__] = signed(page)
    erased = AttachmentErased(v=1, effective_on=TODAY, attachment=attachment, ground="有误")
    walk.say(erased, OTHER_ENTERPRISE, walk.data)


def log_itself(walk: Walk) -> None:
    size = walk.book.size()
    walk.say(MapRootPublished(v=1, effective_on=TODAY, root="ab" * 32, tree_size=9, subjects=2), MAP, walk.operator)
    yesterday = TODAY - timedelta(days=1)
    accesses = AccessDigestPublished(v=1, effective_on=TODAY, day=yesterday, digest="aa" * 32, count=0)
    walk.say(accesses, ACCESS, walk.operator)
    given_up = HistoryGivenUp(
        v=1,
        effective_on=TODAY,
        lost_size=size + 5,
        lost_root="ab" * 32,
        kept_size=size,
        kept_root="cd" * 32,
        reason="磁盘损坏",
    )
    walk.refused(given_up, MAP, walk.operator)
    keys = next_keys(walk, size + 10_000)
    anchors = example(SPECS["TrustAnchorsEstablished"].event)
    assert isinstance(anchors, TrustAnchorsEstablished)
    of_this_log = {"origin": ORIGIN, "root_key": ROOT.signer.public.cose_key.hex()}
    of_this_log |= {name: getattr(keys, name) for name in ("checkpoint_vkey", "receipt_key", "standing_key")}
    walk.refused(msgspec.structs.replace(anchors, **of_this_log), ROOT.party, walk.root)
    walk.say(keys, ROOT.party, walk.root)


def next_keys(walk: Walk, from_size: int) -> TrustAnchorsSucceeded:
    """Made by the command line, and laid where the service looks for them."""
    folder = walk.desks.folder / "succession"
    folder.mkdir()
    trust, root, said = folder / "trust.json", folder / "root.pem", folder / "said.cose"
    trust.write_bytes(walk.book.get("/.well-known/credit-ledger-trust.json").content)
    save_key(root, ROOT.signer)
    command = ["charter", "succeed", "--trust", str(trust), "--root-key", str(root), "--from-size", str(from_size)]
    made = CliRunner().invoke(main, [*command, "--keys", str(folder / "keys"), "-o", str(said)])
    assert made.exit_code == 0, made.output
    shutil.copytree(folder / "keys", walk.book.service.data_dir / "keys", dirs_exist_ok=True)
    event = decode_event(parse_statement(said.read_bytes()))
    assert isinstance(event, TrustAnchorsSucceeded)
    return event
