"""The pages of staff: the counter and the station machine."""
