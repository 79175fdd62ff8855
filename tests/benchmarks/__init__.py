"""Measurements of the suite, each as a figure and as a ratio to something taken in the same run."""
