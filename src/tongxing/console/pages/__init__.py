"""The pages, one module each: read a snapshot, make plain values, hand them to a template."""
