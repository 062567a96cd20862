"""The expression language of specifications: its tree, its functions, its truth table and its evaluation.

`specs.expressions.parse` makes an `Expression` from text; `evaluate` runs it over columns as vector operations.
"""

from __future__ import annotations

from spectrail.expressions import number_functions, text_functions  # noqa: F401  (they register themselves)
from spectrail.expressions.evaluate import evaluate
from spectrail.expressions.functions import FUNCTIONS, Function
from spectrail.expressions.nodes import Expression
from spectrail.expressions.truth import KINDS, METHODS, TRUTH, ValueKind

__all__ = ["FUNCTIONS", "KINDS", "METHODS", "TRUTH", "Expression", "Function", "ValueKind", "evaluate"]
