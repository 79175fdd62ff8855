"""Values and rules of customer records: pure, no gRPC, no SQL, no clock."""
