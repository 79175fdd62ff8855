"""Money owns what currencies there are and what an amount of one is; customers and analytics read amounts alike."""
