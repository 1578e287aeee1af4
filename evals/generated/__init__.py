"""Suites that are made by a command: stress from another suite, abstention, and robustness of reading."""
