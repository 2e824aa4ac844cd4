"""Outbox, ledger and cache opened together, or an agent that can only answer, saying why."""

from __future__ import annotations

import errno
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from courier_voice.core.errors import OutboxError
from courier_voice.core.parcels import Effect
from courier_voice.dialog.sms_rules import SmsRules
from courier_voice.logistics.closed import ClosedOutbox
from courier_voice.logistics.keeping import Kept, open_kept
from courier_voice.logistics.outbox import Outbox
from courier_voice.logistics.vault import open_vault

TEXT = Effect("sms", "JD0415520360578", {"message": "到了"}, "k", datetime(2025, 6, 18, 10, 5))


class Nowhere:
    """An API nothing is asked of."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(name)


def opened(home: Path) -> Kept:
    return open_kept(home, Nowhere(), SmsRules(), key="file", retention_days=30, scope="me")  # type: ignore[arg-type]


def test_it_opens_all_of_it(tmp_path: Path) -> None:
    kept = opened(tmp_path)
    assert isinstance(kept.effects, Outbox)
    assert kept.ledger is not None
    assert kept.effects.notices() == ()
    kept.effects.close()
    kept.ledger.close()


@pytest.mark.parametrize("trouble", ["disk", "key"])
def test_a_disk_that_takes_nothing_or_a_lost_key_is_said(
    tmp_path: Path, trouble: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    open_vault(tmp_path, "file")
    if trouble == "key":
        (tmp_path / "key").write_text("no key")
    else:

        def read_only(*_: object) -> None:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))

        monkeypatch.setattr("courier_voice.logistics.ledger.private_database", read_only)
    kept = opened(tmp_path)
    assert isinstance(kept.effects, ClosedOutbox)
    assert kept.effects.notices() == ("存不了东西：现在只能查，不能办。",)
    assert kept.effects.notices() == ()
    with pytest.raises(OutboxError) as caught:
        kept.effects.perform(TEXT)
    assert ("钥匙" if trouble == "key" else "存不了东西") in caught.value.said
    assert "COURIER_HOME" in caplog.text
