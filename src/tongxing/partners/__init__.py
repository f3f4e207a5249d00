"""What lies outside, behind interfaces: payment, short messages, identity."""
