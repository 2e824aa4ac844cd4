"""Effects that waited: a stale text is held and asked about, a sign-off keeps its time, limits hold, clocks go back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from courier_voice.core.errors import ApiUnavailable
from courier_voice.core.parcels import Effect
from courier_voice.dialog.freshness import fresh_for
from courier_voice.dialog.sms_rules import SmsRules
from courier_voice.logistics import clock, gate, outbox, store
from courier_voice.logistics.outbox import CLOCK_WENT_BACK, Outbox

WANG = "JD0415520360578"
NOW = datetime(2025, 6, 18, 10, 5)
SOON, LATER = "我十分钟后到", "东西给您放驿站了"


class Network:
    up = False

    def __init__(self) -> None:
        self.sent: list[Effect] = []

    def send(self, effect: Effect) -> None:
        if not self.up:
            raise ApiUnavailable("no network; find some")
        self.sent.append(effect)


class Hands:
    """A clock with hands to turn: no boot time, so that age comes from it alone."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = datetime(2025, 6, 18, 2, 5, tzinfo=clock.timezone.utc)
        monkeypatch.setattr(clock, "_boot_id", lambda: "")
        for module in (clock, gate, outbox):
            monkeypatch.setattr(module, "utc_now", lambda: self.now)
        assert store.moment is clock.moment

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    return Hands(monkeypatch)


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
def box(hands: Hands, network: Network, tmp_path: Path) -> Iterator[Outbox]:
    with Outbox(tmp_path / "outbox", network) as box:
        yield box


def sms(key: str, message: str) -> Effect:
    return Effect("sms", WANG, {"message": message}, key, NOW)


@pytest.mark.parametrize(
    ("message", "minutes"),
    [
        ("我10分钟后到", 5),
        ("我十分钟后到", 5),
        ("半小时到", 15),
        ("两分钟", 2),
        ("到楼下了", 3),
        ("我3点40到", 30),
        (LATER, 120),
    ],
)
def test_how_long_a_text_is_good_for(message: str, minutes: float) -> None:
    assert fresh_for("sms", {"message": message}) == timedelta(minutes=minutes)


def test_only_texts_and_calls_grow_stale() -> None:
    assert fresh_for("dial", {}) == timedelta(0)
    assert {fresh_for(op, {}) for op in ("sign_off", "exception", "pickup")} == {None}


def test_a_stale_text_is_held_and_goes_after_a_new_yes_under_its_key(
    box: Outbox, hands: Hands, network: Network
) -> None:
    box.perform(sms("soon", SOON))
    box.perform(sms("later", LATER))
    box.perform(Effect("sign_off", WANG, {"place": "门口"}, "signed", NOW))
    hands.turn(minutes=18)
    network.up = True
    assert [(r.key, r.status) for r in box.flush(now=True)] == [("soon", "held"), ("later", "sent"), ("signed", "sent")]
    assert network.sent[-1].happened_at == NOW
    assert [(e.effect.key, e.status) for e in box.pending()] == [("soon", "held")]
    assert box.renew("soon").status == "sent"
    assert network.sent[-1].key == "soon"
    assert box.renew("soon").status == "sent"
    assert len(network.sent) == 3


def test_a_text_of_another_shift_is_not_even_asked_about(
    box: Outbox, hands: Hands, network: Network, tmp_path: Path
) -> None:
    box.perform(sms("soon", SOON))
    hands.turn(minutes=18)
    network.up = True
    box.flush(now=True)
    network.up = False
    box.perform(sms("later", LATER))
    box.perform(Effect("sign_off", WANG, {"place": "门口"}, "signed", NOW))
    hands.turn(hours=13)
    network.up = True
    assert [(r.key, r.status) for r in box.flush(now=True)] == [("later", "dropped"), ("signed", "sent")]
    with Outbox(tmp_path / "outbox", network) as again:
        assert "1条短信放了太久" in again.notices()[0]
        assert again.pending() == ()
    assert [effect.key for effect in network.sent] == ["signed"]


def test_a_stale_text_may_be_given_up(box: Outbox, hands: Hands, network: Network) -> None:
    box.perform(sms("soon", SOON))
    hands.turn(minutes=18)
    network.up = True
    box.flush(now=True)
    box.drop("soon")
    assert box.renew("soon").status == "dropped"
    assert (box.pending(), network.sent) == ((), [])
    assert "不确定" in box.history()[0].detail


def test_a_clock_moved_back_is_said_and_loses_nothing(
    box: Outbox, hands: Hands, network: Network, tmp_path: Path
) -> None:
    box.perform(sms("soon", SOON))
    box.perform(Effect("sign_off", WANG, {"place": "门口"}, "signed", NOW))
    hands.turn(hours=-5)
    assert box.notices() == (CLOCK_WENT_BACK,)
    assert box.notices() == ()
    network.up = True
    assert [r.status for r in box.flush(now=True)] == ["held", "sent"]
    with Outbox(tmp_path / "outbox", network) as again:
        assert again.notices() == (CLOCK_WENT_BACK,)


def test_limits_count_an_hour(hands: Hands, network: Network, tmp_path: Path) -> None:
    network.up = True
    with Outbox(tmp_path / "other", network, rules=SmsRules(per_customer_hour=2, per_hour=3)) as box:
        assert [box.perform(sms(key, LATER)).status for key in "abc"] == ["sent", "sent", "refused"]
        other = Effect("sms", "JD0415520376688", {"message": LATER}, "d", NOW)
        assert box.perform(other).status == "sent"
        third = Effect("sms", "JD0415520389021", {"message": LATER}, "e", NOW)
        assert "一小时内已经发了3条" in box.perform(third).detail
        hands.turn(minutes=61)
        assert box.perform(sms("f", LATER)).status == "sent"


def test_a_customer_of_several_parcels_is_one_customer(network: Network, tmp_path: Path) -> None:
    network.up = True
    parcels = {WANG: (WANG, "JD0415520376688"), "JD0415520376688": (WANG, "JD0415520376688")}
    rules = SmsRules(per_customer_hour=2)
    with Outbox(tmp_path / "o", network, rules=rules, together=lambda w: parcels.get(w, (w,))) as box:
        asked = [WANG, "JD0415520376688", WANG, "JD0415520389021"]
        told = [box.perform(Effect("sms", w, {"message": LATER}, f"k{n}", NOW)).status for n, w in enumerate(asked)]
    assert told == ["sent", "sent", "refused", "sent"]


def test_another_process_that_sends_is_not_disturbed(hands: Hands, network: Network, tmp_path: Path) -> None:
    from filelock import FileLock

    with Outbox(tmp_path / "outbox", network) as box:
        box.perform(sms("a", LATER))
        network.up = True
        with FileLock(f"{tmp_path / 'outbox'}.lock"):
            assert box.flush(now=True) == ()
        assert [r.status for r in box.flush(now=True)] == ["sent"]
