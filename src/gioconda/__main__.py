"""``python -m gioconda``."""

from gioconda.cli import main

main()
