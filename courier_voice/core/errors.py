"""Everything that can go wrong in a way we know about. Anything else is a bug and stays loud.

CourierVoiceError
├── AudioError              unreadable, empty or unfit sound
│   └── MicrophoneError     no device, no permission, no PortAudio
├── WeightsError
│   ├── WeightsMissing      not pulled yet
│   └── WeightsCorrupt      the sha256 is another
├── TranscriptionError      a recogniser failed
├── NoRecogniser            an agent that reads only was given sound: a mistake of the program
├── ModelError              a language model failed; ``retryable``
│   └── ModelOutputError    it answered, but not in the form asked for
├── ApiError                the logistics API; ``retryable``
│   ├── ApiUnavailable      no connection, timeout, 5xx
│   ├── ApiNotFound         404
│   └── ApiRefused          any other 4xx
├── SpeechError             no voice or no sound card
├── OutboxError             the durable store cannot take an effect
│   └── OutboxDamaged       its file is no database any more
├── LedgerError             the record of turns cannot be read, or its key is gone
├── KnowledgeError          a document of the knowledge base cannot be read
├── PromptError             a prompt file breaks its own rules
├── WorldError              a world file is not of the schema
├── GoldenError             a scene of recorded turns is not of the schema
├── TrainingError           training data or a checkpoint is not what was asked for
└── SettingsError
"""

from __future__ import annotations


class CourierVoiceError(Exception):
    """``str(error)`` is for the log and names the fix, ``said`` is for the courier; no personal data in either."""

    said: str = "出了点问题，请再试一次。"
    retryable: bool = False

    def __init__(self, message: str, *, said: str | None = None, retryable: bool | None = None) -> None:
        super().__init__(message)
        if said is not None:
            self.said = said
        if retryable is not None:
            self.retryable = retryable


class AudioError(CourierVoiceError):
    said = "这段录音读不了。"


class MicrophoneError(AudioError):
    said = "麦克风用不了，请检查一下。"


class WeightsError(CourierVoiceError):
    said = "语音模型没准备好。"


class WeightsMissing(WeightsError):
    said = "语音模型还没下载。"


class WeightsCorrupt(WeightsError):
    said = "语音模型文件坏了，要重新下载。"


class TranscriptionError(CourierVoiceError):
    said = "没听清，请再说一遍。"


class NoRecogniser(CourierVoiceError):
    pass


class ModelError(CourierVoiceError):
    said = "我没反应过来，请再说一遍。"


class ModelOutputError(ModelError):
    said = "我没听明白，请换个说法。"


class ApiError(CourierVoiceError):
    said = "系统没有办成。"


class ApiUnavailable(ApiError):
    said = "现在连不上系统。"
    retryable = True
    unsent: bool = False
    """Surely nothing reached the API: there was no connection to send it over."""


class ApiNotFound(ApiError):
    said = "系统里没有这一单。"


class ApiRefused(ApiError):
    said = "系统没有接受这个操作。"


class SpeechError(CourierVoiceError):
    said = "放不出声音，请看屏幕。"


class OutboxError(CourierVoiceError):
    said = "手机存不下了，这一步没有办，请清理空间再试。"


class OutboxDamaged(OutboxError):
    said = "待发记录坏了，这一步没有办。"


class LedgerError(CourierVoiceError):
    said = "记录读不了。"


class KnowledgeError(CourierVoiceError):
    said = "这份文件读不了。"


class PromptError(CourierVoiceError):
    pass


class WorldError(CourierVoiceError):
    pass


class GoldenError(CourierVoiceError):
    pass


class TrainingError(CourierVoiceError):
    pass


class SettingsError(CourierVoiceError):
    pass
