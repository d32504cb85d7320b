"""Processes that host sessions, and what the server sees of them."""
