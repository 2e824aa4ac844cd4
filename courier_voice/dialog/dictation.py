"""A courier's rough dictation to what the customer is to know: whom it is for, and clauses fit to be sent.

What is said to the assistant, rude words, grumbling and values taken back go; 他/她 becomes 您; nothing else is lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from courier_voice.dialog.corrections import resolve_corrections
from courier_voice.dialog.manners import manners
from courier_voice.dialog.persons import NAME
from courier_voice.text.normalize import normalize, to_simplified
from courier_voice.text.numerals import SPELLING, TO_DIGIT

Mode = Literal["tell", "thank", "ask", "remind", "request"]

_SOMEBODY: Final = (
    rf"(?:(?:这|那)?[位个]?(?:(?P<name>{NAME.pattern})|他们|她们|他|她|人家|客户|顾客|对方|收件人|收货人|寄件人|"
    r"大家|所有人|各位|老太太|老爷子|老人家?|(?:下|上)一?家|那家|那户|大爷|大妈|大叔|阿姨|大姐|小姐|先生|女士|美女|帅哥|"
    r"(?:尾号)?(?:\d+(?:单元|栋|号楼|室|楼)?)+的?(?:客户|那户|那家)?))"
)
_LEAD: Final = r"^(?:那就|然后|顺便|顺带|回头|另外|再|你|就|也|先|麻烦你?|帮我|帮忙|替我|给我|请你?)*"
_ONCE: Final = r"(?:一?声|一下|一遍|一?句话?)?"
_WRITING: Final = r"(?:发|回|留|捎|带|写|编)(?:一?[个条句]|一下|一)?(?:短信|消息|信息|信儿?|话|言)?(?:一声)?"
_SAYING: Final = r"(?:说|讲|交代|知会|吱|嘱咐|解释)(?:一?声|一下|一遍|一句|清楚|明白)*"
_CHOICE: Final = r"(?=.*(?:还是|不|没有|吗|几|什么|哪|能否|是否|方便))(?!的)"
_ADDRESSES: Final[tuple[tuple[Mode, str], ...]] = (
    ("tell", rf"(?:跟|和|给|对|向|同){_SOMEBODY}(?:都|也|再|好好)?(?:{_SAYING}|{_WRITING}说?)"),
    ("tell", rf"(?:告诉|通知|转告|告知|回复?|催)(?:一下|一声)?{_SOMEBODY}{_ONCE}(?:说|讲)?"),
    ("tell", r"(?:(?:发|写|编|回|留)(?:一?[个条句])?)?(?:短信|消息|信息|留言)里?就?(?:写|说|讲)[:：]?"),
    ("tell", r"(?<=.)(?:跟|和)?(?:说|讲)(?![不话法到得起实])(?:一?声|一下)?"),
    ("tell", r"说(?![明好不话法到得起实])(?:一?声|一下)?"),
    ("thank", rf"(?:谢谢|感谢|谢)(?:一下|一声)?{_SOMEBODY}"),
    ("ask", rf"问问?(?:一下|一声)?{_SOMEBODY}(?:一下|一声)?"),
    ("ask", rf"看看?(?:一下)?{_SOMEBODY}{_CHOICE}"),
    ("remind", rf"提醒(?:一下|一声)?{_SOMEBODY}(?:一声|一下)?"),
    ("request", rf"(?:让|叫|请|要|喊|麻烦|劳烦|嘱咐)(?:一下)?{_SOMEBODY}(?:一下)?(?!我)"),
)
_RULES: Final = tuple((mode, re.compile(_LEAD + pattern)) for mode, pattern in _ADDRESSES)
_OPENING: Final = {"thank": "谢谢您", "ask": "请问您", "remind": "提醒您", "request": "请您"}
_NEW_CLAUSE: Final = re.compile(
    r"(?<=[^，,。！？;；\s]{3}[^，,。！？;；\s不用别要想会能跟给再])(?=(?:让|叫|问)(?:他|她|人家)(?!们?(?:家)?的))"
)
_THIRD: Final = re.compile(rf"(?:{NAME.pattern}|老板娘|保安|门卫|邻居|保洁|物业|同事|司机|快递站长)[^，]{{0,3}}$")
_REMNANT: Final = re.compile(
    "^(?:这|那|就|他|她|你|我|可|也|又|都|真|还|再|老|别|不要|的|了|得|地|到时候|死了|极了|今天|不然|否则|要是|老太太|老头子?|大爷|人|个)+$"
)
_NESTED: Final = 3
"""跟他说一声让他 …: as deep as addresses go."""
_HANDLED: Final = re.compile(r"\d|[放搁存挂塞送取签到等退收改]|带[来去好]|[请让]您?|地址|快递|包裹|驿站")
"""What tells the customer something, whatever else is in its clause."""
_DATED: Final = re.compile(rf"\d|[今明后昨]天|[上下]午|[早晚]上|{NAME.pattern}")
_JUST_SAY: Final = re.compile("^(?:你)?就(?:(?:跟|和|对|给|回)(?:他|她|人家|客户))?(?:说|讲|写|回)")
_FILLER: Final = re.compile(
    "(?:那个|这个|就是说?|那谁|怎么说呢|对吧|是吧|好吧|行吧|反正|然后呢?|我想想|等会儿|等下|吧|呢|嗯|呃|额|啊)+"
)
_UNSAID: Final = re.compile(
    "(?:这个|这事儿?|这话|这句|这些|那个|这)?(?:你|就|可|也|都|千万)*(?:别|不用|不要|不必|甭)(?:跟(?:他|她|人家))?"
    "(?:写|提|说|讲|告诉(?:他|她|人家))(?:这个|这事儿?|这些|这茬儿?|这句)?(?:了|出去|进去|上去?)*"
)
"""Takes the clause before it back: 这单是她前夫寄的，别提这个."""
_DASHED: Final = re.compile(f"[{SPELLING}]+(?:杠[{SPELLING}]+)+")
_CODE: Final = re.compile(
    r"(?:(?:单元|楼[道栋]?|(?<!柜)门|门禁|房门?|院|家|锁|电梯|(?:他|她|您|客户)[^，\d]{0,4}[给发说写留])[^，\d]{0,4}密码|密码锁)"
    r"[^，\d]{0,8}(?P<code>\d[\d\s]{2,}(?:井号?|星号?|#|\*)?)"
)
"""The code of a customer's door, which no text may hold; codes for parcel lockers are none."""


