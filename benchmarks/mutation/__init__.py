"""Mutation score of the validation: planted defects and how many of them are found."""
