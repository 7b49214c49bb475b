//! The settings of a server as JavaScript passes them, with the core's own defaults.
