"""The pages of staff, one module for each thing a passenger comes with."""
