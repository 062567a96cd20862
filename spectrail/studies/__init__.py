"""Packaged example studies."""
