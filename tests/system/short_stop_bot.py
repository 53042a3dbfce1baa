"""Starts the bot as `python -m bot` does, with little time for its stop."""

import sys

from bot.__main__ import main
from bot.timing import Timing

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], timing=Timing(longest_stop=0.5)))
