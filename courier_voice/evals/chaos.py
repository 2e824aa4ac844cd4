"""Chaos: seeded effects through the real agent against the real mock server over TCP, with faults at every boundary,
the server killed and restarted, the agent killed at random lines and times; then ledger and API are compared.

It goes in rounds, each over a fresh day with a server and an agent of its own, some at once. Processes are forked from
this one, so that a kill costs milliseconds. POSIX only.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final

import httpx

from courier_voice.app import data_dir
from courier_voice.core.errors import SettingsError
from courier_voice.evals.chaos_agent import warm
from courier_voice.evals.chaos_processes import TOKEN, Agent, Api
from courier_voice.evals.journal import Journal
from courier_voice.evals.rounds import at_once
from courier_voice.logistics.client import http_client
from courier_voice.logistics.ledger import Ledger
from courier_voice.logistics.vault import open_vault
from courier_voice.settings import Settings, load_settings

A_ROUND: Final = 125
"""Effects over one world, before a new one: its parcels can be signed off only once."""
READ_S, BACKOFF_S = 0.15, 0.05
"""Seconds: an answer that comes later is a timeout; the pause before a read is tried again. On a real network both are
longer; here they are what most of the time would be spent in."""
DIE_AT_LINE, DIE_AT_TIME, DIE_AT_START, RESTART_API = 0.08, 0.04, 0.15, 0.015
LINES: Final = 420
"""About as many lines as a turn with an effect passes in the files that matter."""


@dataclass
class Counts:
    """What happened. ``lost``, ``doubled``, ``unrecorded`` and ``contradicted`` must be 0."""

    asked: int = 0
    acknowledged: int = 0
    happened: int = 0
    agent_kills: int = 0
    api_kills: int = 0
    lost: int = 0
    doubled: int = 0
    unrecorded: int = 0
    contradicted: int = 0
    rang_unheard: int = 0
    """Calls that were placed though their answer was lost: said to be unsure, never placed again."""
    ops: dict[str, int] = field(default_factory=dict)
    unclean: tuple[str, ...] = ()
    """Names of the rounds in which something was wrong."""

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.unrecorded or self.contradicted)


def rounds(effects: int) -> dict[str, int]:
    """How many effects each round asks for, by its name."""
    whole, rest = divmod(effects, A_ROUND)
    return {str(n): size for n, size in enumerate([A_ROUND] * whole + [rest] * bool(rest), 1)}


def run(
    effects: int, seed: int, journal: Journal, *, jobs: int = 1, step: Callable[[int], None] = lambda _: None
) -> Counts:
    """Ask for so many effects, ``jobs`` rounds at once; ``step`` is told of every few. Rounds the journal has are not
    played again. Raises SettingsError where it cannot run."""
    if not hasattr(os, "fork"):
        raise SettingsError("chaos needs fork and kill -9: run it on Linux or macOS")
    warm()
    sizes = rounds(effects)
    played = {name: journal.done[name] for name in sizes if name in journal.done}
    step(sum(row["asked"] for row in played.values()))
    todo = [name for name in sizes if name not in played]
    for name, row in at_once(todo, lambda name, tell: asdict(play(sizes[name], seed, name, tell)), jobs, step):
        played[name] = {"id": name, **row}
        journal.add(played[name])
    return total(played)


def total(played: Mapping[str, Mapping[str, Any]]) -> Counts:
    """The counts of all rounds; in ``ops`` how many of each kind."""
    counts = Counts()
    for name, row in played.items():
        one = Counts(**{key: value for key, value in row.items() if key != "id"})
        for key in (f.name for f in fields(Counts) if f.type == "int"):
            setattr(counts, key, getattr(counts, key) + getattr(one, key))
        counts.ops = dict(Counter(counts.ops) + Counter(one.ops))
        counts.unclean += () if one.clean else (name,)
    return counts


def play(effects: int, seed: int, name: str, step: Callable[[int], None]) -> Counts:
    """One round, from an empty home and a fresh day to the comparison."""
    counts = Counts()
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        _round(Path(folder), effects, random.Random(f"{seed}:{name}"), counts, step)
    return counts


def _round(folder: Path, effects: int, chance: random.Random, counts: Counts, step: Callable[[int], None]) -> None:
    world = data_dir("fixtures") / "worlds" / "beihu.json"
    api = Api(world, folder / "state.jsonl", chance)
    settings = load_settings(
        home=folder / "home",
        api={"base_url": api.url, "token": TOKEN, "read_s": READ_S, "connect_s": 1.0, "backoff_s": BACKOFF_S},
        sms={"per_customer_hour": 100_000, "per_hour": 100_000},
        ledger={"key": "file"},
    )
    api.start(faulty=False)
    agent = Agent(settings)
    agent.start()
    acknowledged: set[int] = set()
    try:
        agent.ask({"number": 0, "text": "今天还有几件", "drafts": [{"intent": "query_tasks"}]})  # fills the cache
        api.kill()
        api.start(faulty=True)
        tasks = _tasks(json.loads(world.read_text("utf-8")), chance)
        for number in range(1, effects + 1):
            op, turns = next(tasks)(number)
            if _ask(agent, turns, number, chance):
                acknowledged.add(number)
            counts.asked += 1
            counts.ops[op] = counts.ops.get(op, 0) + 1
            step(1)
            if chance.random() < RESTART_API:
                api.kill()
                counts.api_kills += 1
                time.sleep(chance.uniform(0, 0.2))
                api.start(faulty=True)
        api.kill()
        api.start(faulty=False)
        _settle(agent)
        agent.stop()
        _compare(settings, api.url, acknowledged, counts)
    finally:
        counts.agent_kills += agent.kills
        for process in (agent, api):
            if process.pid:
                process.kill()


def _ask(agent: Agent, turns: list[dict[str, Any]], number: int, chance: random.Random) -> bool:
    """One command in its turns; whether its effect was acknowledged to the courier. A dead agent is started again."""
    answer: dict[str, Any] | None = None
    for place, turn in enumerate(turns):
        while not agent.pid:
            agent.start(chance.randrange(1, LINES) if chance.random() < DIE_AT_START else None)
        last = place == len(turns) - 1
        die = chance.randrange(1, LINES) if last and chance.random() < DIE_AT_LINE else None
        after = chance.uniform(0, 0.03) if last and chance.random() < DIE_AT_TIME else None
        answer = agent.ask({**turn, "number": number, "die": die}, after)
        if answer is None:
            return False
    return bool(answer and answer["kind"] == "act" and answer["calls"])


def _settle(agent: Agent) -> None:
    """Send all that waits; an agent that dies over it is started again."""
    for _ in range(200):
        if not agent.pid:
            agent.start()
        answer = agent.ask({"flush": True})
        if answer and answer["pending"] == 0:
            return
        time.sleep(0.05)


def _compare(settings: Settings, url: str, acknowledged: set[int], counts: Counts) -> None:
    """The API's effects against what the ledger says of each and what the courier was told."""
    with http_client(url, TOKEN, read_s=30.0) as client:
        answer: httpx.Response = client.get("/v1/effects")
        happened = Counter(row["key"] for row in answer.json()["effects"])
    with Ledger(settings.home / "ledger.sqlite3", open_vault(settings.home, "file")) as ledger:
        last = {e.key: (e.status, e.masked["op"]) for e in ledger.entries(kind="effect")}
    by_command = Counter(_command(key) for key in happened.elements())
    counts.acknowledged += len(acknowledged)
    counts.happened += happened.total()
    counts.doubled += sum(count > 1 for count in by_command.values())
    counts.lost += sum(by_command[number] == 0 for number in acknowledged)
    counts.unrecorded += sum(key not in last for key in happened)
    for key, (status, op) in last.items():
        if status in ("queued", "held") or (status == "sent" and not happened[key]):
            counts.lost += _command(key) not in acknowledged or by_command[_command(key)] > 0
        if status in ("refused", "dropped") and happened[key]:
            counts.rang_unheard += op == "dial"
            counts.contradicted += op != "dial"


