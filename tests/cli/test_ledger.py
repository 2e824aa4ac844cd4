"""ledger list, show, export, delete as a user runs them; nobody is named unless asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from courier_voice.app import build_agent
from courier_voice.core.turn import Draft
from courier_voice.evals.chaos_agent import Told
from courier_voice.nlu.cascade import Cascade
from courier_voice.nlu.polish import TemplatePolisher
from courier_voice.settings import load_settings
from courier_voice.speech.console import ConsoleSpeaker

SECRET = ("王秀兰", "枫林里", "三号楼", "3号楼")
NUMBER = "JD0415520360578"


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COURIER_LEDGER__KEY", "file")
    settings = load_settings()
    told, quiet = Told(), ConsoleSpeaker(lambda _: None)
    wired = build_agent(settings, nlu=Cascade(told), polisher=TemplatePolisher(), speaker=quiet)
    told.drafts = (Draft("send_sms", {"target": {"name": "王秀兰"}, "message": "东西放鞋柜了"}),)
    with wired.outbox:
        assert wired.agent.take_text("给枫林里三号楼的王秀兰发短信说东西放鞋柜了").kind == "confirm"
        assert wired.agent.take_text("确认").kind == "act"
    return settings.home


def test_who_said_what_and_what_became_of_it(run: Any, home: Path) -> None:
    rows = run("ledger", "list", "--json").rows
    assert [(r["kind"], r.get("outcome") or r["status"]) for r in rows] == [
        ("turn", "confirm"),
        ("effect", "queued"),
        ("effect", "sent"),
        ("turn", "act"),
    ]
    assert rows[-1]["agreed"]
    assert len(run("ledger", "list", "--kind", "effect", "--limit", "1", "--json").rows) == 1
    assert run("ledger", "list", "--waybill", "0578", "--json").rows == rows
    assert run("ledger", "list", "--waybill", "9999", "--json").rows == []
    assert "先记下了" in run("ledger", "list").out


@pytest.mark.parametrize("command", [["list"], ["list", "--json"], ["show", "1"], ["export"]])
def test_nobody_is_named_unless_asked_for(run: Any, home: Path, command: list[str]) -> None:
    masked = run("ledger", *command)
    assert masked.code == 0
    assert not [secret for secret in SECRET if secret in masked.out]
    assert "王秀兰" in run("ledger", *command, "--unmasked").out


def test_export_to_a_file_only_its_owner_reads(run: Any, home: Path, tmp_path: Path) -> None:
    assert run("ledger", "export", "--to", tmp_path / "shift.jsonl").code == 0
    assert len([json.loads(line) for line in (tmp_path / "shift.jsonl").read_text("utf-8").splitlines()]) == 4
    assert (tmp_path / "shift.jsonl").stat().st_mode & 0o077 == 0


def test_a_waybill_is_forgotten_in_every_file(run: Any, home: Path) -> None:
    row = run("ledger", "delete", "--waybill", NUMBER, "--json").rows[0]
    assert row == {"waybill": NUMBER, "entries": 4, "effects": 1, "waiting": 0}
    assert run("ledger", "list", "--json").rows == []
    assert not [file for file in home.iterdir() if NUMBER.encode() in file.read_bytes()]


def test_a_tail_is_no_waybill_to_forget_and_damaged_files_go_too(run: Any, home: Path) -> None:
    assert "whole waybill number" in run("ledger", "delete", "--waybill", "0578").err
    (home / "outbox.sqlite3.damaged-1").write_bytes(NUMBER.encode())
    assert run("ledger", "delete", "--waybill", NUMBER).code == 0
    assert not list(home.glob("*.damaged-*"))


def test_what_is_not_there_is_said(run: Any, home: Path) -> None:
    assert "ledger list" in run("ledger", "show", "99").err
    assert run("ledger", "list", "--since", "yesterday").code == 2
    (home / "ledger.sqlite3").unlink()
    assert "first turn" in run("ledger", "list").err
