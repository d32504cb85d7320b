"""Measures the watermark: what it survives, how visible it is, and how often chance shows it."""
