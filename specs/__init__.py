"""The specification: what is to be built and how, as metadata only."""
