"""The gRPC services of analytics, one file each."""
