"""Measurements that a person runs; nothing in the product imports them."""
