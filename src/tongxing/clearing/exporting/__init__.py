"""From a living hub's books to a directory that `hub clear` clears: rules, rows, and what is apart.

`rows` says what a record is as a row, `stated` what the rules of the export say of it, `staging`
streams the books through both, `tables` and `documents` write, `desk` puts it all together and
`comparing` lays what was cleared beside what the hub settled. docs/clearing.md is its page.
"""

from tongxing.clearing.exporting.comparing import Compared, Difference, compare
from tongxing.clearing.exporting.desk import ExportDesk, Exported
from tongxing.clearing.exporting.moment import Asked

__all__ = ["Asked", "Compared", "Difference", "ExportDesk", "Exported", "compare"]
