"""The card that lies beside the network's weights."""

from __future__ import annotations

from typing import Any, Final

from courier_voice.training.overtalk import SHARD, STAIRWELLS, Recipe
from courier_voice.training.overtalk_judge import COLD, Rule
from courier_voice.training.overtalk_scenes import WORDS

_CARD: Final = """# Words over a reply (`courier_voice/audio/data/overspeech.npz`)

The probability that a person says words in a frame of 32 ms while a reply is played or has just been. A layer of
{narrow}, a GRU of {kept}, {kilobytes:.0f} kB in 16 bits, run by numpy. Made by `courier-voice train overtalk`: {epochs}
epochs, seed {seed}; the epoch with the least loss on the held-out scenes is kept.

## Data

{clips} clips spoken for it by Kokoro in blended voices (`training/speakers.py`; four Chinese voices are in none of
them): sentences of `training/data`, and 嗯. {scenes} scenes of 12.8 s, {dev_scenes} more held out, of other speakers
and sentences. In each a reply or two comes back through a random loudspeaker and room (delay to 0.25 s, reverberation
0.05 to 0.8 s, speech at -5 to 15 dB over the echo; a headset in every seventh) and through the product's own canceller,
cold at the scene's beginning. Beside it people talk, cough, clear their throats, hum and laugh; horns, sirens, bells,
knocks, wind, engines, trains, rain and music are synthesised, begin and end (`training/overtalk_sounds.py`). No
recording is in it. {hard} of the scenes, and {dev_hard} of those held out, are in stairwells, where the echo is as
loud as the speech and reverberates for 0.3 s and more. The reply is ducked at random, as the product ducks it. Held
out besides: rooms to 1.0 s, barks.

What the network is told of a frame: `audio/overspeech.py`. Words are the frames in which a clip is loud; the first
0.3 s of each weighs most, and sounds that are none weigh more than echo alone.

## On the held-out scenes

Stopped where the probabilities of the last {window} frame(s) add up to {sure:g}, a rule chosen on these scenes. Time
counts from where the words become audible to the end of the frame that stopped.

| over the reply | stopped it | within 200 ms | ms p50 / p95 | stopped falsely |
|---|---|---|---|---|
{rows}

`echo`: seconds of reply with nothing beside it. Nothing here is real: it has heard no real room, loudspeaker, cough or
street.
"""


def card(recipe: Recipe, rule: Rule, rows: dict[str, dict[str, Any]], size: int) -> str:
    """In markdown; ``rows`` as of `overtalk_judge.figures`, ``size`` in bytes."""
    lines = []
    for kind in sorted(rows, key=lambda kind: (kind not in (WORDS, COLD), kind)):
        row = rows[kind]
        if kind in (WORDS, COLD):
            stopped = f"{row['stopped']} of {row['of']} | {row['in_time']} | {row['ms_p50']} / {row['ms_p95']} |"
        else:
            stopped = f"| | | {row['stopped']} of {row['of']}"
        lines.append(f"| {kind} | {stopped} |")
    about = {"narrow": recipe.narrow, "kept": recipe.kept, "epochs": recipe.epochs, "seed": recipe.seed}
    about |= {"clips": recipe.clips, "scenes": recipe.scenes, "dev_scenes": recipe.dev_scenes}
    about |= {"hard": _hard(recipe.scenes), "dev_hard": _hard(recipe.dev_scenes)}
    return _CARD.format(rows="\n".join(lines), window=rule.window, sure=rule.sure, kilobytes=size / 1000, **about)


def _hard(scenes: int) -> int:
    """How many of so many scenes are in stairwells."""
    whole, rest = divmod(scenes, SHARD * STAIRWELLS)
    return whole * SHARD + max(0, rest - SHARD * (STAIRWELLS - 1))
