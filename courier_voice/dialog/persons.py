"""How people are spoken of: 胡大姐, 程先生, 老程."""

from __future__ import annotations

import re
from typing import Final

from courier_voice.core.parcels import COMPOUND_SURNAMES
from courier_voice.dialog.names import HONORIFICS

SURNAMES: Final = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳鲍史唐费廉岑薛雷贺"
    "倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧肖尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻贾路"
    "娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯昝管卢莫经房裘缪干解应宗丁宣邓郁单杭洪包诸左石崔吉龚程嵇邢裴陆荣翁荀羊甄曲封储靳段富"
    "巫乌焦巴弓牧车侯宓蓬全班仰秋仲伊宫宁仇栾暴甘厉戎祖武符刘景詹束龙叶幸司黎薄印白蒲邰从索赖卓蔺屠蒙池乔阳胥闻党翟谭贡劳姬申冉宰郦雍桑桂牛"
    "寿通边扈燕冀郏浦尚农温别庄晏柴瞿阎充慕连茹习艾鱼容向古易慎戈廖庾终暨居衡步都耿满弘匡国文寇广禄阙东欧殳沃利蔚越隆师巩聂晁勾敖融冷辛阚那简"
    "饶空曾沙养鞠须丰巢关相查后荆红游竺权盖益桓公仝佟岳帅商牟佘覃闫肇付代佀初丛岛车佐"
)
_TITLES: Final = "|".join(title for title in HONORIFICS if title not in ("家", "工", "弟", "妹", "爷"))
_SHY: Final = "时区车方金白花米水高成全平万路明和经管支干解应别从索满国文广后红都那空相公代包板家百大小少"
NAME: Final = re.compile(
    rf"(?:{'|'.join(sorted(COMPOUND_SURNAMES))}|[{SURNAMES}])(?:{_TITLES})"
    rf"|[老小](?:(?![{_SHY}])[{SURNAMES}])(?![一-龥]?[路街村楼件])(?=[那家的说讲签在叫让等，,。]|$)"
)
"""A person by surname and title (胡大姐, 程先生), or 老程."""
