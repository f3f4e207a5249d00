"""The kit for members: plays the clearing house for anybody's city, and judges it.

A member's system is driven over its test port (`port`) and hears a hub (`hub`, `serving`) that
keeps to docs/exchange-api.md, or breaks it in one way at a time. Everything it sends is looked at
(`looking`), and what it booked is held against what the hub knows. The cases are data
(`../data/member_cases.toml`); `playing` plays them.
"""
