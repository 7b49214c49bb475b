//! The composite: one machine over the three protocols.
