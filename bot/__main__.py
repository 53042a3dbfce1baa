"""`python -m bot` runs the bot; `check` checks its settings; `sandbox` tries it out.

`new-key` prints a new key for CREDENTIALS_KEY.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if not __package__:  # as `python bot` or `python bot/__main__.py`, which look for modules in there
    sys.path[0] = str(ROOT)

gc.disable()  # what is loaded stays for good, and looking through it takes a while

from bot import EX_CONFIG, __version__

if sys.version_info < (3, 11):  # noqa: UP036 - on which the other imports fail
    print("Callnote needs Python 3.11, 3.12 or 3.13.", file=sys.stderr)
    sys.exit(EX_CONFIG)
try:
    from bot.app.lifecycle import run
    from bot.app.logging import log_the_uncaught, set_up_logging, survive_code_pages
    from bot.app.monitoring import error_reports
    from bot.app.texts import CANNOT_START
    from bot.config import Config
    from bot.environment import ConfigError, environment
    from bot.timing import Timing
except ModuleNotFoundError as error:
    if (error.name or "bot").partition(".")[0] in ("bot", "cogs"):
        raise
    print(
        f"The package {error.name} is not installed for {sys.executable}: start Callnote with the "
        "Python of its virtual environment, or install the packages: python -m pip install -r "
        "requirements.txt",
        file=sys.stderr,
    )
    sys.exit(EX_CONFIG)

gc.freeze()
gc.enable()

EX_USAGE = 64  # the exit status for a command line that is not understood (BSD sysexits)

USAGE = """\
usage: python -m bot [check | new-key | sandbox | --version]

  (nothing)  run the bot
  check      see whether the settings, Discord, the CAD and the database are all right
  new-key    print a new key for CREDENTIALS_KEY
  sandbox    try the bot out against simulators of Discord and the CAD
  --version  print the version"""
NOT_UNDERSTOOD = "This command line is not understood; choose one of these:"


def main(arguments: list[str], *, timing: Timing = Timing()) -> int:
    """Do what the command line asks; returns the exit status.

    64 for a command line that is not understood and 78 for settings that cannot be used, with the
    reason on standard error; 1 when a check finds something wrong.
    """
    survive_code_pages()
    if arguments == ["sandbox"]:
        from bot.sandbox import shell  # the simulators cost memory that the bot does without

        return shell.main()
    if arguments == ["new-key"]:
        from bot.communities.sealing import new_key

        print(new_key())
        return 0
    if arguments in (["-h"], ["--help"]):
        print(USAGE)
        return 0
    if arguments == ["--version"]:
        print(f"Callnote {__version__}")
        return 0
    if arguments not in ([], ["check"]):
        print(NOT_UNDERSTOOD, USAGE, sep="\n", file=sys.stderr)
        return EX_USAGE
    set_up_logging(logging.WARNING, (), stream=sys.stderr)
    log_the_uncaught()
    try:
        folder = _folder()
        config = Config.from_mapping(environment(folder), folder)
    except ConfigError as error:
        print(CANNOT_START, file=sys.stderr)
        for problem in error.problems:
            print(f"  {problem}", file=sys.stderr)
        return EX_CONFIG
    if arguments == ["check"]:
        from bot.app.check import check

        set_up_logging(logging.CRITICAL, config.secrets, stream=sys.stderr)
        return asyncio.run(check(config))
    set_up_logging(config.log_level, config.secrets, as_json=config.log_json)
    with error_reports(config, timing):
        return asyncio.run(run(config, timing=timing))


def _folder() -> Path:
    """Return the folder with the settings' file: the working directory, or else Callnote's own.

    Raises `ConfigError` if the working directory was deleted.
    """
    try:
        here = Path.cwd()
    except OSError:
        raise ConfigError(["the working directory: is gone; start Callnote in another"]) from None
    elsewhere = not __package__ and not (here / ".env").exists() and (ROOT / ".env").exists()
    return ROOT if elsewhere else here


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
