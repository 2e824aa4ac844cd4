"""Quantities as they are said to the numbers the forms want: kilograms, centimetres, yuan, parcels, digits.

Each parser takes what a model or a rule put into a slot: a number, or text, spoken or normalised. Each raises
ValueError, saying what was expected but never repeating the text, when nothing numeric is there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from courier_voice.text.normalize import normalize
from courier_voice.text.numerals import TO_DIGIT, value

_KILOGRAMS = {"公斤": "1", "千克": "1", "kg": "1", "斤": "0.5", "两": "0.05", "克": "0.001", "g": "0.001"}
_CENTIMETRES = {"厘米": "1", "公分": "1", "cm": "1", "毫米": "0.1", "mm": "0.1", "分米": "10", "米": "100", "m": "100"}
_CENTIMETRES |= {"尺": "33.333", "寸": "3.333"}
_YUAN = {"块": "1", "元": "1", "角": "0.1", "毛": "0.1"}
_NUMBER = r"(?:\d[\d,]*(?:\.\d+)?[万千百]?|[零一二三四五六七八九十百千万]+|两)"
_MEASURED = r"(?P<number>{number})(?:来|多)?(?P<unit>{units})"
_UNINSURED = re.compile(r"[不没别甭免勿无][用要做给必上有需了]{0,2}(?:投?保|声明)|保价\w?[不别免没]|价不保")
_PARCELS = "包裹|[件箱票单个包袋盒桶]"
_DIGIT = "[零一二三四五六七八九十百两几半\\d.]"
_SHORT = (
    # 公斤半, 米二, 斤半: the one in front goes without saying
    (re.compile(rf"(?<!{_DIGIT})(?=(?:公斤|千克|(?<!公)斤|米|尺)[一二三四五六七八九半\d](?![个件箱]))"), "一"),
    (re.compile(rf"(?<!{_DIGIT})(?=[千万][一二三四五六七八九](?!{_DIGIT}))"), "一"),
    (re.compile("(?<![零一二三四五六七八九十两几\\d])(?=百[一二三四五六七八九](?![十个件箱]))"), "一"),
    # 三公斤零二两
    (re.compile("(?<=[斤克])零(?=[一二三四五六七八九十百两\\d]+[两克斤])"), ""),
    # 一尺二
    (re.compile("尺(?P<tenth>[一二三四五六七八九\\d])(?!\\d|寸)"), r"点\g<tenth>尺"),
    (re.compile(rf"(?<!{_DIGIT})半(?=两|克|寸)"), "零点五"),
    # 二两半
    (re.compile("(?<=[一二三四五六七八九十百\\d])(?P<unit>两|克|厘米|公分|寸)半"), r"点五\g<unit>"),
)


def weight_kg(said: str | float) -> float:
    """Kilograms, to the gram: 4斤2两 is 2.1, 三公斤二两 3.1, 1250克 1.25; a bare number is kilograms."""
    return _measured(said, _KILOGRAMS, "a weight such as 3.5kg or 0.6", places="0.001")


def length_cm(said: str | float) -> float:
    """Centimetres, to the millimetre: 0.4米 is 40, 300毫米 30; a bare number is centimetres."""
    return _measured(said, _CENTIMETRES, "a length such as 35 or 300mm", places="0.1")


def money_yuan(said: str | float) -> float:
    """Yuan, to the fen: 三千八 is 3800, 1.2万 12000, 5块8 5.8; declining insurance (不保价) is 0."""
    if isinstance(said, str) and _UNINSURED.search(normalize(said).text):
        return 0.0
    return _measured(said, _YUAN, "an amount such as 3800", places="0.01")


def count(said: str | float) -> int:
    """How many parcels: 2箱 is 2, 一个 1, 俩 2; parcels come before the goods in them (一箱十二瓶 is 1)."""
    wanted = "a whole number of parcels such as 2"
    if isinstance(said, str):
        said = re.sub("单(?=[件箱票个包袋])|半(?=[箱包袋盒桶])", "一", said.replace("俩", "两个").replace("仨", "三个"))
        text = normalize(said).text
        found = re.findall(rf"({_NUMBER})(?:{_PARCELS})", text) or re.findall(_NUMBER, text)
        number = _value(found[-1:], wanted)
    else:
        number = _finite(said, wanted)
    if number != number.to_integral_value():
        raise ValueError(f"{wanted} is needed")
    return int(number)


def digits(said: str | int) -> str:
    """The digits of a spelled number, leading zeros kept: 七四幺六 is 7416, 尾号零五七八 0578."""
    text = normalize(str(said)).text
    runs = re.findall(r"\d{3,}", text)
    found = max(reversed(runs), key=len) if runs else re.sub(r"\D", "", text.translate(TO_DIGIT))
    if not found:
        raise ValueError("digits are needed, such as 7416")
    return found


def _measured(said: str | float, units: Mapping[str, str], wanted: str, *, places: str) -> float:
    number = _sum_of_parts(_spelt_out(said), units, wanted) if isinstance(said, str) else _finite(said, wanted)
    return float(number.quantize(Decimal(places), rounding=ROUND_HALF_UP))


def _spelt_out(said: str) -> str:
    """Normalised, with what couriers leave out (公斤半, 千八), and 2点05 for the number it is here."""
    for short, whole in _SHORT:
        said = short.sub(whole, said)
    return re.sub(r"(\d)点(?=\d)", r"\1.", normalize(said).text.lower())


def _sum_of_parts(text: str, units: Mapping[str, str], wanted: str) -> Decimal:
    """The last quantity in ``text``: 4斤2两 adds up, of 3公斤不对3.5公斤 the second stays."""
    names = "|".join(sorted(units, key=len, reverse=True))
    total, factor, end = None, Decimal(0), -1
    for match in re.finditer(_MEASURED.format(number=_NUMBER, units=names), text):
        unit = Decimal(units[match["unit"]])
        part = _value([match["number"]], wanted) * unit
        continues = total is not None and match.start() == end and unit < factor
        total = total + part if continues and total is not None else part
        factor, end = unit, match.end()
    return _value(re.findall(_NUMBER, text)[-1:], wanted) if total is None else total


def _value(found: list[str], wanted: str) -> Decimal:
    if not found:
        raise ValueError(f"{wanted} is needed")
    try:
        return value(found[0].replace(",", ""))
    except ValueError:
        raise ValueError(f"{wanted} is needed") from None


def _finite(number: float, wanted: str) -> Decimal:
    if isinstance(number, bool) or not math.isfinite(number):
        raise ValueError(f"{wanted} is needed")
    return Decimal(str(number))
