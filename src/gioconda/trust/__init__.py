"""Trust: every frame marked, every file signed, every portrait animated on a stated basis.

``watermark/`` marks frames and finds marks; ``credentials/`` signs files and reads what they say;
``consent/`` keeps the ledger of who may be animated; ``verify/`` tells what can be known of a file
from anywhere. Everything works offline and there is no switch that turns marking off. What is
promised, and what is not: ``docs/trust.md``.
"""
