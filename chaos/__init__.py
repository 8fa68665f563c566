"""Proof that every reservation gets one meeting and every mail once, whatever is killed: `make chaos`. See docs/chaos.md."""
