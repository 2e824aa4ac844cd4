"""The dialogue's rules, turn by turn."""

from __future__ import annotations

from typing import Any

from courier_voice.core.errors import ApiUnavailable
from courier_voice.core.intent import Advice
from courier_voice.core.parcels import Day, Parcel
from courier_voice.core.turn import Draft
from courier_voice.logistics.records import turn_record

HU, TAN, PENG_904 = "JD0261408835083", "JD0237745225083", "JD0250027126735"


def d(intent: str, **slots: Any) -> Draft:
    return Draft(intent, slots)


def test_a_tail_two_parcels_share_is_asked_and_settled_by_what_tells_them_apart(talk: Any) -> None:
    turn = talk("打给五零八三", d("dial", target={"tail": "5083"}))
    assert turn.kind == "ask"
    assert "胡" in turn.reply
    assert "谭" in turn.reply
    assert talk.effects() == []
    turn = talk("瑞丰广场A座那个")
    assert (turn.kind, turn.intent) == ("act", "dial")
    assert talk.effects() == [("dial", TAN)]


def test_the_choice_by_ordinal_gender_or_house(talk: Any) -> None:
    for answer in ("第二个", "先生那个", "六零九的"):
        talk("打给五零八三", d("dial", target={"tail": "5083"}))
        assert talk(answer).calls[0].waybill == TAN


def test_three_unanswered_questions_end_it(talk: Any) -> None:
    ask = d("dial", target={"tail": "5083"})
    assert talk("打给五零八三", ask).kind == "ask"
    second = talk("就那个五零八三呀你快点打吧别磨叽", ask)
    assert second.kind == "ask"
    assert "第一个" not in second.reply
    third = talk("就那个五零八三呀你快点打吧别磨叽", ask)
    assert third.kind == "ask"
    assert "第一个" in third.reply
    assert talk("就那个五零八三呀你快点打吧别磨叽", ask).kind == "reject"
    assert talk.effects() == []


def test_a_text_goes_out_only_after_its_read_back_and_a_yes(talk: Any) -> None:
    turn = talk("跟六零九四说放门口了", d("send_sms", target={"tail": "6094"}, message="放门口了"))
    assert turn.kind == "confirm"
    assert "放门口了" in turn.reply
    assert talk.effects() == []
    turn = talk("好的，发吧")
    assert turn.kind == "act"
    assert talk.effects() == [("sms", "JD0283370626094")]
    assert talk("好的").kind == "reject"
    assert len(talk.effects()) == 1


def test_a_yes_out_of_nowhere_does_nothing(talk: Any) -> None:
    assert talk("确认").kind == "reject"
    assert talk.effects() == []


def test_cancel_drops_what_waits(talk: Any) -> None:
    talk("跟六零九四说放门口了", d("send_sms", target={"tail": "6094"}, message="放门口了"))
    assert talk("取消").kind == "answer"
    assert talk("确认").kind == "reject"
    assert talk.effects() == []


def test_talk_to_others_leaves_what_waits_alone(talk: Any) -> None:
    talk("这单放小卖部，签收", d("sign_off", target={"tail": "3391"}, place="小卖部"))
    assert talk("老板娘我先搁这儿啊", d("none")).kind == "reject"
    assert talk("确认").kind == "act"
    assert talk.effects() == [("sign_off", "JD0218894063391")]


def test_another_command_makes_the_yes_stale(talk: Any) -> None:
    talk("三三九一小卖部签收", d("sign_off", target={"tail": "3391"}, place="小卖部"))
    talk("零一四六什么备注", d("query_waybill", target={"tail": "0146"}, aspect="remark"))
    assert talk("确认").kind == "reject"
    assert talk.effects() == []


def test_a_correction_is_read_back_again(talk: Any) -> None:
    talk("跟七四一六说二百一十九备好", d("send_sms", target={"tail": "7416"}, message="219备好"))
    turn = talk("说错了，是七四六一", d("correct", target={"tail": "7461"}))
    assert (turn.kind, turn.intent) == ("confirm", "correct")
    assert "邱" in turn.reply
    talk("对")
    assert talk.effects() == [("sms", "JD0261408857461")]


def test_a_correction_after_a_refusal_does_the_command(talk: Any) -> None:
    turn = talk("打给四四四四", d("dial", target={"tail": "4444"}))
    assert turn.kind == "reject"
    assert "4444" in turn.reply
    turn = talk("念错了，四三一六", d("correct", target={"tail": "4316"}))
    assert (turn.kind, turn.intent) == ("act", "correct")


def test_what_is_missing_is_asked_and_dictation_is_taken_as_said(talk: Any) -> None:
    turn = talk("发条短信", d("send_sms"))
    assert turn.kind == "ask"
    turn = talk("给廖女士")
    assert turn.kind == "ask"
    assert "廖" in turn.reply
    turn = talk("坐垫存在前台了")
    assert turn.kind == "confirm"
    assert "坐垫存在前台了" in turn.reply


