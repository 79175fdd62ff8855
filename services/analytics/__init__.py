"""The analytics service: what customers bought, who comes back, and the figures of the company."""