def _command(key: str) -> int:
    return int(key[1 : key.index("x")])


Task = Callable[[int], tuple[str, list[dict[str, Any]]]]


def _tasks(world: dict[str, Any], chance: random.Random) -> Iterator[Task]:
    """Commands without end: what can be done often and, while they last, sign-offs and forms."""
    pending = [t for t in world["tasks"] if t["state"] == "pending"]
    chance.shuffle(pending)
    once = [t["waybill"] for t in pending[: len(pending) * 2 // 3]]
    kinds = {t["waybill"]: t["kind"] for t in pending}
    often = [t["waybill"] for t in pending[len(pending) * 2 // 3 :]]
    yes = {"text": "确认", "drafts": []}

    def text(number: int) -> tuple[str, list[dict[str, Any]]]:
        slots = {"target": {"tail": chance.choice(often)}, "message": f"东西放好了，记号{number}"}
        return "sms", [{"text": "发短信", "drafts": [{"intent": "send_sms", "slots": slots}]}, yes]

    def call(_: int) -> tuple[str, list[dict[str, Any]]]:
        slots = {"target": {"tail": chance.choice(often)}}
        return "dial", [{"text": "打电话", "drafts": [{"intent": "dial", "slots": slots}]}]

    def trouble(number: int) -> tuple[str, list[dict[str, Any]]]:
        slots = {"target": {"tail": chance.choice(often)}, "reason": "other", "note": f"门禁坏了，记号{number}"}
        return "exception", [{"text": "报异常", "drafts": [{"intent": "report_exception", "slots": slots}]}, yes]

    def final(number: int) -> tuple[str, list[dict[str, Any]]]:
        waybill = once.pop()
        if kinds[waybill] == "pickup":
            slots = {"target": {"tail": waybill}, "item": "书", "weight_kg": 2.0}
            return "pickup", [{"text": "录好了，提交", "drafts": [{"intent": "fill_pickup", "slots": slots}]}]
        slots = {"target": {"tail": waybill}, "place": f"门口{number}"}
        return "sign_off", [{"text": "签收", "drafts": [{"intent": "sign_off", "slots": slots}]}, yes]

    while True:
        choices: list[Task] = [text, text, call, trouble, final] if once else [text, text, call, trouble]
        yield chance.choice(choices)
