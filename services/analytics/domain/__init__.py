"""Values and rules of sales and figures: pure, no clock, no SQL, no gRPC."""
