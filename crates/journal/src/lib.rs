//! Ordered durable bytes per partition, fenced by epoch.
