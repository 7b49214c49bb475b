//! A JSON scanner: it checks, finds and measures, and builds no tree.
