"""LangSmith: suites as datasets, runs as experiments, and evaluators. Nothing here is used unless a key is set."""
