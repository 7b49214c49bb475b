//! What two ends agree on about compression, for tests that are not about the handshake.

use sansocket::http::Header;
use sansocket::http::Headers;
use sansocket::http::Request;
use sansocket::http::Version;
use sansocket::websocket::DeflateConfig;
use sansocket::websocket::PermessageDeflate;
use sansocket::websocket::handshake;

/// permessage-deflate, between a client that takes everything and a server that wants this.
pub fn deflate_agreed(config: &DeflateConfig) -> PermessageDeflate {
    let offer = "permessage-deflate; client_max_window_bits";
    let header = |name: &'static str, value: &'static str| Header {
        name: name.as_bytes(),
        value: value.as_bytes(),
    };
    let headers = [
        header("Host", "localhost"),
        header("Upgrade", "websocket"),
        header("Connection", "Upgrade"),
        header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        header("Sec-WebSocket-Version", "13"),
        header("Sec-WebSocket-Extensions", offer),
    ];
    let request = Request {
        method: "GET",
        target: "/",
        version: Version::Http11,
        headers: Headers::new(&headers),
    };
    let accepted = handshake::accept(&request, &[]).unwrap();
    *accepted
        .negotiate_deflate(&request, config)
        .deflate()
        .unwrap()
}
