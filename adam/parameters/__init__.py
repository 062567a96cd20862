"""Parameters: response, MRD, time to event; importing this package registers their rules."""