def test_the_pickup_form_over_several_turns(talk: Any) -> None:
    assert talk("九四零六取件", d("fill_pickup", target={"tail": "9406"})).kind == "ask"
    turn = talk("茶壶两公斤三", d("fill_pickup", item="茶壶", weight_kg=2.3))
    assert turn.kind == "answer"
    assert turn.calls[0].args == {"item": "茶壶", "weight_kg": 2.3}
    turn = talk("改两公斤八", d("correct", weight_kg=2.8))
    assert turn.intent == "correct"
    assert turn.calls[0].args == {"weight_kg": 2.8}
    assert talk.effects() == []
    turn = talk("好的")
    assert turn.kind == "reject", "a yes is not 提交"
    turn = talk("提交")
    assert turn.kind == "act"
    assert dict(turn.calls[0].args) == {"item": "茶壶", "weight_kg": 2.8, "submit": True}
    assert talk.effects() == [("pickup", "JD0330500739406")]


def test_ordinals_over_a_list_just_read(talk: Any) -> None:
    turn = talk("超时的有哪些", d("query_tasks", kind="all", state="overdue", measure="list"))
    assert "汪" in turn.reply
    turn = talk("第二户接通", d("dial", target={"ref": "current"}))
    assert turn.calls[0].waybill == "JD0294061778842"


def test_next_and_pronouns_follow_the_focus(talk: Any) -> None:
    talk("下一单去哪", d("query_tasks", kind="all", state="pending", measure="next"))
    turn = talk("他交代什么没有", d("query_waybill", target={"ref": "current"}, aspect="remark"))
    assert "电表箱" in turn.reply
    turn = talk("再下一单的地址", d("query_waybill", target={"ref": "next"}, aspect="address"))
    assert "303" in turn.reply


def test_ellipsis_asks_the_same_of_another(talk: Any) -> None:
    talk("六零九四备注", d("query_waybill", target={"tail": "6094"}, aspect="remark"))
    turn = talk("零一四六的呢")
    assert turn.calls[0].args == {"aspect": "remark"}
    assert turn.calls[0].waybill == "JD0202258830146"


def test_a_group_text_is_confirmed_once_and_sent_once_each(talk: Any) -> None:
    turn = talk(
        "一品天城十一号楼的都发", d("send_sms", target={"address": "一品天城11号楼", "ref": "all"}, message="留人")
    )
    assert turn.kind == "confirm"
    assert "2" in turn.reply
    turn = talk("发")
    assert [c.waybill for c in turn.calls] == ["JD0202258841703", "JD0202258856952"]
    assert len(talk.effects()) == 2


def test_two_commands_in_one_breath(talk: Any) -> None:
    turn = talk(
        "打给八八四二，看看四六二八代收",
        d("dial", target={"tail": "8842"}),
        d("query_waybill", target={"tail": "4628"}, aspect="cod"),
    )
    assert turn.kind == "act"
    assert [c.op for c in turn.calls] == ["dial", "waybill"]
    assert "47" in turn.reply


def test_two_risky_commands_share_one_read_back(talk: Any) -> None:
    turn = talk(
        "三三九一小卖部签收，给零一四六发短信说到了",
        d("sign_off", target={"tail": "3391"}, place="小卖部"),
        d("send_sms", target={"tail": "0146"}, message="到了"),
    )
    assert turn.kind == "confirm"
    assert len(talk("确认").calls) == 2


def test_what_is_done_is_not_done_again(talk: Any) -> None:
    turn = talk("四一五五签收", d("sign_off", target={"tail": "4155"}, place="本人"))
    assert turn.kind == "reject"
    assert "已" in turn.reply


def test_repeat_says_the_last_reply(talk: Any) -> None:
    said = talk("货款", d("query_tasks", kind="all", state="pending", measure="cod_total")).reply
    assert "2199" in said
    assert talk("再说一遍").reply == said


def test_homophones_are_told_apart_when_written(talk: Any) -> None:
    turn = talk("锦桂花园的", d("query_waybill", target={"address": "锦桂花园6栋1502"}, aspect="cod"))
    assert "560" in turn.reply


def test_a_rule_of_the_key_account_in_focus(talk: Any) -> None:
    talk("三七四八取件", d("fill_pickup", target={"tail": "3748"}, weight_kg=0.4))
    turn = talk("这家封口有什么讲究", d("ask_knowledge", question="这家收件封口有什么讲究"))
    assert "签字" in turn.reply
    assert talk("提交").calls[0].waybill == "JD0330500723748"


