"""Time to event: declared sources of events and censoring, the earliest event or the latest censoring wins.

(A colleague is writing this module, `recovery` and `adam/results` now; see the last commits.)
"""
