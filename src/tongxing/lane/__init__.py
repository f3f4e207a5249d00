"""The screen of a lane: what a gate shows and says, and a camera that reads codes."""
