"""Which table is which, and what becomes of single rows of fulfilment and standards."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import get_args

import pytest

from api.importing import outcome_template
from api.importing import pledge_template as template
from api.importing import standards_table as declarations
from api.importing.annex_folder import AnnexFolder
from api.importing.import_file import ImportSigners, import_file
from api.importing.import_signer import ImportSigner
from api.importing.public_records import PUBLIC_RECORDS
from api.importing.row_plan import SingleWork
from api.importing.standards_table import InBook, plan_declarations, resolved
from api.importing.submission import ImportRun
from api.importing.table_kinds import KINDS, Kind, read_kind
from api.importing.table_plan import TableReading
from api.importing.table_reader import read_table
from api.importing.table_writer import WritableCell, csv_table
from ledger.domain.events.declaration import StandardRevised
from ledger.domain.events.pledge import FulfilmentAssessed
from ledger.errors import Malformed
from ledger.keys.signer import Signer
from tests.unit.api.importing.conftest import GOOD, TODAY, write
from tests.unit.api.importing.fakeservice import ISSUER, FakeService

HEADERS = {
    "roster": template.HEADER,
    "fulfilment": template.FULFILMENT_HEADER,
    "declarations": declarations.HEADER,
    "outcomes": outcome_template.HEADER,
    **{kind: tuple(column.name for column in columns) for kind, columns in PUBLIC_RECORDS.items()},
}
ASSESSED: dict[str, WritableCell] = {
    template.PLEDGE_CODE: "31011520260308000001",
    template.NAME: GOOD[template.NAME],
    template.CODE: GOOD[template.CODE],
    template.FULFILLED: "全部履行",
    template.ASSESSED_ON: "2026-03-19",
    template.ASSESSOR: "认定单位",
    template.ASSESSOR_CODE: "51100000500000315Q",
    template.PERIOD_FROM: "2026-03-08",
    template.PERIOD_UNTIL: "2026-03-18",
}


@pytest.mark.parametrize("kind", get_args(Kind))
def test_a_table_is_told_by_its_columns(tmp_path: Path, kind: Kind) -> None:
    assert set(HEADERS) == set(KINDS)
    path = write(tmp_path / "t.csv", csv_table([HEADERS[kind]]))
    assert read_kind(path, None)[0] == kind


def test_what_is_none_of_the_tables_is_told_what_each_lacks(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", csv_table([["甲", "乙"]]))
    with pytest.raises(Malformed, match=r"roster: .*承诺人名称.*outcomes: .*办理结果"):
        read_kind(path, None)


def test_what_is_recorded_late_is_sent_again_with_its_ground(
    tmp_path: Path, signer: Signer, service: FakeService
) -> None:
    subject = f"uscc:{GOOD[template.CODE]}"
    service.registered.add(subject)
    refusals = iter(["recording.late"])
    service.refuse = lambda statement: next(refusals, None)
    path = write(tmp_path / "f.csv", csv_table([list(ASSESSED), list(ASSESSED.values())]))
    report = import_file(
        path,
        service.client,
        ImportSigners(ImportSigner(signer, ISSUER, (signer.secret,))),
        TODAY,
        TableReading(),
        ImportRun(sleep=lambda _: None),
    )
    assert [row.status for row in report.rows] == ["accepted"]
    (said,) = service.events(FulfilmentAssessed)
    assert isinstance(said, FulfilmentAssessed)
    assert said.late_ground is not None
    assert said.effective_on == date(2026, 3, 19)


def test_a_sealed_pledge_has_its_period_in_the_table_or_is_told_so(
    tmp_path: Path, signer: Signer, service: FakeService
) -> None:
    cells = ASSESSED | {template.PERIOD_FROM: ""}
    path = write(tmp_path / "f.csv", csv_table([list(cells), list(cells.values())]))
    report = import_file(
        path,
        service.client,
        ImportSigners(ImportSigner(signer, ISSUER, (signer.secret,))),
        TODAY,
        TableReading(),
        ImportRun(sleep=lambda _: None),
    )
    assert [reason.rule for reason in report.rows[0].reasons] == ["value.missing"]


@pytest.mark.parametrize(
    ("number", "former", "have", "found"),
    [
        ("Q/CSGD 003-2026", "", [(5, "Q/CSGD 003-2018"), (9, "Q/CSGD 004-2018")], 5),
        ("Q/CSGD003-2018", "", [(5, "Q/CSGD 003-2018"), (9, "Q/CSGD 003-2020")], 5),
        ("Q/CSGD 008-2026", "Q/CSGD 004-2018", [(5, "Q/CSGD 003-2018"), (9, "Q/CSGD 004-2018")], 9),
        ("Q/CSGD 003-2026", "", [(5, "Q/CSGD 003-2018"), (9, "Q/CSGD 003-2020")], None),
        ("Q/CSGD 003-2026", "", [], None),
    ],
)
def test_a_new_version_is_of_the_standard_with_its_number_or_of_none(
    tmp_path: Path, number: str, former: str, have: list[tuple[int, str]], found: int | None
) -> None:
    cells = {
        declarations.NAME: GOOD[template.NAME],
        declarations.CODE: GOOD[template.CODE],
        declarations.NUMBER: number,
        declarations.TITLE: "空调",
        declarations.PRODUCT: "空调",
        declarations.INDICATORS: "能效=4",
        declarations.ACTION: "修订",
        declarations.FORMER: former,
    }
    path = write(tmp_path / "d.csv", csv_table([list(cells), list(cells.values())]))
    rules = declarations.DeclarationRules(
        TODAY, "0" * 64, lambda label, identity: b"x", "late", AnnexFolder(Path()).named
    )
    (plan,) = plan_declarations(read_table(path, declarations.COLUMNS).rows, rules)
    assert plan.sound, plan.flaws
    plan = resolved(plan, lambda _: [InBook(*one) for one in have])
    assert isinstance(plan.work, SingleWork)
    assert isinstance(plan.work.event, StandardRevised)
    if found is None:
        assert [flaw.rule for flaw in plan.flaws] == ["standard.unknown"]
    else:
        assert plan.sound
        assert plan.work.event.declaration == found
