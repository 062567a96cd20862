"""Compare datasets of double programming: records by key, attributes, values within a tolerance, likely causes."""

from __future__ import annotations

from validation.compare.datasets import Comparison, Tolerance, compare_datasets
from validation.compare.folders import FolderComparison, compare_paths

__all__ = ["Comparison", "FolderComparison", "Tolerance", "compare_datasets", "compare_paths"]
