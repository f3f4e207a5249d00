"""What the sandbox plays by: retries of notices and made-up people, as data."""
