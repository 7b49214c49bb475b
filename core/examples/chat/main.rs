//! A chat server on nothing but the standard library: `cargo run --example chat -- --client DIST`.
//!
//! Everything that knows a protocol is in the core. What a host adds is in three files:
//!
//! - `threads.rs`: two threads per TCP connection, which carry bytes and know nothing else;
//! - `host.rs`: one thread that passes the bytes to the core and does what the core says;
//! - `chat.rs`: the application, with its page in `page.html`.
//!
//! `DIST` is the `dist` folder of the npm package `socket.io-client`, or the script itself: the page
//! loads the stock client from here. The variable `SOCKET_IO_CLIENT` says it too.

mod chat;
mod host;
mod threads;

use std::error::Error;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;

use crate::host::Host;

fn main() -> Result<(), Box<dyn Error>> {
    let (port, client) = options()?;
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    let port = listener.local_addr()?.port();
    let host = Host::new(client)?;
    eprintln!("The chat is at http://127.0.0.1:{port}/ (Ctrl-C ends it)");
    println!("LISTENING {port}");
    // The queue is short: when the host is behind, the readers wait, and TCP slows the clients down.
    let (to_host, news) = mpsc::sync_channel(256);
    thread::spawn(move || threads::accept(&listener, &to_host));
    host.run(&news);
    Ok(())
}

/// `--port P` and `--client PATH`, in any order.
fn options() -> Result<(u16, Option<PathBuf>), Box<dyn Error>> {
    let mut port = 8000;
    let mut client = std::env::var_os("SOCKET_IO_CLIENT").map(PathBuf::from);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or(format!("{name} needs a value"))?;
        match name.as_str() {
            "--port" => port = value.parse()?,
            "--client" => client = Some(value.into()),
            _ => return Err("usage: chat [--port P] [--client PATH]".into()),
        }
    }
    Ok((port, client))
}
