-- A quotient of whole numbers, half away from zero; a decimal as a count of millionths, and back.
create macro whole_quotient(n, d) as case when n < 0 then -1 else 1 end
    * ((abs(cast(n as hugeint)) * 2 + cast(d as hugeint)) // (2 * cast(d as hugeint)));
create macro millionths(n) as cast(cast(n as decimal(31, 6)) * 1000000 as hugeint);
create macro from_millionths(n) as cast(n as decimal(31, 0)) * cast(0.000001 as decimal(7, 6));
create macro exact_ratio(n, d) as
    case when d > 0 then from_millionths(whole_quotient(millionths(n), d)) end;

-- The cents of a product of millionths and hundred-millionths, by days.
create macro cents(n, days) as
    cast(whole_quotient(n, 1000000000000 * days) as decimal(30, 0)) * cast(0.01 as decimal(7, 2));

-- n / d, n in millionths, is compared by cross-multiplication (S-EXACT).
create macro is_in_band(n, d, low, high, is_upper, is_first) as case
    when is_upper
        then (is_first or n > millionths(low) * d) and coalesce(n <= millionths(high) * d, true)
    else n >= millionths(low) * d and coalesce(n < millionths(high) * d, true) end;

create macro is_own(plan, own_role, held, held_role) as
    plan = held and (own_role = '*' or own_role = held_role);
create macro maturity_of(is_final) as case when is_final then 'final' else 'provisional' end;

-- The number that one of the rules sets.
create macro number_of(parameter, value, name) as
    cast(max(value) filter (parameter = name) as decimal(18, 6));
