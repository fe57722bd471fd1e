"""An import brings every sound row into the book once, however often and however badly it is run."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from pathlib import Path

import httpx
import openpyxl
import pytest
from stdnum.cn import uscc

from api.demo.sample_roster import SampleCampaign, sample_xlsx
from api.importing import pledge_template as template
from api.importing.import_file import ImportSigners, import_file
from api.importing.import_report import ImportReport
from api.importing.import_signer import ImportSigner
from api.importing.signing import pledge_code
from api.importing.source_mapping import read_mapping
from api.importing.submission import ImportRun
from api.importing.table_plan import TableReading
from api.importing.table_writer import WritableCell, csv_table, xlsx_table
from ledger.cose.statement import Statement, parse_statement, verify_statement
from ledger.domain.events.complaint import ComplaintOutcomeRecorded
from ledger.domain.events.enterprise import EnterpriseRegistered
from ledger.domain.events.pledge import PledgeMade, PledgePublished
from ledger.errors import Malformed, NotFound, Unavailable
from ledger.keys.signer import Signer, new_key
from tests.unit.api.importing.conftest import GOOD, TODAY, roster_csv, write
from tests.unit.api.importing.fakeservice import ISSUER, FakeService
from tests.unit.api.importing.test_outcomes_table import EXAMPLE
from tests.unit.api.importing.test_outcomes_table import GOOD as GOOD_OUTCOME
from tests.unit.api.importing.test_outcomes_table import HEADER as OUTCOME_HEADER

NOW = 1_774_000_000  # 2026-03-20
SAMPLE = SampleCampaign(date(2026, 3, 1), date(2026, 3, 15))
Change = dict[str, WritableCell]


def run(
    service: FakeService,
    path: Path,
    signer: Signer,
    *,
    day: int = 0,
    dry_run: bool = False,
    mapping: bool = False,
    waits: list[float] | None = None,
    progress: list[tuple[int, int]] | None = None,
) -> ImportReport:
    with service.client as client:
        return import_file(
            path,
            client,
            ImportSigners(ImportSigner(signer, ISSUER, (signer.secret,))),
            TODAY + timedelta(days=day),
            TableReading(campaign=None if mapping else "2026", mapping=read_mapping(EXAMPLE) if mapping else None),
            ImportRun(
                clock=lambda: NOW + day * 86_400,
                dry_run=dry_run,
                sleep=(waits if waits is not None else []).append,
                progress=lambda done, total: (progress if progress is not None else []).append((done, total)),
            ),
        )


def statuses(report: ImportReport) -> list[str]:
    return [row.status for row in report.rows]


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    """Two sound rows of two enterprises, one row without liability, one that is not for publication."""
    other = "91370212MAX4EKGN2R"
    return write(
        tmp_path / "roster.csv",
        roster_csv(
            {},
            {template.LIABILITY: "", template.CODE: "91500105MATKYT6UF8", template.NAME: "示例三厂"},
            {template.CODE: other, template.NAME: "示例二厂", template.SCOPE: "专项承诺：产品质量"},
            {template.CODE: "91440606MAB4R9LXCD", template.NAME: "示例四厂", template.DISCLOSURE: "不可公开"},
        ),
    )


def test_sound_rows_enter_the_book_and_flawed_ones_stop_nobody(
    service: FakeService, roster: Path, signer: Signer
) -> None:
    seen: list[tuple[int, int]] = []
    report = run(service, roster, signer, progress=seen)
    assert statuses(report) == ["accepted", "refused", "accepted", "accepted"]
    assert report.rows[0].entries == (0, 1, 2)
    assert "违诺责任" in report.rows[1].line()
    assert seen[-1] == (4, 4)
    for entry in service.entries:
        assert verify_statement(parse_statement(entry), signer.public).issuer == ISSUER
    made = service.events(PledgeMade)
    published = service.events(PledgePublished)
    ids = [parse_statement(entry).statement_id.hex() for entry in service.entries]
    assert [ids.index(one.pledge) for one in published if isinstance(one, PledgePublished)] == [1, 4, 7]
    assert len(made) == len(published) == 3
    row = report.rows[0]
    first = published[0]
    assert isinstance(first, PledgePublished)
    assert (first.code, first.effective_on, first.valid_until) == (row.pledge_code, TODAY, date(2027, 3, 14))
    assert first.code.startswith("31011520260308")


def test_a_sealed_pledge_leaves_nothing_open_that_names_roster_or_campaign(
    service: FakeService, roster: Path, signer: Signer
) -> None:
    report = run(service, roster, signer)
    registered, made, published = (parse_statement(service.entries[index]) for index in report.rows[3].entries)
    assert made.sealed
    assert published.sealed
    assert not registered.sealed
    assert service.event(report.rows[3].entries[0]) == EnterpriseRegistered(
        v=1,
        effective_on=TODAY,
        name="示例四厂",
        category="organization",
        division="310115",
        industry="C385",
        size_band="small",
        size_source="企业自报",
    )
    assert report.file_sha256.encode() not in registered.raw
    assert b"2026-03-08" not in registered.raw


def test_contact_persons_and_telephones_are_in_no_statement_no_body_and_no_report(
    service: FakeService, roster: Path, signer: Signer
) -> None:
    report = run(service, roster, signer)
    everything = b"".join([*service.entries, *service.bodies.values(), report.to_csv(), report.to_json()])
    assert str(GOOD[template.CONTACT]).encode() not in everything
    assert str(GOOD[template.TELEPHONE]).encode() not in everything


def test_an_individual_business_is_named_in_no_entry(service: FakeService, tmp_path: Path, signer: Signer) -> None:
    stem = "92310115MA6EK8XJT"
    code = stem + uscc.calc_check_digit(stem)
    path = write(tmp_path / "r.csv", roster_csv({template.CODE: code, template.NAME: "张小五水果店"}))
    report = run(service, path, signer)
    assert statuses(report) == ["accepted"]
    entries = b"".join(service.entries)
    assert "张小五".encode() not in entries
    assert code.encode() not in entries
    (registered,) = service.events(EnterpriseRegistered)
    assert isinstance(registered, EnterpriseRegistered)
    assert (registered.name, registered.code) == ("张小五水果店", code)
    assert registered.category == "individual_business"


def test_the_same_file_again_on_another_day_adds_nothing(service: FakeService, roster: Path, signer: Signer) -> None:
    run(service, roster, signer)
    before = list(service.entries)
    for day in (0, 1, 90):  # in 90 days the rows are late, and say so
        again = run(service, roster, signer, day=day)
        assert statuses(again) == ["already registered", "refused", "already registered", "already registered"], day
    assert service.entries == before
    assert again.rows[0].entries == (1,)


def test_a_corrected_file_adds_what_is_new_and_finds_the_rest_again(
    service: FakeService, tmp_path: Path, signer: Signer
) -> None:
    """The rows have moved, and the file has another digest."""
    second: Change = {template.CODE: "91370212MAX4EKGN2R", template.NAME: "示例二厂"}
    run(service, write(tmp_path / "a.csv", roster_csv({}, {**second, template.LIABILITY: ""})), signer)
    report = run(service, write(tmp_path / "b.csv", roster_csv(second, {})), signer, day=3)
    assert statuses(report) == ["accepted", "already registered"]
    assert len(service.entries) == 6


def test_a_row_that_says_other_things_than_before_is_flagged_with_the_entry(
    service: FakeService, tmp_path: Path, signer: Signer
) -> None:
    run(service, write(tmp_path / "a.csv", roster_csv({})), signer)
    report = run(service, write(tmp_path / "b.csv", roster_csv({template.CONTENT: "另一内容"})), signer)
    assert report.rows[0].line() == "flagged: registered before as entry 1 with other content"
    assert len(service.entries) == 3


@pytest.mark.parametrize(("public", "status"), [(True, "already registered"), (False, "flagged")])
def test_a_sealed_row_from_another_file_is_known_by_its_body_or_flagged(
    service: FakeService, tmp_path: Path, signer: Signer, public: bool, status: str
) -> None:
    sealed: Change = {template.DISCLOSURE: "特定范围内公开"}
    run(service, write(tmp_path / "a.csv", roster_csv(sealed)), signer)
    service.bodies_public = public
    report = run(service, write(tmp_path / "b.csv", roster_csv({template.LIABILITY: ""}, sealed)), signer)
    assert report.rows[1].status == status
    assert len(service.entries) == 3


def test_a_taken_code_gives_way_to_the_next_serial(service: FakeService, tmp_path: Path, signer: Signer) -> None:
    path = write(tmp_path / "a.csv", roster_csv({}))
    wanted = run(service, path, signer, dry_run=True)
    assert wanted.rows[0].status == "accepted"
    identity = b'["campaign:2026","uscc:91310115MA6EK8XJTR","comprehensive","2026-03-08"]'
    codes = [pledge_code("310115", date(2026, 3, 8), identity, step) for step in range(3)]
    service.taken_codes |= set(codes[:2])
    report = run(service, path, signer)
    assert statuses(report) == ["accepted"]
    assert report.rows[0].pledge_code == codes[2]
    assert int(codes[1]) - int(codes[0]) in (1, -999_999)


def test_an_import_that_ended_between_pledge_and_publication_is_completed(
    service: FakeService, tmp_path: Path, signer: Signer
) -> None:
    path = write(tmp_path / "a.csv", roster_csv({}))

    def no_publications(statement: Statement) -> str | None:
        return "statement.form" if b"PledgePublished" in statement.payload else None

    service.refuse = no_publications
    first = run(service, path, signer)
    assert first.rows[0].line() == "refused: no"
    assert first.rows[0].entries == (0, 1)
    service.refuse = lambda statement: None
    assert statuses(run(service, path, signer, day=1)) == ["accepted"]
    (published,) = service.events(PledgePublished)
    assert isinstance(published, PledgePublished)
    assert published.pledge == parse_statement(service.entries[1]).statement_id.hex()


def test_a_refused_enterprise_refuses_its_row_alone_and_a_known_one_none(
    service: FakeService, tmp_path: Path, signer: Signer
) -> None:
    path = write(tmp_path / "a.csv", roster_csv({}, {template.CODE: "91370212MAX4EKGN2R", template.NAME: "示例二厂"}))
    service.refuse = lambda statement: (
        "enterprise.already_registered"
        if b"EnterpriseRegistered" in statement.payload and "MAX4EKGN2R" in statement.subject
        else None
    )
    report = run(service, path, signer)
    assert statuses(report) == ["accepted", "refused"]  # this one the book does not know, whatever it said
    assert report.rows[1].reasons[0].rule == "enterprise.not_registered"


def test_a_code_with_a_wrong_check_digit_goes_on_once_the_book_has_its_override(
    service: FakeService, tmp_path: Path, signer: Signer
) -> None:
    path = write(tmp_path / "a.csv", roster_csv({template.CODE: "91310115MA6EK8XJT0"}))
    report = run(service, path, signer)
    assert (report.rows[0].status, report.rows[0].reasons[0].rule) == ("flagged", "code.check_digit")
    assert service.entries == []
    service.override("uscc:91310115MA6EK8XJT0")
    assert statuses(run(service, path, signer)) == ["accepted"]


def test_a_dry_run_does_everything_but_sending(service: FakeService, roster: Path, signer: Signer) -> None:
    seen: list[tuple[int, int]] = []
    report = run(service, roster, signer, dry_run=True, progress=seen)
    assert statuses(report) == ["accepted", "refused", "accepted", "accepted"]
    assert report.dry_run
    assert service.batches == 0
    assert seen[-1] == (4, 4)


@pytest.mark.parametrize(
    ("answer", "waited"),
    [
        (httpx.Response(503, headers={"Retry-After": "7"}), 7.0),
        (httpx.Response(429, headers={"Retry-After": "9999"}), 60.0),
        (httpx.Response(429, headers={"Retry-After": "Mon, 01 Jan 1990 00:00:00 GMT"}), 0.0),
        (httpx.Response(502), 0.25),
    ],
)
def test_a_busy_service_is_asked_again_when_it_says(
    service: FakeService, roster: Path, signer: Signer, answer: httpx.Response, waited: float
) -> None:
    service.before.extend([lambda path: None] * 4)
    service.before.append(lambda path: answer)
    waits: list[float] = []
    assert statuses(run(service, roster, signer, waits=waits)).count("accepted") == 3
    assert waits == [waited]


def test_a_lost_answer_is_asked_for_again_and_the_rows_count_as_accepted(
    service: FakeService, roster: Path, signer: Signer
) -> None:
    def lose(path: str) -> None:
        if path == "/entries/batch":
            raise httpx.ReadError("connection lost")

    service.after.extend([lose] * 5)
    report = run(service, roster, signer)
    assert statuses(report).count("accepted") == 3
    assert len(service.entries) == 9
    assert service.batches == 2


def test_statements_that_the_queue_had_no_room_for_are_sent_again(
    service: FakeService, roster: Path, signer: Signer
) -> None:
    turned_away: list[bytes] = []

    def busy(statement: Statement) -> str | None:
        if len(turned_away) < 2 and b"EnterpriseRegistered" in statement.payload:
            turned_away.append(statement.raw)
            return "busy"
        return None

    service.refuse = busy
    waits: list[float] = []
    assert statuses(run(service, roster, signer, waits=waits)).count("accepted") == 3
    assert waits == [0.25]
    assert len(service.entries) == 9
    assert set(turned_away) <= set(service.entries)  # the same bytes


def test_a_stopped_import_keeps_what_arrived_and_goes_on_when_run_again(
    service: FakeService, tmp_path: Path, signer: Signer
) -> None:
    path = write(tmp_path / "sample.xlsx", sample_xlsx(340, campaign=SAMPLE))

    class Stop(KeyboardInterrupt):
        pass

    def stop(done: int, total: int) -> None:
        if done >= 300:
            raise Stop

    hand = ImportSigner(signer, ISSUER, (signer.secret,))
    with service.client as client:
        report = import_file(
            path,
            client,
            ImportSigners(hand),
            TODAY,
            TableReading(campaign="2026"),
            ImportRun(clock=lambda: NOW, progress=stop),
        )
    assert report.stopped
    counts = report.counts()
    assert counts["accepted"] == 300
    assert counts["not sent"] == 40
    again = run(service, path, signer, day=1)
    assert again.stopped is None
    assert again.counts() == {"already registered": 300, "accepted": 40}
    assert len(service.events(PledgePublished)) == 340


def test_a_service_that_is_gone_for_good_leaves_the_rest_not_sent(
    service: FakeService, tmp_path: Path, signer: Signer
) -> None:
    path = write(tmp_path / "sample.xlsx", sample_xlsx(320, campaign=SAMPLE))

    def gone(path: str) -> httpx.Response | None:
        raise httpx.ConnectError("refused")

    service.before.extend([lambda path: None] * 6)  # checkpoint, campaign, origin, standings, batch, standings
    service.before.extend([gone] * 100)
    report = run(service, path, signer)
    assert report.stopped is not None
    assert report.counts() == {"accepted": 300, "not sent": 20}
    with pytest.raises(Unavailable):
        run(service, path, signer)


def test_outcomes_are_sealed_signed_and_found_again_later(service: FakeService, tmp_path: Path, signer: Signer) -> None:
    pending = ["9", *GOOD_OUTCOME[1:9], "In progress", *GOOD_OUTCOME[10:]]
    path = write(tmp_path / "c.csv", csv_table([OUTCOME_HEADER, GOOD_OUTCOME, pending]))
    report = run(service, path, signer, mapping=True)
    assert report.rows[0].line() == "accepted"
    assert report.rows[1].status == "refused"
    registered, outcome = (parse_statement(entry) for entry in service.entries)
    assert b"evidence" not in registered.payload
    assert outcome.sealed
    assert isinstance(service.event(1), ComplaintOutcomeRecorded)
    service.bodies_public = False
    assert statuses(run(service, path, signer, mapping=True, day=40))[0] == "already registered"
    moved = write(tmp_path / "d.csv", csv_table([OUTCOME_HEADER, pending, GOOD_OUTCOME]))
    assert statuses(run(service, moved, signer, mapping=True))[1] == "flagged"
    service.bodies_public = True
    assert statuses(run(service, moved, signer, mapping=True))[1] == "already registered"
    assert len(service.entries) == 2


def test_a_handling_bodys_outcomes_leave_the_entering_of_enterprises_to_the_organizer(
    service: FakeService, tmp_path: Path, signer: Signer
) -> None:
    handling_body = new_key("p256")
    service.parties = {handling_body.kid: "party:handling-body", signer.kid: "party:organizer"}
    path = write(tmp_path / "c.csv", csv_table([OUTCOME_HEADER, GOOD_OUTCOME]))
    with service.client as client:
        report = import_file(
            path,
            client,
            ImportSigners(
                ImportSigner(handling_body, "party:handling-body", (handling_body.secret,)),
                ImportSigner(signer, ISSUER, (signer.secret,)),
            ),
            TODAY,
            TableReading(mapping=read_mapping(EXAMPLE)),
            ImportRun(clock=lambda: NOW),
        )
    assert statuses(report) == ["accepted"]
    said = [(one.issuer, one.kid) for one in map(parse_statement, service.entries)]
    assert said == [("party:organizer", signer.kid), ("party:handling-body", handling_body.kid)]


def test_the_report_is_for_people_and_programs_and_runs_in_no_spreadsheet(
    service: FakeService, tmp_path: Path, signer: Signer
) -> None:
    path = write(tmp_path / "a.csv", roster_csv({}, {template.NAME: "=1+1", template.CODE: "91370212MAX4EKGN2R"}))
    report = run(service, path, signer)
    rows = list(csv.DictReader(io.StringIO(report.to_csv().decode("utf-8-sig"))))
    assert [row["status"] for row in rows] == ["accepted", "refused"]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    document = json.loads(report.to_json())
    assert document["counts"] == {"accepted": 1, "refused": 1}
    assert document["reasons"] == {"cell.formula": 1}
    assert document["rows"][0]["entries"] == [0, 1, 2]


def test_what_cannot_begin_says_why(service: FakeService, roster: Path, signer: Signer, tmp_path: Path) -> None:
    hand = ImportSigner(signer, ISSUER, (signer.secret,))
    with service.client as client:
        with pytest.raises(NotFound):
            import_file(roster, client, ImportSigners(hand), TODAY, TableReading(campaign="2019"), ImportRun())
        with pytest.raises(Malformed, match="say which"):
            import_file(roster, client, ImportSigners(hand), TODAY, TableReading(), ImportRun())
        with pytest.raises(OSError, match="none"):
            import_file(
                tmp_path / "none.csv", client, ImportSigners(hand), TODAY, TableReading(campaign="2026"), ImportRun()
            )


def test_names_of_statements_depend_on_the_row_and_the_secret_alone(
    service: FakeService, roster: Path, signer: Signer, tmp_path: Path
) -> None:
    run(service, roster, signer)
    elsewhere, foreign = FakeService(), FakeService()
    run(elsewhere, roster, signer, day=2)
    run(foreign, roster, new_key("p256"))
    names = [[parse_statement(entry).cti for entry in one.entries] for one in (service, elsewhere, foreign)]
    assert names[0] == names[1]
    assert not set(names[0]) & set(names[2])
    assert len(set(names[0])) == len(names[0])


BOOK = "uscc:91310115MA6EK8XJTR"


@pytest.mark.parametrize(
    ("book", "rule"),
    [
        (("示例上海朗润正德家用电器有限公司",), None),
        (("示例　上海·朗润正德家用电器有限公司",), None),
        (("示例另一家有限公司",), "enterprise.other_name"),
        (("示例新名有限公司", "示例上海朗润正德家用电器有限公司"), "enterprise.former_name"),
    ],
)
def test_a_code_that_the_book_has_under_another_name_is_flagged_with_both(
    tmp_path: Path, signer: Signer, service: FakeService, book: tuple[str, ...], rule: str | None
) -> None:
    service.names[BOOK] = book
    service.registered.add(BOOK)
    (row,) = run(service, write(tmp_path / "a.csv", roster_csv({})), signer).rows
    if rule is None:
        assert row.status == "accepted"
        return
    assert row.status == "flagged"
    assert [reason.rule for reason in row.reasons] == [rule]
    for words in (row.reasons[0].zh, row.reasons[0].en):
        assert book[0] in words and "示例上海朗润正德家用电器有限公司" in words
    assert service.entries == []


def test_a_row_that_is_in_the_book_stays_so_after_its_enterprise_was_renamed(
    tmp_path: Path, signer: Signer, service: FakeService
) -> None:
    path = write(tmp_path / "a.csv", roster_csv({}))
    assert [row.status for row in run(service, path, signer).rows] == ["accepted"]
    service.names[BOOK] = ("示例新名有限公司", *service.names[BOOK])
    assert [row.status for row in run(service, path, signer).rows] == ["already registered"]


def test_rows_that_a_filter_hides_are_named_in_the_report(tmp_path: Path, signer: Signer, service: FakeService) -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx_table([list(GOOD), list(GOOD.values())], "x")))
    assert book.active is not None
    book.active.row_dimensions[2].hidden = True
    book.save(tmp_path / "a.xlsx")
    (row,) = run(service, tmp_path / "a.xlsx", signer).rows
    assert row.status == "accepted"
    assert [reason.rule for reason in row.reasons] == ["row.hidden"]
    assert "hides this row" in row.line()
