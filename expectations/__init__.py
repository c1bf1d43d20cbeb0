"""Great Expectations suites and bounds; the only package that imports great_expectations."""
