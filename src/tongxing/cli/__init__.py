"""The `tongxing` command: the only room that reads arguments, prints, and chooses exit codes.

A command lives in a module of its own beside this file (``network.py`` is ``tongxing network``) and
offers it as ``command``, made with the decorators of `shell`. It is imported only when it is
called. Its help and its words stand in ``texts/<module>.toml``; nothing is said in code. A command
returns None or its exit code and lets `Problem` rise: `app` turns that into one clear line.
Nothing may import this room.
"""

from tongxing.cli.app import main, run

__all__ = ["main", "run"]
