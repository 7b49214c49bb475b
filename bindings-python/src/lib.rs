//! The private module `sansocket._core`: names and conversions over the core, no decisions.
//!
//! Every call crosses once: arguments go in, and the outputs that became ready come back as a list
//! of plain tuples. The Python side owns the sockets, the event loop and the handlers.

mod clock;
mod config;
mod convert;
mod handshake;
mod kinds;
mod output;
mod server;
mod websocket;

use pyo3::prelude::*;

#[pymodule(gil_used = false)]
#[pyo3(name = "_core")]
mod core_module {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::convert::check_json;
    #[pymodule_export]
    use crate::handshake::Upgrade;
    #[pymodule_export]
    use crate::handshake::response_head;
    #[pymodule_export]
    use crate::server::Server;
    #[pymodule_export]
    use crate::websocket::WebSocket;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let py = module.py();
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add("UsageError", py.get_type::<crate::convert::UsageError>())?;
        module.add("GoneError", py.get_type::<crate::convert::GoneError>())?;
        for (name, number) in crate::kinds::ALL {
            module.add(*name, *number)?;
        }
        Ok(())
    }
}
