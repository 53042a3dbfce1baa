"""Starts the bot as `nohup` does, which ignores SIGHUP on its behalf."""

import signal
import sys

from bot.__main__ import main
from tests.timing import QUICK_PROCESS

if __name__ == "__main__":
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    sys.exit(main(sys.argv[1:], timing=QUICK_PROCESS))
