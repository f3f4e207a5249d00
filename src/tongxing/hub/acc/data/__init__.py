"""Parameters of the metro split and the operators' agreements on abnormal trips, as dated data."""
