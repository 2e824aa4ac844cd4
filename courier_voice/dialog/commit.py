"""Carrying out what got its yes, and saying in which of three states it is: sent, noted down, or not done and why."""

from __future__ import annotations

from collections.abc import Sequence

from courier_voice.core.errors import OutboxError
from courier_voice.core.parcels import Call, Day, Effect, Entry, Parcel, Receipt
from courier_voice.core.ports import Effects
from courier_voice.core.turn import Draft, Outcome, Proposal

NOTED = "没网，先记下了，有网自动发。"
NOT_LISTED = "不在您今天的单子里"


def commit(proposals: tuple[Proposal, ...], day: Day, effects: Effects, key: str) -> Outcome:
    """One effect a parcel, through the outbox, under ``key`` (this turn's). After the first that gets no network the
    others are only written down. Raises OutboxError when not one could be written."""
    calls: list[Call] = []
    words: list[str] = []
    online, full = day.age_s is None, None
    for proposal in proposals:
        receipts: list[Receipt] = []
        for number, parcel in enumerate(proposal.parcels):
            old = proposal.keys[number] if proposal.keys else ""
            own = old or f"{key}:{proposal.op}:{parcel.waybill}"
            try:
                receipt = _given(proposal, parcel, day, effects, own, renewed=bool(old), online=online)
            except OutboxError as error:
                full = error
                receipt = Receipt(own, "refused", error.said.rstrip("。"))
            online = online and receipt.status != "queued"
            receipts.append(receipt)
            if receipt.status in ("sent", "queued"):
                calls.append(Call(proposal.op, parcel.waybill, proposal.args))
        words.append(committed(proposal, receipts))
    if full is not None and not calls:
        raise full
    focus = proposals[-1].parcels[0].waybill if len(proposals[-1].parcels) == 1 else None
    return Outcome("act" if calls else "reject", "".join(words), tuple(calls), focus, agreed=proposals)


def _given(
    proposal: Proposal, parcel: Parcel, day: Day, effects: Effects, key: str, *, renewed: bool, online: bool
) -> Receipt:
    if day.by_waybill(parcel.waybill) is None:
        return Receipt(key, "refused", NOT_LISTED)
    if renewed:
        return effects.renew(key)
    effect = Effect(proposal.op, parcel.waybill, proposal.args, key, day.now)
    return effects.perform(effect) if online else effects.perform(effect, attempt=False)


def committed(proposal: Proposal, receipts: Sequence[Receipt]) -> str:
    """What became of a proposal, in words."""
    done = {"sms": "短信已发送", "sign_off": "已签收", "exception": "异常已上报"}[proposal.op]
    first = proposal.parcels[0]
    alone = len(proposal.parcels) == 1
    who = f"{first.called}，尾号{first.tail}，" if alone else ""
    sent = sum(receipt.status == "sent" for receipt in receipts)
    queued = sum(receipt.status == "queued" for receipt in receipts)
    refused = [receipt.detail for receipt in receipts if receipt.status in ("refused", "dropped")]
    parts = [f"{who}{done}{'' if alone else f'，{sent}条'}。"] if sent else []
    parts += [f"{who}{NOTED}" if alone else f"没网，{queued}条先记下了，有网自动发。"] if queued else []
    if refused:
        count = "" if alone else f"{len(refused)}条"
        verb = "没发成" if proposal.op == "sms" else "没办成"
        parts.append(f"{who}{count}{verb}，原因：{refused[-1].rstrip('。')}。")
    return "".join(parts)


def caught_up(receipts: Sequence[Receipt]) -> str:
    """What became of effects that waited for the network; empty when nothing did."""
    sent = sum(receipt.status == "sent" for receipt in receipts)
    refused = [receipt.detail.rstrip("。") for receipt in receipts if receipt.status in ("refused", "dropped")]
    parts = [f"刚才没网记下的{sent}条，已经发送了。"] if sent else []
    return "".join([*parts, *(f"刚才记下的没办成，原因：{detail}。" for detail in refused)])


def asked_again(held: Sequence[Entry], day: Day) -> tuple[Proposal, ...]:
    """Texts that have grown stale, as proposals that wait for a new yes; those to nobody on the list are left out."""
    proposals = []
    for entry in held:
        parcel = day.by_waybill(entry.effect.waybill)
        if parcel is None or entry.effect.op != "sms":
            continue
        text = str(entry.effect.args.get("message", "")).rstrip("。！")
        said = f"刚才没网没发出去的，给{parcel.called}，尾号{parcel.tail}：{text}"
        draft = Draft("send_sms", {"target": {"tail": parcel.waybill}, "message": text})
        proposals.append(Proposal("sms", (parcel,), entry.effect.args, said, draft, (entry.effect.key,)))
    return tuple(proposals)
