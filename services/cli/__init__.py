"""The command line owns `patronage`: what people type, and what they read."""
