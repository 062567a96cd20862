"""Whether datasets are right: suites, rules, compare, reports."""
