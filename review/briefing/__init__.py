"""What a manager reads: figures by named queries over our own rows, kept for each day, and the sentences they bear out."""