def test_an_answer_in_a_models_words_carries_the_stamp_of_its_prompt(talk: Any) -> None:
    stamp = "knowledge/answer@1:591026ab"

    class Worded:
        def ask(self, question: str, about: Parcel | None, day: Day) -> Advice:
            return Advice("《收寄规定》第四条：不超过10公斤。", True, prompt=stamp)

    assert talk("今天还有几件没送", d("query_tasks", kind="delivery")).worded == ()
    talk.agent.knowledge = Worded()
    turn = talk("易碎品最重多少", d("ask_knowledge", question="易碎品最重多少"))
    assert turn.worded == (stamp,)
    assert turn_record(turn, None, ())["worded"] == [stamp]


def test_what_waited_for_the_network_is_sent_with_the_next_turn_and_said(talk: Any) -> None:
    send = talk.outbox._api.send
    talk("跟六零九四说到了", d("send_sms", target={"tail": "6094"}, message="到了"))

    def down(effect: object) -> None:
        raise ApiUnavailable("no network in the lift")

    talk.outbox._api.send = down
    turn = talk("发")
    assert "没网，先记下了" in turn.reply
    assert talk.effects() == []
    talk.outbox._api.send = send
    talk.outbox.flush(now=True)
    assert talk.effects() == [("sms", "JD0283370626094")]


def test_backing_out_in_other_words_lets_the_effect_go(talk: Any) -> None:
    talk("跟六零九四说放门口了", d("send_sms", target={"tail": "6094"}, message="放门口了"))
    for taken_for in ("correct", "none", "confirm"):
        turn = talk("等等，撤了吧，太不保险", d(taken_for))
        assert (turn.kind, turn.intent) == ("answer", "cancel")
        talk("跟六零九四说放门口了", d("send_sms", target={"tail": "6094"}, message="放门口了"))
    talk("取消")
    assert talk("好的，确认").kind == "reject"
    assert talk.effects() == []


def test_a_correction_nobody_understood_makes_the_yes_stale(talk: Any) -> None:
    talk("跟六零九四说放门口了", d("send_sms", target={"tail": "6094"}, message="放门口了"))
    assert talk("不是那样的", d("correct")).reply == "哪里不对？"
    assert talk("确认").kind == "reject"
    assert talk.effects() == []


def test_the_same_door_in_another_estate(talk: Any) -> None:
    talk("文锦苑四号楼一单元六零二备注", d("query_waybill", target={"address": "文锦苑4号楼1单元602"}, aspect="remark"))
    turn = talk("文景苑同一个门牌的呢")
    assert turn.calls[0].waybill == HU


def test_a_model_cannot_make_a_yes_out_of_other_words(talk: Any) -> None:
    talk("三三九一小卖部签收", d("sign_off", target={"tail": "3391"}, place="小卖部"))
    for said in ("老板娘这袋米先搁您柜台底下啊", "我再看看别的地方能不能放得下这个大箱子", "不太行", "能行吗"):
        assert talk(said, d("confirm")).kind == "reject"
    assert talk.effects() == []
    assert talk("嗯这么写行", d("confirm")).kind == "act"


def test_talk_to_a_customer_does_not_rewrite_the_text_that_waits(talk: Any) -> None:
    talk("跟六零九四说放门口了", d("send_sms", target={"tail": "6094"}, message="放门口了"))
    assert talk("大哥这个电梯能到十八楼吗", d("correct", message="大哥这个电梯能到十八楼吗")).kind == "reject"
    talk("发吧")
    assert "放门口了" in str(talk.carrier.ledger().effects[0].args)
    talk("跟六零九四说放门口了", d("send_sms", target={"tail": "6094"}, message="放门口了"))
    assert "放驿站了" in talk("短信改成放驿站了", d("correct", message="放驿站了")).reply


def test_a_text_to_a_place_does_not_go_to_everybody(talk: Any) -> None:
    everybody = d("send_sms", target={"ref": "all"}, message="村口修路")
    turn = talk("给五福新村的客户群发一条，村口修路", everybody)
    assert "群发2个" in turn.reply
    assert "田女士、江先生" in turn.reply


def test_three_digits_may_be_looked_up_but_not_called(talk: Any) -> None:
    assert talk("零四六到哪了", d("query_waybill", target={"tail": "146"}, aspect="status")).kind == "answer"
    turn = talk("打给零八三", d("dial", target={"tail": "083"}))
    assert turn.kind == "reject"
    assert talk.effects() == []


def test_another_question_is_no_answer_to_which_one(talk: Any) -> None:
    assert talk("录个揽收", d("fill_pickup")).kind == "ask"
    turn = talk("六零九四到哪了", d("query_waybill", target={"tail": "6094"}, aspect="status"))
    assert (turn.kind, turn.intent) == ("answer", "query_waybill")
