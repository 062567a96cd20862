"""The operators of checks; importing this package registers all of them."""

import validation.core.operators.dates
import validation.core.operators.equality
import validation.core.operators.membership
import validation.core.operators.numbers
import validation.core.operators.order
import validation.core.operators.text
import validation.core.operators.uniqueness  # noqa: F401
