from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from courier_voice.core.intent import Example, Intent, Risk, Target, Tools
from courier_voice.core.parcels import Parcel
from courier_voice.core.turn import Proposal


class SignOff(Intent):
    """Mark one parcel delivered."""

    name: ClassVar[str] = "sign_off"
    summary: ClassVar[str] = "签收、妥投、标记送达（本人签了，放家门口了，交门卫了）"
    risk: ClassVar[Risk] = Risk.CONFIRM
    target: Target = Field(description="哪一单")
    place: str = Field(description="谁收的或放在哪，照原话", min_length=1)

    questions: ClassVar = {"target": "签收哪一单？", "place": "放在哪儿，还是本人签收？"}
    wants: ClassVar = "delivery"
    examples: ClassVar[tuple[Example, ...]] = (
        Example("尾号四四幺二签收，本人", {"target": {"tail": "4412"}, "place": "本人"}),
        Example("签收"),
        Example("这单放家门口了，签收", {"target": {"ref": "current"}, "place": "家门口"}),
        Example("二九零七放快递柜，点一下妥投", {"target": {"tail": "2907"}, "place": "快递柜"}),
        Example("何先生的交给他老婆了，签收吧", {"target": {"name": "何先生"}, "place": "他老婆"}),
        Example("上一家的补签收，放驿站了", {"target": {"ref": "previous"}, "place": "驿站"}),
        Example("幸福里八号楼二零一搁门卫那儿，标记已送达", {"target": {"address": "幸福里8号楼201"}, "place": "门卫"}),
        Example("柳女士自己拿走了，完成", {"target": {"name": "柳女士"}, "place": "自己"}),
        Example("六一一八送到了", {"target": {"tail": "6118"}}),
        Example("五三九零，邻居代收，搞定", {"target": {"tail": "5390"}, "place": "邻居"}),
        Example("一三三五放奶箱里，签手", {"target": {"tail": "1335"}, "place": "奶箱"}),
        Example("这个塞信箱里头了，点掉吧", {"target": {"ref": "current"}, "place": "信箱里头"}),
        Example("韩先森的包裹放水表间前收", {"target": {"name": "韩先森"}, "place": "水表间"}),
        Example("给他儿子了，这件签掉", {"target": {"ref": "current"}, "place": "他儿子"}),
        Example("核对过证件了，零七二二本人，妥投", {"target": {"tail": "0722"}, "place": "本人"}),
        Example("丁总那票保安收了，签收人写保安", {"target": {"name": "丁总"}, "place": "保安"}),
        Example("九四五六，楼道口，完活", {"target": {"tail": "9456"}, "place": "楼道口"}),
        Example("八八零一的鱼缸学校传达室签了字，结单", {"target": {"tail": "8801"}, "place": "学校传达室"}),
    )

    def propose(self, parcels: tuple[Parcel, ...], tools: Tools) -> Proposal:
        (parcel,) = parcels
        said = f"{parcel.called}，尾号{parcel.tail}，{parcel.address}，签收在{self.place}"
        return Proposal("sign_off", parcels, {"place": self.place}, said, self.draft())
