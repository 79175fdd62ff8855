"""The customers service: the record of a company's customers, its history, the merge forest and the change feed."""
