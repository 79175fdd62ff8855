"""The servicers own matching's RPCs: translate in, call, translate out."""
