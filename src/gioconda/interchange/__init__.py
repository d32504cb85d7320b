"""Motion for other tools: Live Link Face tables, BVH and glTF.

:mod:`gioconda.motion_files` picks the format by a file's name; nothing here is needed to make or
show motion.
"""
