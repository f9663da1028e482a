//! The driver: owns time, threads and disk; runs partitions.
