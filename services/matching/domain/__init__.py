"""The matching domain owns records, keys, the model and the evidence: pure values and rules."""
