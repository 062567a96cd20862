"""Specification and written data to define.xml, and back."""
