"""The server: HTTP, WebSocket and WebRTC around live sessions, and what keeps it safe."""

from __future__ import annotations
