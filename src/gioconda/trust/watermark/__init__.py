"""An invisible watermark in every frame: a public mark, and an operator's identifier."""
