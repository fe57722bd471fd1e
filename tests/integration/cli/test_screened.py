"""Whoever signs free text hears what is in it first; what no log takes is not even signed."""

from __future__ import annotations

import json
from pathlib import Path

from tests.integration.cli.conftest import Run

REPLY = ("statement", "new", "ComplaintReplied", "--subject", "uscc:91350100M000100Y43", "--issuer", "party:assoc")


def signed(run: Run, text: str) -> tuple[int, str]:
    run("key", "new", "-o", "k.pem")
    data = json.dumps({"outcome_entry": 3, "text": text}, ensure_ascii=False)
    result = run(*REPLY, "--audience", "log.example", "--key", "k.pem", "--data", data, "-o", "s.cose")
    return result.exit_code, result.output


def test_a_possible_name_is_pointed_out_before_signing(run: Run) -> None:
    code, said = signed(run, "已与张先生达成和解")
    assert code == 0
    assert "person's name (text, 3-3: 张)" in said
    assert Path("s.cose").exists()


def test_a_telephone_number_is_not_signed_and_not_repeated(run: Run) -> None:
    code, said = signed(run, "已致电 139 1080 0909 说明")
    assert code == 1
    assert "text.personal_data" in said
    assert "0909" not in said
    assert not Path("s.cose").exists()


def test_a_text_with_nothing_in_it_is_signed_without_a_word(run: Run) -> None:
    code, said = signed(run, "已按 GB/T 19001-2016 整改, 详询 400-820-8820")
    assert code == 0
    assert "warning" not in said


def test_an_export_says_which_files_it_writes(run: Run) -> None:
    assert run("export", "pledges", "http://127.0.0.1:1", "-o", "x.pdf").exit_code == 2
    assert run("export", "pledges", "127.0.0.1", "-o", "x.csv").exit_code == 2


def test_a_dump_that_cannot_be_had_leaves_no_file(run: Run) -> None:
    assert run("dump", "http://127.0.0.1:1", "-o", "x.ndjson.gz").exit_code == 2
    assert list(Path().iterdir()) == []
    assert run("dump", "-o", "x.ndjson.gz").exit_code == 2
