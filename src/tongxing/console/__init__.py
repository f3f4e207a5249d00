"""The console: the pages a finance officer, an operator and a curious newcomer open.

It reads the books of all houses and changes none. Pages are made by the server, in Chinese and
English, and need no script, no outside host and no build. Nothing here decides about fares or
money, and no SQL over a house's tables stands here.
"""

from tongxing.console.app import create_app

__all__ = ["create_app"]
