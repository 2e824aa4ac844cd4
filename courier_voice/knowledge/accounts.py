"""Answers from the key accounts' rules that come with the day's work: the rule's own words, or an honest no."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from math import log

from courier_voice.core.intent import Advice
from courier_voice.core.parcels import Day, KeyAccount, Parcel
from courier_voice.text.phonetics import find_by_sound

NOT_THERE = "手头的规定里没有写，请问站长。"
LEAST_EVIDENCE = 2.0


class AccountRules:
    """Knowledge over ``Day.key_accounts``: of the account named in the question, else of the parcel in focus."""

    def ask(self, question: str, about: Parcel | None, day: Day) -> Advice:
        account = _named(question, day) or day.key_accounts.get((about.ka_code or "") if about else "")
        if account is None:
            return Advice(NOT_THERE, answered=False)
        scored = _ranked(question, account)
        if not scored or scored[0][0] < LEAST_EVIDENCE:
            return Advice(NOT_THERE, answered=False)
        number = scored[0][1]
        return Advice(f"{account.name}的要求：{account.rules[number]}", True, ((account.name, f"第{number + 1}条"),))


def _named(question: str, day: Day) -> KeyAccount | None:
    for account in day.key_accounts.values():
        if account.name in question or account.name[:2] in question:
            return account
    for account in day.key_accounts.values():
        found = find_by_sound(account.name, question)
        if found is not None and found[2] <= 0.1:
            return account
    return None


def _ranked(question: str, account: KeyAccount) -> list[tuple[float, int]]:
    """Rules by shared characters and bigrams with the question, those of few rules counting most."""
    bags = [_grams(rule) for rule in account.rules]
    asked = _grams(question.replace(account.name, ""))
    spread = Counter(gram for bag in bags for gram in bag)
    scores = [
        (sum(len(gram) * log((len(bags) + 1) / spread[gram]) for gram in asked & bag), n) for n, bag in enumerate(bags)
    ]
    return sorted(scores, key=lambda pair: (-pair[0], pair[1]))


def _grams(text: str) -> frozenset[str]:
    clean = re.sub(r"[^\w]|[的了吗呢么啥什有要这家是不]", "", text)
    return frozenset(clean) | frozenset(a + b for a, b in pairwise(clean))
