"""Reads the world, and can only read."""
