"""Runs that can be kept, compared and gated on: suites, the run file, and what is concluded from it."""
