//! placeholder
use pyo3::prelude::*;
#[pyclass(frozen, module = "sansocket._core")]
pub(crate) struct Server {}
