"""Pictures of evidence and accuracy: drawn as SVG, shown on one page of HTML that needs nothing else."""
