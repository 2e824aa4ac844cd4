"""Worked examples of two commands in one breath, for the prompt: sentence and frames in the order spoken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Frame = Mapping[str, str]

PAIRS: Final[tuple[tuple[str, tuple[Frame, Frame]], ...]] = (
    (
        "给六一一八打电话，再查一下七七三零的地址",
        ({"intent": "dial", "tail": "6118"}, {"intent": "query_waybill", "tail": "7730", "aspect": "address"}),
    ),
    (
        "何先生那单本人签收，然后看看还剩几件没送",
        (
            {"intent": "sign_off", "name": "何先生", "place": "本人"},
            {"intent": "query_tasks", "kind": "delivery", "state": "pending", "measure": "count"},
        ),
    ),
    (
        "先跟周女士说我到楼下了，再拨二二五八",
        ({"intent": "send_sms", "name": "周女士", "message": "我到楼下了"}, {"intent": "dial", "tail": "2258"}),
    ),
    (
        "三一零七报拒收，顺便给他发短信说件退回去了",
        (
            {"intent": "report_exception", "tail": "3107", "reason": "rejected"},
            {"intent": "send_sms", "ref": "current", "message": "件退回去了"},
        ),
    ),
    (
        "五五零三放门卫签收，接着下一单送哪",
        (
            {"intent": "sign_off", "tail": "5503", "place": "门卫"},
            {"intent": "query_tasks", "kind": "all", "state": "pending", "measure": "next"},
        ),
    ),
    (
        "填两公斤月结，另外念一下备注",
        (
            {"intent": "fill_pickup", "weight_kg": "2公斤", "payment": "monthly"},
            {"intent": "query_waybill", "ref": "current", "aspect": "remark"},
        ),
    ),
    (
        "查查马女士的代收款，完了给她打个电话",
        ({"intent": "query_waybill", "name": "马女士", "aspect": "cod"}, {"intent": "dial", "ref": "current"}),
    ),
    (
        "超时的有几单，还有取件剩几家",
        (
            {"intent": "query_tasks", "kind": "all", "state": "overdue", "measure": "count"},
            {"intent": "query_tasks", "kind": "pickup", "state": "pending", "measure": "count"},
        ),
    ),
)
