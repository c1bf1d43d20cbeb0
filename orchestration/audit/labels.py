"""Chinese labels of nodes, units and reasons, where people read them."""

from __future__ import annotations

from collections.abc import Mapping

from orchestration.audit.node import Kind

KINDS: Mapping[Kind, str] = {
    "bonus": "奖金",
    "line": "奖金明细",
    "recalculated": "按现有数据重算",
    "settled": "已结算",
    "quantity": "数量",
    "rate": "费率",
    "days": "在职天数",
    "rate_row": "费率表",
    "parameter": "参数",
    "grade": "等级",
    "band": "等级界限",
    "score": "总分",
    "score_part": "得分构成",
    "score_line": "指标得分",
    "points": "曲线得分",
    "value": "指标值",
    "numerator": "分子",
    "denominator": "分母",
    "event": "计件",
    "base": "计算基数",
    "deduction": "扣分",
    "gate": "条件",
    "award": "名次",
    "other": "依据",
}

PARTS: Mapping[str, str] = {
    "data score": "数据得分",
    "supervisor score": "主管评分",
    "collaboration score": "协作得分",
}

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

UNSCORED: Mapping[str, str] = {
    "no_export": "从未收到导出",
    "not_observed": "无观测值",
    "below_min_sample": "样本不足",
    "weighs_nothing": "权重为零",
}
"""Why a KPI is not scored (`score_line.unscored_reason`)."""

MATURITY: Mapping[str, str] = {"final": "最终", "provisional": "暂定", "settled": "已结算"}
