"""What kind of question it is, and which way a sentence answers a yes-or-no one."""

from __future__ import annotations

import re
from typing import Final, Literal

Asked = Literal["may", "must", "whether", "open"]
"""``may``: is it allowed; ``must``: is it required; ``whether``: is it so; ``open``: no yes-or-no question."""

Stance = Literal["yes", "no"]

_OPEN: Final = re.compile(
    "多少|几[^乎]|多久|多长|多大|多高|多重|多远|哪|什么|啥|怎么|咋|如何|谁|何时|为何|干嘛|多[少长久]"
)
_CHOICE: Final = re.compile("还是")
_MAY: Final = re.compile("能不能|可不可以|可以不可以|行不行|准不准|许不许|成不成|行得通|让不让|合规|允许")
_MUST: Final = re.compile("要不要|用不用|需不需要|该不该|得不得|必须不必须|是不是[要得必须]|[要得用]不[要得用]")
_WHETHER: Final = re.compile(
    "会不会|算不算|是不是|有没有|赔不赔|管不管|担不担|扣不扣|罚不罚|违不违|对不对|是否|能否|可否"
)
_END: Final = re.compile("(?:吗|么|嘛|不|没|没有|吧|行不|不啊|呗)[？?。！]*$")
_MAY_WORD: Final = re.compile("(?<!不)(?:能|可以|准|许|行|成|敢)(?!力|源|量)|接不接|收不收|让")
_MUST_WORD: Final = re.compile("(?:还|都|也|就|非|必须|一定|得|需要|需|用|要)(?:得|要|必须|用)?(?!求|是)")
_AMOUNT: Final = re.compile(
    "多少|几[^乎]|多久|多长|多大|多高|多重|多远|多[少长久]|哪天|何时|什么时候|啥时候|最[长高大多少低晚迟]"
)
_REFUSED: Final = re.compile(
    "拒绝|拒收|不收|不给|不交|不让|不验|不看|不登|不签|不做|不报|不查|省掉|跳过|免了|能不(?!能)|可以不(?!可)"
)
_WRONG: Final = re.compile("违法|违规|犯法|犯规|超标|违反")

_LIMIT: Final = re.compile("不得(?:少于|超过|低于|高于|小于|大于|晚于|早于|多于|短于|长于)|不超过|不低于|不少于")
_NOT_FREED: Final = re.compile("不(?:能)?(?:免除|减轻|影响)|不得(?:拒绝|推诿|阻碍|阻挠|拖延|以)")
_NO: Final = re.compile(
    "不得|禁止|严禁|不予|不能|不准|不许|不可(?!抗)|不承担|不负|不赔|不需|无需|不必|无须|不用|不包括|不适用|免予|免收|不收|"
    "不应|拒收|一律不|不属于|无权|除外|不计入|无效|作废|[：:]否$"
)
_YES: Final = re.compile(
    "可以|有权|允许|准许|应当|应该|必须|须|需要|承担|负责|予以|享有|属于|视为|应|要|处以?|责令|[：:]是$"
)


def asked(question: str) -> Asked:
    """The kind of a question."""
    if _MAY.search(question):
        return "may"
    if _MUST.search(question):
        return "must"
    if _WHETHER.search(question):
        return "may" if re.search("能否|可否", question) else "whether"
    if not _END.search(question) or _CHOICE.search(question):
        return "may" if re.search("接不接|收不收|寄不寄", question) else "open"
    last = re.split("[，,。？?；;]", question.rstrip("？?。！ "))[-1]
    if _OPEN.search(last):
        return "open"
    if _MAY_WORD.search(last):
        return "may"
    return "must" if _MUST_WORD.search(last) else "whether"


def asks_amount(question: str) -> bool:
    """Whether a number is wanted."""
    return bool(_AMOUNT.search(question))


def stance(question: str, statement: str) -> Stance | None:
    """Which way a statement answers a yes-or-no question; None where it says neither."""
    kind = asked(question)
    if kind == "open":
        return None
    refused = bool(_REFUSED.search(question))
    told = _LIMIT.sub("", statement)
    if _NOT_FREED.search(told):
        return "no" if refused or kind == "may" else "yes"
    denies, grants = bool(_NO.search(told)), bool(re.search("可以|有权|允许|准许|[：:]是$", told))
    demands = bool(_YES.search(told)) and not grants
    if not (denies or grants or demands):
        return None
    if refused:
        return "yes" if grants and not denies and kind == "may" and "有权" not in told else "no"
    if _WRONG.search(question):
        return "yes" if denies or demands else "no"
    if denies:
        return "no"
    if kind == "may":
        return "yes" if grants else "no"  # told to do something else
    return "yes"


def opening(question: str, way: Stance | None) -> str:
    """The first word of the answer to a yes-or-no question."""
    if way is None:
        return ""
    words: dict[Asked, tuple[str, str]] = {"may": ("可以", "不能"), "must": ("要", "不用"), "whether": ("是的", "不是")}
    kind = asked(question)
    if kind == "whether" and re.search("赔|担|负责|管", question):
        return "要" if way == "yes" else "不用"
    if kind == "whether" and re.search("会", question):
        return "会" if way == "yes" else "不会"
    yes, no = words.get(kind, ("", ""))
    return yes if way == "yes" else no
