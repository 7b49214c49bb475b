//! The private module `sansocket._core`: names and conversions over the core, no decisions.
//!
//! Every call crosses once: arguments go in, and the outputs that became ready come back as a list
//! of plain tuples. The Python side owns the sockets, the event loop and the handlers.

use pyo3::prelude::*;

#[pymodule(gil_used = false)]
#[pyo3(name = "_core")]
mod core_module {
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
