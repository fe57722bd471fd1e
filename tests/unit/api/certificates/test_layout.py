"""What stands on a certificate follows from its entries, and from entries that do not belong together nothing does."""

from __future__ import annotations

from datetime import date

import pytest

from api.certificates.layout import Certificate
from ledger.errors import Refuted
from tests.support.paper_certificate import PaperCertificate

NOT_SHOWN = "（原文含有不得印入公告的词语，全文见承诺页）"


def value(certificate: Certificate, label: str) -> str:
    (found,) = [field.value for field in (*certificate.fields, *certificate.log) if field.zh == label]
    return found


def test_what_an_enterprise_wrote_is_left_out_where_it_holds_a_forbidden_word() -> None:
    shown = PaperCertificate({"content": "本企业为国家级免检产品。", "clauses": ("refund", "best")}).model()
    assert shown.content == NOT_SHOWN
    assert shown.clauses == ("七日无理由退货", NOT_SHOWN)
    assert shown.liability == "违诺则退一赔三。"


def test_the_campaigns_own_title_stands_with_its_basis_whatever_words_it_has() -> None:
    given = {"certificate_title": "质量诚信示范企业", "certificate_basis": "质协〔2026〕1号通知"}
    shown = PaperCertificate(campaign=given).model()
    assert (shown.title, shown.basis) == ("质量诚信示范企业", "质协〔2026〕1号通知")


def test_a_name_is_never_left_out_for_its_words() -> None:
    assert PaperCertificate(name="某某示范农场有限公司").model().name == "某某示范农场有限公司"


def test_after_a_renaming_the_former_name_stands_beside_the_new_one() -> None:
    shown = PaperCertificate(renamed="福州某某集团有限公司").model()
    assert (shown.name, shown.former_names) == ("福州某某集团有限公司", "福州某某有限公司")


def test_what_was_corrected_stands_in_place_of_what_was_said() -> None:
    shown = PaperCertificate(corrected={"content": "更正后的内容。", "valid_until": date(2026, 12, 31)}).model()
    assert shown.content == "更正后的内容。"
    assert value(shown, "承诺期限").endswith("至2026 年 12 月 31 日")
    assert len(shown.corrections) == 1


def test_a_publication_of_another_pledge_gives_no_certificate() -> None:
    paper = PaperCertificate()
    paper.say_published(pledge=paper.entries["campaign"])
    with pytest.raises(Refuted, match="another pledge"):
        paper.model()


def test_entries_of_two_enterprises_give_no_certificate() -> None:
    paper = PaperCertificate()
    paper.say_published(subject="uscc:91110000600037341L")
    with pytest.raises(Refuted, match="several enterprises"):
        paper.model()


def test_a_pledge_that_is_not_for_the_public_gives_no_certificate() -> None:
    with pytest.raises(Refuted, match="not for the public"):
        PaperCertificate({"disclosure": "limited"}).model()
