"""Data queries: what a build found that data management has to answer.

(A colleague is writing this module, its exports, and the scoring against the truth log now; see the last commits.)
"""
