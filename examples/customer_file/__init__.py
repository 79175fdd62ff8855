"""The example customers: who they are, how a second record of one differs, and how each is written down."""
