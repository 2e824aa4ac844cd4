"""All intents. A new one is a file here and a line below."""

from __future__ import annotations

from courier_voice.core.intent import Intent
from courier_voice.intents.ask_knowledge import AskKnowledge
from courier_voice.intents.cancel import Cancel
from courier_voice.intents.confirm import Confirm
from courier_voice.intents.correct import Correct
from courier_voice.intents.dial import Dial
from courier_voice.intents.fill_pickup import FillPickup
from courier_voice.intents.help import Help
from courier_voice.intents.none import NoIntent
from courier_voice.intents.query_tasks import QueryTasks
from courier_voice.intents.query_waybill import QueryWaybill
from courier_voice.intents.repeat import Repeat
from courier_voice.intents.report_exception import ReportException
from courier_voice.intents.send_sms import SendSms
from courier_voice.intents.sign_off import SignOff

ALL: tuple[type[Intent], ...] = (
    Dial,
    SendSms,
    FillPickup,
    QueryWaybill,
    QueryTasks,
    AskKnowledge,
    SignOff,
    ReportException,
    Confirm,
    Cancel,
    Repeat,
    Help,
    Correct,
    NoIntent,
)

BY_NAME: dict[str, type[Intent]] = {intent.name: intent for intent in ALL}

__all__ = ["ALL", "BY_NAME", "Intent"]
