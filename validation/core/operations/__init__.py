"""The operations that give `$id` columns; importing this package registers all of them."""

import validation.core.operations.counts
import validation.core.operations.datasets
import validation.core.operations.dates
import validation.core.operations.library
import validation.core.operations.values  # noqa: F401
