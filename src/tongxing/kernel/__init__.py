"""What every room may use: fen, time, ids, reasons, splits. Imports no room, does no I/O."""
