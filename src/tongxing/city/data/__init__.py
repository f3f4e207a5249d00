"""The city's dated data: numbers of half trips, and the grid by which staff correct them."""
