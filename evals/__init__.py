"""The same agent over labelled sets."""
