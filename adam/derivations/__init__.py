"""Derivations; importing this package registers all of them on `adam.catalog.DERIVATIONS`."""
