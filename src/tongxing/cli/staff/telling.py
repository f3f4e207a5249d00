"""What the commands of `tongxing staff` share: under whose name they act, and how they tell."""

from tongxing.city.staffing import Staff

BY = "cli"
"""Under whose name the command line notes what it did."""


def told(staff: Staff) -> dict[str, object]:
    """One of the staff for a program."""
    roles = list(staff.roles)
    whole: dict[str, object] = {"staff": staff.staff_id, "name": staff.name, "roles": roles}
    return whole | {"place": staff.place, "left": staff.has_left}
