"""A worked clearing day: read from a file, run through the hub's own functions, and compared with
what the file expects, verdict by verdict and fen by fen. Nothing is decided here: admission,
pairing, liability, fees, netting, journals and payments are those of the hub.
"""

from tongxing.hub.day.comparing import Comparison, Difference, compare
from tongxing.hub.day.model import WorkedDay
from tongxing.hub.day.reading import read_day
from tongxing.hub.day.results import outcome_of_day

__all__ = ["Comparison", "Difference", "WorkedDay", "compare", "outcome_of_day", "read_day"]
