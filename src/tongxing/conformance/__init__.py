"""The kit for validators: plays the city and the passenger for anybody's device, and judges it.

A device is driven over its test port (`port`), hears a city that can misbehave (`city`, `serving`),
is shown real codes (`codes`) and real cards, and everything it sends is kept and checked (`books`).
The cases are data (`data/gate_cases.toml`); `playing/` plays them. Nothing here imports the gate or
the city, for it judges foreign devices by docs/device-protocol.md alone.
"""
