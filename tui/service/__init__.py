"""The monitor as a service, without a screen: what it tells the service manager, the journal and who measures it."""
