"""The simulated day as data: habits, shares, speeds, rhythms and rates of faults."""
