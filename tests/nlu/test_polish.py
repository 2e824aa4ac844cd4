"""Polishing: a model's words go out only when they state what was dictated."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import platformdirs
import pytest

from courier_voice.core.errors import ModelError
from courier_voice.core.parcels import Day
from courier_voice.core.ports import Role
from courier_voice.dialog.courtesy import template
from courier_voice.dialog.guard import check
from courier_voice.nlu.polish import LlmPolisher, TemplatePolisher

SPOKEN = "让任阿姨下楼拿一下鸡蛋，我七点二十到，别磨蹭"
TODAY = Day("小于", datetime(2026, 3, 4, 9), None, None, (), ())


class Parrot:
    """A model that always gives the same reply, or fails."""

    def __init__(self, reply: str | ModelError) -> None:
        self.reply = reply
        self.asked: list[Sequence[tuple[Role, str]]] = []
        self.warmed = 0

    def complete(
        self,
        messages: Sequence[tuple[Role, str]],
        *,
        max_tokens: int,
        grammar: str | None = None,
        schema: Mapping[str, object] | None = None,
    ) -> str:
        self.asked.append(messages)
        if isinstance(self.reply, ModelError):
            raise self.reply
        return self.reply

    def warm(self, messages: Sequence[tuple[Role, str]]) -> None:
        self.warmed += 1


def test_a_faithful_reply_goes_out() -> None:
    done = LlmPolisher(Parrot("请您下楼取一下鸡蛋，我7点20到。")).polished(SPOKEN)
    assert done.sms == "任阿姨您好，我是快递员。请您下楼取一下鸡蛋，我7点20到。谢谢！"
    assert not done.fallback
    assert done.problems == ()


@pytest.mark.parametrize(
    "reply",
    [
        "请您下楼取一下鸡蛋，我7点到。",
        "请您到前台取一下鸡蛋，我7点20到。",
        "请您下楼取一下，我7点20到。",
        "请您下楼取一下鸡蛋，我7点20到，碎了包赔。",
        "请您下楼取一下鸡蛋，我7点20到，请付运费5元。",
        "请您下楼取一下鸡蛋，我7点20到，请联系13900001111。",
        "请您不要下楼取鸡蛋，我7点20到。",
        "请您下楼拿一下鸡蛋，我7点20到，别磨蹭。",
        "鸡蛋已被邻居签收，请您下楼拿一下，我7点20到。",
        "好的",
        "",
    ],
)
def test_an_unfaithful_reply_does_not(reply: str) -> None:
    done = LlmPolisher(Parrot(reply)).polished(SPOKEN)
    assert done.sms == template(SPOKEN) == "任阿姨您好，我是快递员。请您下楼拿一下鸡蛋，我7点20到。谢谢！"
    assert done.fallback
    assert done.problems


def test_trouble_with_the_model_is_not_the_couriers() -> None:
    polisher = LlmPolisher(Parrot(ModelError("gone")))
    assert polisher.polish(SPOKEN, TODAY) == template(SPOKEN)
    assert polisher.polished(SPOKEN).fallback


def test_the_model_never_sees_what_is_not_to_be_sent() -> None:
    model = Parrot("好的")
    LlmPolisher(model).polished("单元密码三三八八打不开，妈的，让她下来开门，她前夫的事别提")
    (asked,) = model.asked
    assert not any(word in asked[-1][1] for word in ("3388", "三三八八", "妈的", "前夫"))
    assert "下来开门" in asked[-1][1]


def test_a_model_is_not_asked_about_nothing_or_a_novel() -> None:
    model = Parrot("好的")
    polisher = LlmPolisher(model)
    assert polisher.polished("磨蹭死了").fallback
    assert polisher.polished("，".join(f"第{n}箱放{n}号门了" for n in range(10, 40))).fallback
    assert model.asked == []


def test_the_prompt_is_warmed_once() -> None:
    model = Parrot("请您下楼取一下鸡蛋，我7点20到。")
    polisher = LlmPolisher(model)
    polisher.polished(SPOKEN)
    polisher.polished(SPOKEN)
    assert model.warmed == 1


def test_without_a_model() -> None:
    assert TemplatePolisher().polish(SPOKEN, TODAY) == template(SPOKEN)
    assert TemplatePolisher().polished(SPOKEN).fallback


def test_with_the_real_model(tmp_path: Path) -> None:
    from courier_voice.llm.llamacpp import LlamaCpp

    chosen = os.environ.get("COURIER_WEIGHTS")
    root = Path(chosen) if chosen else platformdirs.user_cache_path("courier-voice") / "weights"
    model = LlamaCpp(root / "qwen2.5-coder-1.5b" / "model.gguf", context=2048, threads=2, cache_dir=tmp_path)
    try:
        spoken = "跟任阿姨说鸡蛋三板放车棚冰柜了，甭磨蹭"
        done = LlmPolisher(model).polished(spoken)
    finally:
        model.close()
    assert done.sms.startswith("任阿姨您好，我是快递员。")
    assert all(word in done.sms for word in ("鸡蛋", "车棚", "冰柜"))
    assert check(spoken, done.sms) == []
