"""What a courier's commands look like on paper, for Whisper to go on in the same style.

Whisper takes the prompt for the text before the audio: whole sentences in simplified characters with digits as Chinese
numerals make it write so too. A word list leaks into the output instead. The two control
words are here because single words suffer most; no other of these sentences is used in a test.
"""

from __future__ import annotations

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
