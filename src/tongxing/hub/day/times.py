"""The times of a worked day: China's wall clock as text, and back."""

from datetime import datetime

from tongxing.kernel.clock import CHINA, instant, local


def seconds(text: str) -> int:
    """The instant of ``2026-03-17T08:21:10`` in China. Raises ValueError for no such time."""
    return instant(datetime.fromisoformat(text).replace(tzinfo=CHINA))


def written(time_s: int) -> str:
    """An instant as the file writes it."""
    return local(time_s).strftime("%Y-%m-%dT%H:%M:%S")
