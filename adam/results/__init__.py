"""Statistics of analysis datasets, as machine-readable rows."""
