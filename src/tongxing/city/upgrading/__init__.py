"""The upgrade service: media linked to a holder for entry checks, by many channels."""
