"""What was imported once is known again under another key, on another machine, and of keys before that."""

from __future__ import annotations

import stat
from pathlib import Path

import httpx
import pytest
from stdnum.cn import uscc

from api.importing import pledge_template as template
from api.importing.import_file import ImportSigners, import_file
from api.importing.import_report import ImportReport
from api.importing.import_signer import ImportSigner, hand_of, secret_file
from api.importing.service_client import ImportClient
from api.importing.source_mapping import read_mapping
from api.importing.submission import ImportRun
from api.importing.table_plan import TableReading
from api.importing.table_writer import WritableCell, csv_table
from ledger.cose.statement import parse_statement
from ledger.domain.events.complaint import ComplaintOutcomeRecorded
from ledger.errors import Malformed, Misconfigured
from ledger.keys.signer import Signer, new_key
from tests.unit.api.importing.conftest import GOOD, TODAY, roster_csv, write
from tests.unit.api.importing.fakeservice import ISSUER, FakeService
from tests.unit.api.importing.test_outcomes_table import EXAMPLE
from tests.unit.api.importing.test_outcomes_table import GOOD as GOOD_OUTCOME
from tests.unit.api.importing.test_outcomes_table import HEADER as OUTCOME_HEADER

NOW = 1_774_000_000  # 2026-03-20
STEM = "92310115MA6EK8XJT"
FRUIT_SHOP: dict[str, WritableCell] = {
    template.CODE: STEM + uscc.calc_check_digit(STEM),
    template.NAME: "张小五水果店",
    template.CATEGORY: "个体工商户",
}


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    """An open pledge, one of an individual business, one that is not for publication, one kept in full already."""
    kept = {template.FULFILLED: "全部履行", template.ASSESSED_ON: "2026-03-19", template.ASSESSOR: "评估单位"}
    kept |= {template.ASSESSOR_CODE: "51100000500000315Q"}
    rows: list[dict[str, WritableCell]] = [
        {},
        FRUIT_SHOP,
        {template.CODE: "91440606MAB4R9LXCD", template.NAME: "示例四厂", template.DISCLOSURE: "不可公开"},
        {template.CODE: "91370212MAX4EKGN2R", template.NAME: "示例二厂", **kept},
    ]
    header = [*template.HEADER, *kept]
    table: list[list[WritableCell]] = [
        list(header),
        *([{**GOOD, **row}.get(column, "") for column in header] for row in rows),
    ]
    return write(tmp_path / "roster.csv", csv_table(table))


@pytest.fixture
def complaints(tmp_path: Path) -> Path:
    return write(tmp_path / "c.csv", csv_table([OUTCOME_HEADER, GOOD_OUTCOME]))


def hand(service: FakeService, signer: Signer, folder: Path, *, passphrase: str | None = None) -> ImportSigner:
    with service.client as client:
        return hand_of(signer, ImportClient(client), folder, passphrase=passphrase)


def run(service: FakeService, path: Path, who: ImportSigner, organizer: ImportSigner | None = None) -> ImportReport:
    with service.client as client:
        return import_file(
            path,
            client,
            ImportSigners(who, organizer),
            TODAY,
            TableReading(
                campaign="2026" if path.stem == "roster" else None,
                mapping=None if path.stem == "roster" else read_mapping(EXAMPLE),
            ),
            ImportRun(clock=lambda: NOW),
        )


def folder_of(tmp_path: Path, name: str) -> Path:
    (tmp_path / name).mkdir(exist_ok=True)
    return tmp_path / name


def statuses(report: ImportReport) -> list[str]:
    return [row.status for row in report.rows]


def test_after_a_rotation_everything_is_already_registered(
    service: FakeService, roster: Path, complaints: Path, tmp_path: Path
) -> None:
    """Another key of another kind, years later: not one entry more, no case and no enterprise a second time."""
    old, new = new_key("ed25519"), new_key("p256")
    service.parties = {old.kid: ISSUER}
    folder = folder_of(tmp_path, "keys")
    for path in (roster, complaints):
        assert set(statuses(run(service, path, hand(service, old, folder)))) == {"accepted"}
    before = list(service.entries)
    service.parties[new.kid] = ISSUER
    for path in (roster, complaints):
        again = run(service, path, hand(service, new, folder))
        assert set(statuses(again)) == {"already registered"}, again.to_csv().decode()
    assert service.entries == before
    assert stat.S_IMODE(secret_file(folder, ISSUER).stat().st_mode) == 0o600


