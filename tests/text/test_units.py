import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courier_voice.text.units import count, digits, length_cm, money_yuan, weight_kg


@pytest.mark.parametrize(
    ("said", "kilograms"),
    [
        ("4斤2两", 2.1),
        ("四斤二两", 2.1),
        ("3.5公斤", 3.5),
        ("1250克", 1.25),
        ("0.6", 0.6),
        ("3斤半", 1.75),
        ("2公斤3", 2.3),
        ("三公斤二两", 3.1),
        ("2公斤300克", 2.3),
        ("八两", 0.4),
        ("半斤", 0.25),
        ("一公金八", 1.8),
        ("1.5KG", 1.5),
        ("3,500克", 3.5),
        ("二十来斤", 10),
        ("三公斤不对三点五公斤", 3.5),
        ("两千克", 2),
        ("约12公斤左右", 12),
        (3, 3),
        (0.1 + 0.2, 0.3),
        ("两两", 0.1),
        ("公斤半", 1.5),
        ("斤半", 0.75),
        ("两公斤零三百克", 2.3),
        ("一公斤零五十克", 1.05),
        ("三公斤零二两", 3.1),
        ("二两半", 0.125),
        ("半两", 0.025),
        ("一斤半两", 0.525),
        ("2点05", 2.05),
        ("二点零五", 2.05),
        ("十公斤半", 10.5),
    ],
)
def test_weight(said: str | float, kilograms: float) -> None:
    assert weight_kg(said) == kilograms


@pytest.mark.parametrize(
    ("said", "centimetres"),
    [
        ("0.4米", 40),
        ("35", 35),
        ("300毫米", 30),
        ("一米二", 120),
        ("一米七五", 175),
        ("米二", 120),
        ("米半", 150),
        ("一尺二", 40),
        ("四十公分半", 40.5),
        ("三十五公分", 35),
        ("1.2m", 120),
        (28.04, 28),
        ("3分米", 30),
    ],
)
def test_length(said: str | float, centimetres: float) -> None:
    assert length_cm(said) == centimetres


@pytest.mark.parametrize(
    ("said", "yuan"),
    [
        ("3800", 3800),
        ("三千八", 3800),
        ("1.2万", 12000),
        ("一万二", 12000),
        ("12万", 120000),
        ("200块", 200),
        ("不保价", 0),
        ("不保", 0),
        ("价不保了", 0),
        ("不用保了", 0),
        ("不投保", 0),
        ("免保", 0),
        ("别保了", 0),
        ("不需要保价", 0),
        ("无需保价", 0),
        ("保价不要", 0),
        ("没有声明价值", 0),
        ("千八", 1800),
        ("千二", 1200),
        ("百八", 180),
        ("两百八", 280),
        ("一百八", 180),
        ("5块8", 5.8),
        ("五块八毛", 5.8),
        ("七十八块六毛五", 78.65),
        ("八毛", 0.8),
        ("3千8", 3800),
        (19.9, 19.9),
        ("一百块不对两百块", 200),
        (0, 0),
    ],
)
def test_money(said: str | float, yuan: float) -> None:
    assert money_yuan(said) == yuan


@pytest.mark.parametrize(
    ("said", "parcels"),
    [
        ("2箱", 2),
        ("两箱", 2),
        ("一个", 1),
        ("俩", 2),
        ("仨", 3),
        ("就一个包裹", 1),
        ("一箱十二瓶", 1),
        ("两件不对三件", 3),
        ("十二", 12),
        ("单件", 1),
        ("半箱", 1),
        (2.0, 2),
        (3, 3),
    ],
)
def test_count(said: str | float, parcels: int) -> None:
    assert count(said) == parcels


@pytest.mark.parametrize(
    ("said", "spelled"),
    [
        ("七四幺六", "7416"),
        ("尾号零五七八", "0578"),
        ("一七零3", "1703"),
        ("九九拐四", "9974"),
        ("0578", "0578"),
        (7416, "7416"),
        ("七四", "74"),
        ("陆七二一", "6721"),
        ("7 4 1 6", "7416"),
        ("第一个，七四幺六", "7416"),
    ],
)
def test_digits(said: str | int, spelled: str) -> None:
    assert digits(said) == spelled


@pytest.mark.parametrize("parse", [weight_kg, length_cm, money_yuan, count, digits])
@pytest.mark.parametrize("nothing", ["", "不知道", "公斤", "……"])
def test_nothing_numeric_is_refused_without_repeating_it(parse: Callable[[str], object], nothing: str) -> None:
    with pytest.raises(ValueError, match=r"^[ -~]+ (is|are) needed") as refusal:
        parse(nothing)
    assert not nothing or nothing not in str(refusal.value)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), True])
@pytest.mark.parametrize("parse", [weight_kg, length_cm, money_yuan, count])
def test_what_is_no_quantity_is_refused(parse: Callable[[float], object], number: float) -> None:
    with pytest.raises(ValueError, match="is needed"):
        parse(number)


def test_half_a_parcel_is_refused() -> None:
    with pytest.raises(ValueError, match="whole number"):
        count(2.5)


@given(st.integers(0, 99), st.integers(0, 9), st.integers(0, 49))
def test_parts_add_up_exactly(kilograms: int, taels: int, grams: int) -> None:
    assert weight_kg(f"{kilograms}公斤{taels}两{grams}克") == round(kilograms + taels * 0.05 + grams * 0.001, 3)


@given(st.decimals(0, 999, places=3, allow_nan=False))
def test_a_number_stays_itself(number: object) -> None:
    assert weight_kg(str(number)) == float(str(number))
    assert weight_kg(float(str(number))) == float(str(number))


def test_importing_the_area_loads_no_dictionary() -> None:
    code = (
        "import sys, courier_voice.text.normalize, courier_voice.text.phonetics, courier_voice.text.units;"
        "print(sorted({'opencc', 'cn2an', 'pypinyin', 'jieba'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("said", "worth", "parse"),
    [
        ("两米零五", 205, length_cm),
        ("三公斤零五十克", 3.05, weight_kg),
        ("三公斤零二两", 3.1, weight_kg),
        ("三斤零二两", 1.6, weight_kg),
    ],
)
def test_a_zero_between_parts_is_a_place_in_one_number_and_nothing_between_two(
    said: str, worth: float, parse: Callable[[str], float]
) -> None:
    assert parse(said) == worth
