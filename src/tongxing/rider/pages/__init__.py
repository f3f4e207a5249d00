"""The pages, one module for each thing a passenger wants to do."""
