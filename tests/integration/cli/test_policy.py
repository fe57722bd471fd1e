"""`policy check`: what a policy's author is told before proposing it."""

from __future__ import annotations

from pathlib import Path

import msgspec
from click.testing import CliRunner

from api.cli.main import main
from ledger.charter.default_policies import default_standing_policy


def test_a_flawless_policy_passes_and_a_flawed_one_is_told_every_place(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    document = msgspec.to_builtins(default_standing_policy())
    path.write_bytes(msgspec.json.encode(document))
    fine = CliRunner().invoke(main, ["policy", "check", str(path)])
    assert (fine.exit_code, "no flaw" in fine.output) == (0, True)
    document["rules"][0]["item"] = "complaint.unheard_of"
    document["alert_from"] = 1
    path.write_bytes(msgspec.json.encode(document))
    flawed = CliRunner().invoke(main, ["policy", "check", str(path)])
    assert flawed.exit_code == 1
    assert [line.split("  ")[:2] for line in flawed.output.splitlines()] == [
        ["/rules/0/item", "policy.item_unknown"],
        ["/alert_from", "policy.level_order"],
    ]


def test_a_file_that_is_no_policy_is_one_line_that_names_the_place(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    document = msgspec.to_builtins(default_standing_policy())
    document["tiers"]["minor"]["full_months"] = -1
    path.write_bytes(msgspec.json.encode(document))
    result = CliRunner().invoke(main, ["policy", "check", str(path)])
    assert result.exit_code == 1
    assert "/tiers/minor/full_months: " in result.output and len(result.output.splitlines()) == 1
    assert msgspec.json.decode(CliRunner().invoke(main, ["policy", "schema"]).output)["$defs"]
