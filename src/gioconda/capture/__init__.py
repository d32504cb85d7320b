"""From a video of a person to the motion of their face and head."""
