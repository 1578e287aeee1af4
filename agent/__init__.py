"""Thinks: one message in, proposals out; no input or output but the tools handed to it."""
