"""Consent: a portrait is animated on a stated basis, kept in a local ledger."""
