"""The follower owns how matching hears of what happens in customers."""
