"""Stories of rehearsal tickets: put together from clauses, so that common and rare words both occur as in life."""

from __future__ import annotations

import random
from typing import Final

_WHO: Final = ("诉求人反映", "来电称", "职工反映", "家属代为反映", "多名职工反映", "电话里说")
_WHAT: Final = (
    "单位三个月没有发工资",
    "工地结束后劳务费一直未结清",
    "入职一年没有签劳动合同",
    "单位没有缴纳社会保险",
    "上班途中受伤，单位不给申报工伤",
    "怀孕后被调岗降薪",
    "加班费没有按规定支付",
    "公司搬迁，要求职工自行离职",
    "医疗互助报销材料交了一个月没有结果",
    "骑手账号被封，申诉没有回音",
    "车间粉尘大，没有发口罩",
    "想了解困难职工建档的条件",
)
_DETAIL: Final = (
    "涉及五人",
    "有工资条和聊天记录",
    "单位负责人电话不接",
    "已经去过劳动监察",
    "对方说月底再看",
    "希望尽快回复",
)
_RARE: Final = ("铆工", "窑炉", "焊装线", "缫丝", "浸胶", "镗床", "卸船机", "轧辊", "烫金", "酸洗")


def story(chance: random.Random) -> str:
    """Return one story; one in a hundred names a rare trade."""
    said = f"{chance.choice(_WHO)}：{chance.choice(_WHAT)}，{chance.choice(_DETAIL)}。"
    return f"{said}工种是{chance.choice(_RARE)}。" if chance.random() < 0.01 else said
