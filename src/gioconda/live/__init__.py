"""Live: a face that answers while you speak. Sessions, a server, a page."""

from __future__ import annotations
