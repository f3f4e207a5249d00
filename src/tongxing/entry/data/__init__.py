"""Entry policies, one dated file each."""
