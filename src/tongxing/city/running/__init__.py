"""A city's business day as people run it: nine steps, each of which can be stopped, killed and done
again.

The books decide what is done. Whatever a step does it can do again, and the money is the same.
"""

from tongxing.city.running.desk import CityDayDesk, DayHouse
from tongxing.city.running.looking import DayView
from tongxing.city.running.status import DayStatus, StepStatus
from tongxing.city.running.steps import ORDER, Step

__all__ = ["ORDER", "CityDayDesk", "DayHouse", "DayStatus", "DayView", "Step", "StepStatus"]
