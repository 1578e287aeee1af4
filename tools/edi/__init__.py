"""Business documents in X12, EDIFACT and UBL: what they state, in one shape."""
