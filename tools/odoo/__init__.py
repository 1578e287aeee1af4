"""Live Odoo servers, read through one allow-list: `connect` gives a `RecordReader` over either of two protocols."""