@dataclass(frozen=True)
class Message:
    """What is to be sent. ``clauses`` end in ``？`` when they ask."""

    addressee: str
    clauses: tuple[str, ...]
    requests: bool
    """Something is asked for or to be done."""

    @property
    def text(self) -> str:
        return "".join(c if c.endswith("？") else c + "，" for c in self.clauses).rstrip("，")


def read(spoken: str) -> Message:
    """The message in a dictation, in simplified characters and Arabic numerals."""
    text = _DASHED.sub(lambda m: m.group().translate(TO_DIGIT).replace("杠", "-"), to_simplified(spoken))
    text = normalize(re.sub("仨(?!月)", "三个", re.sub("俩(?![月口])", "两个", text))).text
    text = resolve_corrections(re.sub(r"^(?:嗯|呃|额|啊|哎呀?|诶|唉|喂|噢|哦)+[，,]?", "", text))
    text = _CODE.sub(lambda m: m.group().replace(m["code"], ""), text)
    addressee, pending = _owner(text), ""
    requests = False
    kept: list[str] = []
    for raw in re.split(r"[，,。！!；;\s…]+|(?<=[？?])", _NEW_CLAUSE.sub("，", text)):
        if _FILLER.fullmatch(raw):
            continue
        if _UNSAID.fullmatch(raw):
            kept = kept[:-1]
            continue
        if _JUST_SAY.match(raw) and not _DATED.search("，".join(kept)):
            kept = []  # 他要我带垃圾，你就说包裹放鞋柜上了: what came before was told to the assistant
        clause, mode, name = _addressed(raw.strip("：:、"))
        addressee = addressee or name
        clause = _civil(clause)
        if mode != "tell" and not clause:
            pending = mode
            continue
        if not clause:
            continue
        third = bool(kept and _THIRD.search(kept[-1]) and re.match("[他她]", clause)) and mode == "tell"
        clause = _soften(_to_you(clause, addressee, keep_start=third), mode)
        opening = _OPENING.get(mode, "") or ("请问" if pending == "ask" else "请您" if pending else "")
        requests |= (bool(opening) and mode != "thank") or "请" in clause
        if not clause:
            continue
        asks = mode == "ask" or pending == "ask" or clause.endswith(("吗", "？", "?"))
        kept.append(_joined(opening, clause) + ("？" if asks else ""))
        pending = ""
    return Message(addressee, tuple(kept), requests)


