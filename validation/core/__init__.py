"""Conformance rules in the CDISC CORE language: loaded, compiled and run on columns."""
