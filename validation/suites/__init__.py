"""Expectation suites: generated from specification and standards, run on columns, published."""
