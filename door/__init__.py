"""What stands behind ``x.py``: the environment, the browser for tests, checks, requirements.

Standard library only, for nothing is installed yet when this runs. It never touches money, taps or
anything else that Tongxing is about; it makes a place where the real command can run.
"""
