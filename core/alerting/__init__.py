"""Alerting: rules, states, escalation, and delivery to people."""
