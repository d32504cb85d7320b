"""WebRTC: a session's picture and sound to browsers and players, by aiortc."""
