"""How a Whisper wants to be asked: the published model, and ours.

Whisper takes the prompt for the text before the audio: whole sentences in simplified characters with digits as Chinese
numerals make it write so too. A word list leaks into the output instead. The two control
words are here because single words suffer most; no other of these sentences is used in a test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

EXAMPLES: Final = (
    "给尾号二零五八打电话。",
    "给赵女士发短信，说快递放在快递柜了。",
    "揽收重量六公斤，长五十宽二十高十厘米，托寄物是衣服，保价八百元，寄付。",
    "尾号七三一四的件到哪了？",
    "今天还有多少件待派送？",
    "易碎品怎么包装？",
    "尾号零九六二本人签收。",
    "尾号四一七五客户拒收，外包装破损。",
    "取消。",
    "确认。",
)


@dataclass(frozen=True)
class Habits:
    """``examples`` go before what is heard; audio goes into the smallest of ``windows_s`` (encoder windows, seconds)
    with ``slack_s`` of silence behind it; ``knows_silence``: it has learned to write nothing where nothing is said;
    ``room_s`` of what is around the speech is kept: who looks for speech again misses a syllable at the very beginning.
    """

    examples: tuple[str, ...] = EXAMPLES
    windows_s: tuple[float, ...] = (10.0, 15.0, 20.0, 30.0)
    slack_s: float = 1.5
    knows_silence: bool = False
    room_s: float = 0.0

    def before(self, hints: Sequence[str]) -> str:
        """The text before the audio. A list of hints leaks out of the published model, so that one gets none."""
        return "".join(self.examples) + (hint_sentence(hints) if self.knows_silence else "")


PLAIN: Final = Habits()
"""Shorter windows, or less silence, and the published model goes round in circles."""

TUNED: Final = Habits((), (2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0), 0.1, knows_silence=True)


def hint_sentence(hints: Sequence[str]) -> str:
    """Today's names, places and tails as the tuned recogniser has learned to read them: one sentence, or none."""
    return "、".join(hints) + "。" if hints else ""
