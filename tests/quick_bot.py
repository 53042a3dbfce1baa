"""Starts the bot as `python -m bot` does, with quick periods."""

import sys

from bot.__main__ import main
from tests.timing import QUICK_PROCESS

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], timing=QUICK_PROCESS))
