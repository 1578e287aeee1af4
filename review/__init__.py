"""Remembers: queue, decisions and the append-only log."""
