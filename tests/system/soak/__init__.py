"""Random lives of companies over the real services, checked after each step against a simple model in memory."""
