"""The monitor as a service: what it tells the service manager, the journal, and who measures it."""
