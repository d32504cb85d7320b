"""The mesh renderer: a portrait as a layered 2.5D sheet, drawn on one CPU core."""
