"""Text files in whatever character set a Chinese office saved them."""

from __future__ import annotations

import codecs

from charset_normalizer import from_bytes

from courier_voice.core.errors import KnowledgeError

MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
COMMON = frozenset(
    "的一是不在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年快件收寄派送应当规定"
)


def decoded(data: bytes, name: str) -> str:
    """UTF-8 if it is, else the set whose reading looks like Chinese: short files fool statistics alone."""
    for mark, charset in MARKS:
        if data.startswith(mark):
            return data[len(mark) if charset == "utf-8" else 0 :].decode(charset, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    likely = {}
    for charset in ("gb18030", "big5hkscs", "utf-16-le"):
        try:
            text = data.decode(charset)
        except UnicodeDecodeError:
            continue
        likely[text] = sum(char in COMMON for char in text) / len(text)
    if likely and max(likely.values()) > 0.02:
        return max(likely, key=lambda text: likely[text])
    best = from_bytes(data).best()
    if best is None:
        raise KnowledgeError(f"{name}: 认不出文字编码，请另存为 UTF-8")
    return str(best)
