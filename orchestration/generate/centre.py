"""The shape of the synthetic centre: every distribution number of `generate` in one place.

These numbers describe a made-up centre so that each rule of the pay plans meets data; none of them is policy.
Shares are 0-1 doubles compared with uniform draws; `*_per_skill` moves a share by that much for a best agent
(skill 1) and by the opposite for a worst one (skill -1). Weights are integers in any unit.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from types import SimpleNamespace

MINIMUM_AGENTS = 15
"""Fewest agents with which every plan has one and `centre_grade` ranks a role."""


TWENTY_YEARS_SECONDS = 7305 * 86400
"""Mistyped years lie this far ahead: after any business date, so that they never become the newest day."""


@dataclass(frozen=True)
class Plan:
    """Seats of one pay plan: the roles its agents cycle through."""

    scheme_id: str
    roles: tuple[str, ...]


PLANS = (
    Plan(
        "centre_grade",
        (
            "after_sales",
            "technical",
            "complaint",
            "after_sales",
            "general",
            "pre_sales",
            "after_sales",
            "technical",
            "complaint",
        ),
    ),
    Plan("points_2017", ("after_sales", "general", "technical", "after_sales", "complaint", "after_sales")),
    Plan("sales_service", ("pre_sales", "after_sales", "pre_sales")),
    Plan("part_time", ("pre_sales", "general", "after_sales")),
    Plan("level_ladder", ("after_sales", "technical", "pre_sales")),
    Plan("complaint_desk", ("complaint",)),
    Plan("platform_mix", ("general", "after_sales", "technical")),
    Plan("balanced_scorecard", ("pre_sales", "technical", "after_sales", "general")),
)
"""The eight plans of POLICY.md section 2; the first one holds the largest share."""

LARGEST_PLAN_SHARE_PERCENT = 36
LARGEST_PLAN_MINIMUM_SEATS = 8
STABLE_PRE_SALES_SEATS = 7
"""Leading `centre_grade` seats: pre-sales who neither move nor leave, so that small centres rank them."""


@dataclass(frozen=True)
class Centre:
    """Rates, shares and weights that the SQL of this package refers to as `{c.name}`."""

    # Calendar: weights of months (January first), weekdays (Monday first) and hours (midnight first).
    month_weights: tuple[int, ...] = (95, 78, 96, 98, 104, 118, 97, 99, 103, 108, 136, 112)
    weekday_weights: tuple[int, ...] = (118, 108, 102, 100, 104, 88, 80)
    hour_weights: tuple[int, ...] = (
        2,
        1,
        1,
        1,
        1,
        1,
        2,
        4,
        9,
        15,
        18,
        17,
        12,
        13,
        16,
        17,
        16,
        13,
        10,
        11,
        12,
        9,
        6,
        3,
    )
    outage_day_share: float = 0.4
    outage_first_hour: int = 10
    outage_hours: int = 2

    # People.
    small_desk_members: int = 3
    small_desk_department_minimum: int = 8
    team_members: int = 7
    skill_spread: float = 0.5
    vip_share: float = 0.25
    bachelor_share: float = 0.35
    college_share: float = 0.45
    night_share: float = 0.3
    level_salary_cny: tuple[int, ...] = (4200, 5200, 6500, 8200)
    part_time_salary_cny: int = 3000
    level_raise_percent: int = 8
    yearly_raise_percent: int = 5
    later_change_months: int = 6
    later_change_share: float = 0.6
    first_of_month_share: float = 0.4

    # Attendance, per scheduled day of an average agent.
    late_share: float = 0.025
    absent_share: float = 0.004
    sick_share: float = 0.010
    personal_share: float = 0.007
    annual_share: float = 0.012
    swap_share: float = 0.006
    reliable_share: float = 0.4
    reliable_factor: float = 0.08
    unreliable_share: float = 0.15
    unreliable_factor: float = 2.2

    # Tickets: cumulative shares of types, then fates.
    customers_per_ticket: float = 0.45
    inquiry_share: float = 0.30
    after_sales_share: float = 0.27
    technical_share: float = 0.20
    complaint_share: float = 0.11
    follow_up_candidates: float = 0.16
    follow_up_share: float = 0.38
    follow_up_per_skill: float = -0.25
    follow_up_days: int = 6
    unassigned_share: float = 0.006
    spam_share: float = 0.012
    merged_share: float = 0.008
    deleted_share: float = 0.004
    void_share: float = 0.006
    unsolved_share: float = 0.035
    closed_unsolved_share: float = 0.012
    reopened_share: float = 0.05
    reopened_per_skill: float = -0.04
    reopened_open_share: float = 0.25
    transferred_share: float = 0.08
    returned_share: float = 0.03
    no_reply_share: float = 0.015
    no_due_share: float = 0.03
    correction_share: float = 0.008
    repeat_export_modulus: int = 397
    escalated_share: float = 0.13
    escalated_per_skill: float = -0.08
    about_agent_share: float = 0.35
    disputed_share: float = 0.09
    disputed_per_skill: float = -0.06
    recovered_share: float = 0.62
    recovered_per_skill: float = 0.22
    wrong_record_share: float = 0.008
    reply_seconds: int = 1300
    complaint_reply_seconds: int = 800
    handle_hours: tuple[float, ...] = (2.0, 9.0, 7.0, 1.6, 12.0)
    due_hours: tuple[int, ...] = (9, 30, 28, 7, 44)
    speed_per_skill: float = 0.35

    # Contacts: share of tickets with an opening contact, with a later one, and contacts without a ticket.
    opening_contact_share: float = 0.84
    later_contact_share: float = 0.20
    loose_contact_share: float = 0.20
    mail_contact_share: float = 0.12
    response_seconds: tuple[int, ...] = (16, 700, 36)
    answered_share: float = 0.92
    answered_per_skill: float = 0.04
    outage_answered_share: float = 0.3
    bot_share: float = 0.12
    invalid_share: float = 0.015
    queue_abandoned_share: float = 0.12

    # Surveys.
    survey_share: float = 0.25
    second_survey_share: float = 0.03
    ticket_survey_share: float = 0.02
    nps_share: float = 0.06
    late_survey_share: float = 0.12
    best_score_share: float = 0.74
    best_score_per_skill: float = 0.16
    good_score_share: float = 0.19
    promoter_share: float = 0.48
    promoter_per_skill: float = 0.22
    passive_share: float = 0.30

    # Quality.
    reviews_per_day: int = 5
    deduction_share: float = 0.042
    deduction_per_skill: float = -0.036
    violation_share: float = 0.004
    violation_per_skill: float = -0.0036

    # Sales, per working day of a seller.
    leads_per_day: float = 0.8
    side_leads_per_day: float = 0.3
    won_share: float = 0.30
    won_per_skill: float = 0.14
    lost_share: float = 0.45
    required_fields: int = 8
    walk_in_orders_per_day: float = 0.35
    repurchase_share: float = 0.10
    repurchase_per_skill: float = 0.06
    target_percent: int = 92
    missing_target_share: float = 0.06

    # Ratings, recognition, rulings: per agent and month unless said otherwise.
    unrated_modulus: int = 29
    missing_rating_share: float = 0.015
    quarter_rating_share: float = 0.5
    collaboration_share: float = 0.35
    excellent_case_share: float = 0.22
    knowledge_article_share: float = 0.18
    extra_points_share: float = 0.12
    referral_share: float = 0.07
    improvement_share: float = 0.10
    internal_complaint_share: float = 0.08
    ruling_survey_share: float = 0.08
    ruling_ticket_share: float = 0.02
    ruling_row_modulus: int = 211

    # Rows that load and make no sense: at most one in this many, at least one in `nonsense_floor`.
    # The odd_* numbers are the remainders that mark such rows, one fault each.
    nonsense_modulus: int = 997
    nonsense_floor: int = 25
    odd_contact_future: int = 3
    odd_contact_unknown_agent: int = 5
    odd_ticket_solved_early: int = 7
    odd_ticket_replied_early: int = 11
    odd_ticket_future: int = 13
    odd_ticket_unknown_agent: int = 17
    odd_contact_responded_early: int = 19
    odd_survey_out_of_scale: int = 23


CENTRE = Centre()


def render(sql: str, **more: object) -> str:
    """Fill `{c.name}` with the centre's numbers (tuples as SQL lists) and `{name}` with those of `more`."""
    numbers = {field.name: getattr(CENTRE, field.name) for field in fields(CENTRE)}
    listed = {name: list(value) if isinstance(value, tuple) else value for name, value in numbers.items()}
    return sql.format(c=SimpleNamespace(**listed), **more)
