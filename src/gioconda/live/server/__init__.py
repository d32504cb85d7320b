"""The server of ``gioconda serve``: routes over sessions, portraits and jobs."""
