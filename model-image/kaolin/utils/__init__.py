"""See `kaolin`."""