def test_what_is_new_after_a_rotation_is_signed_by_the_new_key_about_the_same_enterprise(
    service: FakeService, roster: Path, tmp_path: Path
) -> None:
    old, new = new_key("ed25519"), new_key("ed25519")
    service.parties = {old.kid: ISSUER}
    run(service, roster, hand(service, old, tmp_path))
    service.parties[new.kid] = ISSUER
    size = len(service.entries)
    path = write(
        folder_of(tmp_path, "b") / "roster.csv", roster_csv(FRUIT_SHOP | {template.SCOPE: "专项承诺：产品质量"})
    )
    assert statuses(run(service, path, hand(service, new, tmp_path))) == ["accepted"]
    added = [parse_statement(entry) for entry in service.entries[size:]]
    assert {one.kid for one in added} == {new.kid}
    assert len(added) == 2, "a pledge and its publication; the enterprise was there"
    assert {one.subject for one in added} <= {parse_statement(entry).subject for entry in service.entries[:size]}


def test_no_secret_is_made_up_where_another_key_may_have_imported(
    service: FakeService, complaints: Path, tmp_path: Path
) -> None:
    """On another machine, or after a rotation that the secret's file was lost in."""
    old, new = new_key("ed25519"), new_key("ed25519")
    service.parties = {old.kid: ISSUER, new.kid: ISSUER}
    for signer in (old, new):
        with pytest.raises(Misconfigured, match=r"organizer\.import-secret\.pem is missing.*key import-secret KEY"):
            hand(service, signer, tmp_path)
    assert list(tmp_path.glob("*.pem")) == []


def test_a_second_machine_with_the_same_key_makes_the_same_secret(
    service: FakeService, complaints: Path, tmp_path: Path, signer: Signer
) -> None:
    for name, status in (("one", "accepted"), ("two", "already registered"), ("one", "already registered")):
        assert statuses(run(service, complaints, hand(service, signer, folder_of(tmp_path, name)))) == [status]
    assert len(service.events(ComplaintOutcomeRecorded)) == 1


def test_what_two_keys_imported_before_there_were_secrets_is_known_with_both(
    service: FakeService, roster: Path, complaints: Path, tmp_path: Path
) -> None:
    """Each key gave its own names then. The rest of the roster goes on under the first."""
    first, second, third = new_key("ed25519"), new_key("p256"), new_key("ed25519")
    run(service, complaints, ImportSigner(second, ISSUER, (second.secret,)))
    run(service, roster, ImportSigner(first, ISSUER, (first.secret,)))
    before = list(service.entries)
    both = ImportSigner(third, ISSUER, (second.secret, first.secret))
    assert statuses(run(service, complaints, both)) == ["already registered"]
    assert set(statuses(run(service, roster, both))) == {"already registered"}
    assert service.entries == before
    # an individual business keeps the id that it was entered under
    path = write(
        folder_of(tmp_path, "b") / "roster.csv", roster_csv(FRUIT_SHOP | {template.SCOPE: "专项承诺：产品质量"})
    )
    assert statuses(run(service, path, both)) == ["accepted"]
    assert statuses(run(service, path, both)) == ["already registered"]
    assert len(service.entries) == len(before) + 2


def test_of_a_handling_bodys_case_and_an_organizers_enterprise_each_keeps_its_secret(
    service: FakeService, complaints: Path, tmp_path: Path
) -> None:
    """A key of each was rotated; their secrets are two, in one folder."""
    body, organizer = new_key("p256"), new_key("ed25519")
    service.parties = {body.kid: "party:handling-body", organizer.kid: ISSUER}
    run(service, complaints, hand(service, body, tmp_path), hand(service, organizer, tmp_path))
    assert len(list(tmp_path.glob("*.import-secret.pem"))) == 2
    before = list(service.entries)
    later = new_key("p256"), new_key("ed25519")
    service.parties |= {later[0].kid: "party:handling-body", later[1].kid: ISSUER}
    hands = [hand(service, one, tmp_path) for one in later]
    assert statuses(run(service, complaints, hands[0], hands[1])) == ["already registered"]
    assert service.entries == before


def test_an_encrypted_key_has_an_encrypted_secret(service: FakeService, tmp_path: Path, signer: Signer) -> None:
    made = hand(service, signer, tmp_path, passphrase="word")
    assert b"ENCRYPTED" in secret_file(tmp_path, ISSUER).read_bytes()
    assert hand(service, signer, tmp_path, passphrase="word") == made
    with pytest.raises(Malformed, match="passphrase"):
        hand(service, signer, tmp_path)


def test_a_dry_run_leaves_no_secret_behind(service: FakeService, tmp_path: Path, signer: Signer) -> None:
    with service.client as client:
        hand_of(signer, ImportClient(client), tmp_path, keep=False)
    assert list(tmp_path.iterdir()) == []


def test_a_service_that_does_not_name_a_partys_keys_is_not_taken_for_one_with_a_single_key(
    service: FakeService, tmp_path: Path, signer: Signer
) -> None:
    service.before.append(lambda path: httpx.Response(200, json={"party": ISSUER}))
    with pytest.raises(Malformed, match="keys"):
        hand(service, signer, tmp_path)
