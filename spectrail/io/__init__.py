"""Readers and writers of dataset files."""
