"""The settlement day as people run it: nine steps, each of which can be stopped, killed and done
again, over folders in which members and bank lay their files.

The books decide what is done; folders are only where bytes come in and go out. Everything that a
step writes it can write again, the same.
"""

from tongxing.hub.running.desk import DayDesk
from tongxing.hub.running.folders import Folders
from tongxing.hub.running.status import DayStatus, StepStatus
from tongxing.hub.running.steps import ORDER, Step

__all__ = ["ORDER", "DayDesk", "DayStatus", "Folders", "Step", "StepStatus"]
