"""Who works at counters and station machines, what they may do, and what they did."""

from tongxing.city.staffing.desk import Staff, StaffDesk, StaffSignedIn
from tongxing.city.staffing.terms import ROLES, Role, StaffTerms, staff_terms

__all__ = ["ROLES", "Role", "Staff", "StaffDesk", "StaffSignedIn", "StaffTerms", "staff_terms"]
