"""The ledger: append-only, masked to look at, sealed underneath, forgotten on time or on demand."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from courier_voice.core.errors import ApiUnavailable, LedgerError
from courier_voice.core.parcels import Day, Effect, Parcel
from courier_voice.core.privacy import Known
from courier_voice.core.turn import Call, Draft, Turn, Understanding
from courier_voice.core.words import Utterance
from courier_voice.logistics.clock import utc_now
from courier_voice.logistics.forgetting import forget_files
from courier_voice.logistics.ledger import Ledger, open_ledger
from courier_voice.logistics.outbox import Outbox
from courier_voice.logistics.vault import Vault, open_vault

NOW = datetime(2025, 6, 18, 10, 5)
WANG = Parcel(
    "D01",
    "delivery",
    "JD0415520360578",
    "王秀兰",
    "女士",
    "female",
    "136****2207",
    "枫林里3号楼2单元501",
    "09:00-12:00",
    "pending",
)
DAY = Day("秦师傅", NOW, "D01", None, ("D01",), (WANG,))
SECRET = ("王秀兰", "枫林里", "13812345678", "2单元501", "张伟强")


def turn(reply: str = "发给王秀兰女士，枫林里3号楼2单元501。") -> Turn:
    slots = {"target": {"name": "张伟强", "tail": "0578"}, "message": "打13812345678"}
    heard = "给张伟强发短信，说打13812345678，他住枫林里三号楼"
    call = Call("sms", WANG.waybill, {"message": "打13812345678，王秀兰"})
    return Turn(Utterance(heard, heard), Understanding((Draft("send_sms", slots),), "llm"), "act", (call,), reply)


def sms(key: str) -> Effect:
    return Effect("sms", WANG.waybill, {"message": "王秀兰，东西放好了"}, key, NOW)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return open_vault(tmp_path, "file")


@pytest.fixture
def ledger(tmp_path: Path, vault: Vault) -> Iterator[Ledger]:
    known = Known()
    known.learn(DAY)
    with Ledger(tmp_path / "ledger.sqlite3", vault, known=known) as ledger:
        yield ledger


def test_a_turn_is_there_masked_and_whole(ledger: Ledger) -> None:
    ledger.note_turn(turn(), DAY, ())
    (entry,) = ledger.entries()
    told = json.dumps(entry.masked, ensure_ascii=False)
    assert not any(secret in told for secret in SECRET)
    assert entry.masked["understood"][0]["intent"] == "send_sms"
    assert entry.waybills == (WANG.waybill,)
    assert ledger.whole(entry)["heard"] == turn().utterance.heard
    assert ledger.entry(entry.seq) == entry


def test_nothing_personal_lies_open_on_disk(ledger: Ledger, tmp_path: Path) -> None:
    ledger.note_turn(turn(), DAY, ())
    ledger.note_effect(sms("k"), "queued", "")
    ledger.close()
    for file in tmp_path.iterdir():
        assert not any(secret.encode() in file.read_bytes() for secret in SECRET)
        assert file.stat().st_mode & 0o077 == 0


def test_it_only_grows(ledger: Ledger) -> None:
    ledger.note_effect(sms("k"), "queued", "")
    for change in ("UPDATE entries SET status = 'sent'", "DELETE FROM entries"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            ledger._db.execute(change)


def test_a_waybill_is_forgotten_for_good(ledger: Ledger, tmp_path: Path) -> None:
    ledger.note_turn(turn(), DAY, ())
    ledger.note_effect(sms("k"), "sent", "")
    ledger.note_effect(Effect("dial", "JD0000000000001", {}, "other", NOW), "sent", "")
    assert ledger.erase(WANG.waybill) == 2
    assert [entry.key for entry in ledger.entries()] == ["other"]
    ledger.close()
    assert not any(WANG.waybill.encode() in file.read_bytes() for file in tmp_path.iterdir())


def test_what_is_too_old_goes_at_the_next_start(tmp_path: Path, vault: Vault, ledger: Ledger) -> None:
    ledger.note_effect(sms("old"), "sent", "")
    assert ledger.prune(utc_now() - timedelta(days=1)) == 0
    ledger.close()
    with Ledger(tmp_path / "ledger.sqlite3", vault, retention_days=0) as later:
        assert later.entries() == ()


def test_the_outbox_does_not_tell_the_ledger_anew_what_both_have_to_forget(
    tmp_path: Path, vault: Vault, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = Down()
    api.up = True
    with Outbox(tmp_path / "outbox", api, seal=vault, ledger=ledger) as outbox:
        outbox.perform(sms("old"))
    ledger.close()
    later = utc_now() + timedelta(days=31)
    for module in ("ledger", "outbox"):
        monkeypatch.setattr(f"courier_voice.logistics.{module}.utc_now", lambda: later)
    with (
        Ledger(tmp_path / "ledger.sqlite3", vault, retention_days=30) as anew,
        Outbox(tmp_path / "outbox", api, seal=vault, ledger=anew, keep=timedelta(days=30)) as outbox,
    ):
        assert (anew.entries(), outbox.history()) == ((), ())


def test_a_program_that_runs_on_forgets_too(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.note_effect(sms("old"), "sent", "")
    monkeypatch.setattr(ledger._forgetting, "due", lambda: True)
    later = utc_now() + timedelta(days=31)
    monkeypatch.setattr("courier_voice.logistics.ledger.utc_now", lambda: later)
    ledger.note_effect(sms("new"), "sent", "")
    assert [entry.key for entry in ledger.entries()] == ["new"]


def test_files_set_aside_do_not_outlive_the_rest(tmp_path: Path) -> None:
    for name in ("outbox.sqlite3.damaged-1", "day.sealed", "ledger.sqlite3"):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (1, 1))
    (tmp_path / "ledger.sqlite3.damaged-2").write_bytes(b"x")
    assert forget_files(tmp_path, timedelta(days=30)) == 2
    assert sorted(file.name for file in tmp_path.iterdir()) == ["ledger.sqlite3", "ledger.sqlite3.damaged-2"]
    assert forget_files(tmp_path) == 1


def test_a_key_file_open_to_others_is_closed(tmp_path: Path) -> None:
    first = open_vault(tmp_path, "file")
    (tmp_path / "key").chmod(0o644)
    assert open_vault(tmp_path, "file").unseal(first.seal("王秀兰")) == "王秀兰"
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0


def test_another_key_reads_nothing_and_says_what_to_do(tmp_path: Path, ledger: Ledger) -> None:
    ledger.note_effect(sms("k"), "sent", "")
    other = Ledger(tmp_path / "ledger.sqlite3", open_vault(tmp_path / "elsewhere", "file"))
    with pytest.raises(LedgerError, match="put the old key back"):
        other.whole(other.entries()[0])
    other.close()


def test_two_starts_at_once_end_with_one_key(tmp_path: Path) -> None:
    first, second = open_vault(tmp_path, "file"), open_vault(tmp_path, "file")
    assert second.unseal(first.seal("王秀兰")) == "王秀兰"
    (tmp_path / "key").write_text("no key")
    with pytest.raises(LedgerError, match="COURIER_HOME"):
        open_vault(tmp_path, "file")


def test_a_damaged_ledger_is_set_aside(tmp_path: Path, vault: Vault) -> None:
    (tmp_path / "ledger.sqlite3").write_bytes(b"no database" * 500)
    with open_ledger(tmp_path / "ledger.sqlite3", vault) as anew:
        anew.note_effect(sms("k"), "sent", "")
        assert len(anew.entries()) == 1
    assert list(tmp_path.glob("*.damaged-*"))


class Down:
    up = False

    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, effect: Effect) -> None:
        if not self.up:
            raise ApiUnavailable("no network; find some")
        self.sent.append(effect.key)


def test_what_a_lost_outbox_held_is_sent_from_the_ledger(tmp_path: Path, ledger: Ledger, vault: Vault) -> None:
    api = Down()
    with Outbox(tmp_path / "outbox", api, seal=vault, ledger=ledger) as outbox:
        assert [outbox.perform(sms(key)).status for key in "ab"] == ["queued", "queued"]
    (tmp_path / "outbox").write_bytes(b"\xff" * 8192)
    (tmp_path / "outbox-wal").unlink(missing_ok=True)
    api.up = True
    with Outbox(tmp_path / "outbox", api, seal=vault, ledger=ledger) as outbox:
        assert "2条都找回来了" in outbox.notices()[0]
        outbox.flush()
    assert api.sent == ["a", "b"]
    assert [(e.key, e.status) for e in ledger.entries(kind="effect")][-2:] == [("a", "sent"), ("b", "sent")]


def test_a_crash_between_outbox_and_ledger_is_made_good(tmp_path: Path, ledger: Ledger, vault: Vault) -> None:
    with Outbox(tmp_path / "outbox", Down(), seal=vault) as outbox:
        outbox.perform(sms("a"))
    assert ledger.entries() == ()
    with Outbox(tmp_path / "outbox", Down(), seal=vault, ledger=ledger):
        assert [(e.key, e.status) for e in ledger.entries()] == [("a", "queued")]
