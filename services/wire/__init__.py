"""Wire owns what all callers have in common on a channel: backend services, the command, services among themselves."""
