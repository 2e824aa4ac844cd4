"""Whether the agent is in a conversation with the courier: for a while after it has spoken, longer while it waits for
an answer. Outside of that he has to call it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

FOLLOW_UP_S: Final = 8.0
ANSWER_S: Final = 30.0


@dataclass
class Attention:
    """``waits``: whether something waits for a yes or an answer. It goes on waiting when nobody is listened to any
    more: a read-back of minutes ago shall not take a 好的 said to a customer for its yes.
    """

    waits: Callable[[], bool]
    follow_up_s: float = FOLLOW_UP_S
    answer_s: float = ANSWER_S
    clock: Callable[[], float] = time.monotonic
    _since: float | None = None

    def open(self) -> None:
        """A reply has ended, or he has called: what he says next is meant for the agent."""
        self._since = self.clock()

    def heard_since(self, seconds: float) -> bool:
        """Whether somebody who began to speak so many seconds ago is listened to."""
        if self._since is None:
            return False
        return self.clock() - seconds - self._since <= (self.answer_s if self.waits() else self.follow_up_s)
