"""The suite: three gRPC services, their shared runtime, the command line and the local launcher."""
