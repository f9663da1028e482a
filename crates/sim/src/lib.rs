//! Deterministic world and reference interpreter. Never a dependency of anything.
