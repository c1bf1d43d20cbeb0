-- Reproducible chance: draws are pure integer functions of seed, stream, row and purpose.
--
-- DuckDB's `random()` depends on threads and `hash()` on the version, so neither is used. A row key is a 32-bit
-- mix (xor-shift and multiply rounds) of seed, stream and row number; each draw mixes the key with its purpose's
-- name. Sums and products of draws replace logarithms and powers, whose last bit differs between machines.
create macro salt(name) as (md5_number_lower(name) & 4294967295)::ubigint;
create macro stir(x) as (xor(x, x >> 16) * 2146121005::ubigint) & 4294967295::ubigint;
create macro mix(x) as (xor(stir(x), stir(x) >> 15) * 2221713035::ubigint) & 4294967295::ubigint;

-- key(stream, n): the row key of row n >= 0 of a stream.
create macro key(stream, n) as
    mix(xor((n::ubigint + salt(stream)) & 4294967295::ubigint, {seed}::ubigint));

-- u(k, purpose): uniform in [0, 1). pick(k, purpose, n): uniform integer in 0 ... n - 1.
create macro u(k, purpose) as mix(xor(k, salt(purpose)))::double / 4294967296.0;
create macro pick(k, purpose, n) as floor(u(k, purpose) * n)::bigint;

-- z(k, purpose): nearly normal, mean 0, deviation 1, within +-3.5.
create macro z(k, purpose) as
    (u(k, purpose || '/1') + u(k, purpose || '/2') + u(k, purpose || '/3')
        + u(k, purpose || '/4') - 2)
    * 1.7320508;

-- For shapes of distributions.
create macro squared(x) as x * x;
create macro eighth(x) as squared(squared(squared(x)));
create macro tenth(x) as eighth(x) * squared(x);
create macro twelfth(x) as tenth(x) * squared(x);

-- one_of(k, purpose, list): a member of a constant list.
create macro one_of(k, purpose, list) as list[1 + pick(k, purpose, len(list))];

-- clamp(x): x within [-1, 1].
create macro clamp(x) as greatest(-1.0, least(1.0, x));

-- is_odd(row_no, remainder): whether the row is one of the few that make no sense.
create macro is_odd(row_no, remainder) as row_no % getvariable('odd_modulus') = remainder;

-- code(prefix, n, width): an identifier such as A0042.
create macro code(prefix, n, width) as prefix || lpad(n::varchar, width, '0');

-- Local wall-clock times are kept as whole seconds since 1970-01-01 00:00 local.
create macro seconds_of(day) as epoch(day::timestamp)::bigint;
create macro month_of(s) as strftime(make_timestamp(s * 1000000), '%Y-%m');
