"""Content Credentials: who made a file with what, signed."""
