"""Our layer over discord.py's interactions; knows no feature."""
