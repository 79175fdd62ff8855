"""Between messages of the contract and plain values; neither the database nor the operations are known here."""