def _owner(text: str) -> str:
    """汤先生那文件 …: the customer named first, as owner of what is spoken of."""
    match = re.match(rf"({NAME.pattern})(?=那|的|家|您|你|，)", text)
    return match.group() if match else ""


def _addressed(clause: str) -> tuple[str, Mode, str]:
    """A clause less the words that say to whom it goes, what they made of it, and the name in them."""
    name = ""
    for _ in range(_NESTED):
        found = next(((mode, m) for mode, pattern in _RULES if (m := pattern.match(clause)) and m.end()), None)
        if not found:
            break
        mode, match = found
        name = name or match.groupdict().get("name") or ""
        clause = clause[match.end() :]
        if mode != "tell":
            return clause, mode, name
        clause = clause.lstrip("就说:：")
    return clause, "tell", name


def _civil(clause: str) -> str:
    """A clause without insults and grumbling; empty when nothing worth sending is left."""
    lists = manners()
    if lists.orders.search(clause):
        return ""
    clean = lists.rude.sub("", lists.gripes.sub(_unless_counted, clause))
    if lists.sour.search(clean):
        clean = lists.sour.sub("", clean) if _HANDLED.search(clean) else ""
    if clean == clause:
        return clause
    return _REMNANT.sub("", re.sub("^(?:的|了|得|地(?![址方下铁上库]))+", "", clean))


def _unless_counted(grumble: re.Match[str]) -> str:
    """Numbers survive, even inside a complaint; 八百遍 is none."""
    return grumble.group() if re.search(r"\d", grumble.group().replace("800", "")) else ""


def _to_you(clause: str, addressee: str, *, keep_start: bool) -> str:
    """The customer in the second person."""
    if addressee:
        clause = re.sub(rf"{re.escape(addressee)}(?=那|的|家|您|你|，|$)", "您", clause)
    clause = re.sub(
        r"(?<!您家)(?:(?:这|那)(?:个|位)?)?(?:老太太|老头子?|老爷子)|(?:这|那)(?:个|位)?(?:老人家?|家伙|小子|女的|男的|客户)",
        "您",
        clause,
    )
    clause = re.sub(r"(?<=[给跟和问对替帮等到])(?:人家|客户)", "您", clause)
    clause = re.sub(r"^人家(?=\d|早|晚|上午|下午|中午|明|今|后)", "那边", clause)
    start = clause[:1] if keep_start else ""
    rest = clause[len(start) :]
    rest = re.sub("(?<!其)[他她]们?|你们?", "您", rest)
    return start + re.sub("您(?:人|那人)(?![品数])", "您", rest).replace("您您", "您")


def _soften(clause: str, mode: Mode) -> str:
    marked = _joined(_OPENING.get(mode, ""), clause)
    for pattern, new in manners().softer:
        marked = pattern.sub(new, marked)
    return marked.removeprefix(_OPENING.get(mode, "")).strip("，, ")


def _joined(opening: str, clause: str) -> str:
    """请您 + 请不要 → 请您不要."""
    if opening and clause.startswith(("请您", "请问")):
        return clause
    if opening == "请您" and clause.startswith("请"):
        return opening + clause[1:]
    if opening == "请问您" and clause.startswith("您"):
        return "请问" + clause
    return opening + clause
