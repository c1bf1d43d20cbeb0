"""Chinese labels of units, reasons and statuses, where people read them."""

from __future__ import annotations

from collections.abc import Mapping

UNITS: Mapping[str, tuple[str, str]] = {
    "cny": ("元", "元"),
    "days": ("days", "天"),
    "points": ("points", "分"),
    "weighted points": ("weighted points", "加权分"),
    "agents": ("agents", "人"),
    "cases": ("cases", "件"),
}
"""Units that are said behind a number, English and Chinese."""

REASONS: Mapping[str, str] = {
    "before_first_period": "早于首个期间",
    "bot": "机器人会话",
    "close_before_creation": "关闭早于创建",
    "deleted": "已删除",
    "future": "晚于业务日期",
    "invalid": "无效会话",
    "merged": "已合并",
    "no_agent": "无客服",
    "no_close_time": "无关闭时间",
    "no_first_response_time": "无首次响应时间",
    "no_solve_time": "无解决时间",
    "pending": "观察期未满或待审核",
    "rejected": "未通过审核",
    "reply_before_creation": "回复早于创建",
    "response_before_start": "响应早于开始",
    "ruling": "裁定剔除",
    "score_out_of_range": "评分超出范围",
    "solve_before_creation": "解决早于创建",
    "spam": "垃圾",
    "superseded_rating": "已被后续评价取代",
    "unknown_agent": "当日不在职",
    "void": "作废",
}
"""Why evidence is not counted. A reason without a label is shown as its code."""

SCORE_STATUS: Mapping[str, str] = {
    "scored": "已评分",
    "awaiting_review": "待主管评价",
    "insufficient_data": "数据不足",
    "not_scored": "不评分",
}

MATURITY: Mapping[str, str] = {"final": "最终", "provisional": "暂定", "settled": "已结算"}
