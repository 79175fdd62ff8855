"""The gRPC services of customers, one file each: translate in, run the operation in a transaction, translate out."""
