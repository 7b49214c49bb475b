//! The harness that the test files of this crate share.
