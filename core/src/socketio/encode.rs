//! From packets to text: each function appends one packet to `out`, which may hold a header already.
//!
//! Payloads are ready JSON text, with `{"_placeholder":true,"num":N}` where attachment N belongs;
//! the attachments themselves follow as binary messages. `namespace` is a name as
//! [`normalize`](super::normalize) returns it.
//!
//! ```
//! use sansocket::socketio::encode;
//!
//! let mut out = Vec::new();
//! encode::event(&mut out, "/admin", Some(12), r#"["hello",1]"#, 0);
//! assert_eq!(out, br#"2/admin,12["hello",1]"#);
//! ```

use alloc::vec::Vec;

use super::packet::PacketKind;
use crate::json;

/// An event. `data` is the JSON array of its name and arguments; `id` asks for an answer.
pub fn event(out: &mut Vec<u8>, namespace: &str, id: Option<u64>, data: &str, attachments: usize) {
    let kind = match attachments {
        0 => PacketKind::Event,
        _ => PacketKind::BinaryEvent,
    };
    packet(out, kind, namespace, id, data, attachments);
}

/// The answer to the event that came with `id`. `data` is the JSON array of its arguments.
pub fn ack(out: &mut Vec<u8>, namespace: &str, id: u64, data: &str, attachments: usize) {
    let kind = match attachments {
        0 => PacketKind::Ack,
        _ => PacketKind::BinaryAck,
    };
    packet(out, kind, namespace, Some(id), data, attachments);
}

/// Grants a namespace: the socket's id and, when its state can be recovered, the private id for
/// that.
pub fn connect(out: &mut Vec<u8>, namespace: &str, sid: &str, pid: Option<&str>) {
    packet(out, PacketKind::Connect, namespace, None, "{\"sid\":", 0);
    json_string(out, sid);
    if let Some(pid) = pid {
        out.extend_from_slice(b",\"pid\":");
        json_string(out, pid);
    }
    out.push(b'}');
}

/// Asks for a namespace, as a client. `data` is a JSON object, or empty.
pub fn connect_request(out: &mut Vec<u8>, namespace: &str, data: &str) {
    packet(out, PacketKind::Connect, namespace, None, data, 0);
}

/// Refuses a namespace. `data` is a JSON object with a `message`, or for clients of protocol 4 a
/// JSON string.
pub fn connect_error(out: &mut Vec<u8>, namespace: &str, data: &str) {
    packet(out, PacketKind::ConnectError, namespace, None, data, 0);
}

/// Leaves a namespace.
pub fn disconnect(out: &mut Vec<u8>, namespace: &str) {
    packet(out, PacketKind::Disconnect, namespace, None, "", 0);
}

/// `<packet type>[<# of binary attachments>-][<namespace>,][<acknowledgment id>][payload]`
fn packet(
    out: &mut Vec<u8>,
    kind: PacketKind,
    namespace: &str,
    id: Option<u64>,
    data: &str,
    attachments: usize,
) {
    out.reserve(2 * MAX_DIGITS + 3 + namespace.len() + data.len());
    out.push(kind.digit());
    if kind.is_binary() {
        number(out, attachments as u64);
        out.push(b'-');
    }
    // "the namespace is only included if it is different from the main namespace"
    if namespace != "/" {
        out.extend_from_slice(namespace.as_bytes());
        out.push(b',');
    }
    if let Some(id) = id {
        number(out, id);
    }
    out.extend_from_slice(data.as_bytes());
}

fn number(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; MAX_DIGITS];
    let mut length = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        length += 1;
        if number == 0 {
            break;
        }
    }
    let (_, digits) = digits.split_at(MAX_DIGITS - length);
    out.extend_from_slice(digits);
}

fn json_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for piece in json::escape(text) {
        out.extend_from_slice(piece.as_bytes());
    }
    out.push(b'"');
}

/// Of 2^64 - 1.
const MAX_DIGITS: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socketio::Config;
    use crate::socketio::Packet;
    use crate::socketio::decode;
    use alloc::string::String;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    /// The examples of the specification, "Packet encoding".
    #[test]
    fn all_kinds_are_written_as_the_specification_shows() {
        let one = "[\"baz\",{\"_placeholder\":true,\"num\":0}]";
        for (written, expected) in [
            (text(|out| connect_request(out, "/", "")), "0"),
            (
                text(|out| connect_request(out, "/admin", "{\"a\":1}")),
                "0/admin,{\"a\":1}",
            ),
            (
                text(|out| connect(out, "/", "wZX3", None)),
                "0{\"sid\":\"wZX3\"}",
            ),
            (
                text(|out| connect(out, "/admin", "oSO0", Some("p\"1"))),
                "0/admin,{\"sid\":\"oSO0\",\"pid\":\"p\\\"1\"}",
            ),
            (text(|out| disconnect(out, "/")), "1"),
            (text(|out| disconnect(out, "/admin")), "1/admin,"),
            (
                text(|out| event(out, "/", None, "[\"foo\"]", 0)),
                "2[\"foo\"]",
            ),
            (
                text(|out| event(out, "/admin", None, "[\"bar\"]", 0)),
                "2/admin,[\"bar\"]",
            ),
            (
                text(|out| event(out, "/", Some(12), "[\"foo\"]", 0)),
                "212[\"foo\"]",
            ),
            (
                text(|out| event(out, "/", Some(0), "[\"foo\"]", 0)),
                "20[\"foo\"]",
            ),
            (
                text(|out| ack(out, "/admin", 13, "[\"bar\"]", 0)),
                "3/admin,13[\"bar\"]",
            ),
            (
                text(|out| connect_error(out, "/", "{\"message\":\"Not authorized\"}")),
                "4{\"message\":\"Not authorized\"}",
            ),
            (
                text(|out| event(out, "/", None, one, 1)),
                "51-[\"baz\",{\"_placeholder\":true,\"num\":0}]",
            ),
            (
                text(|out| ack(out, "/", 15, one, 1)),
                "61-15[\"baz\",{\"_placeholder\":true,\"num\":0}]",
            ),
            (
                text(|out| event(out, "/a", Some(7), one, 1)),
                "51-/a,7[\"baz\",{\"_placeholder\":true,\"num\":0}]",
            ),
            (
                text(|out| event(out, "/", Some(u64::MAX), "[]", 0)),
                "218446744073709551615[]",
            ),
        ] {
            assert_eq!(written, expected);
        }
    }

    #[test]
    fn a_header_that_is_there_already_stays() {
        let mut out = b"4".to_vec();
        event(&mut out, "/", None, "[\"a\"]", 0);
        assert_eq!(out, b"42[\"a\"]");
    }

    #[test]
    fn what_is_written_is_read_back() {
        let written = text(|out| event(out, "/chat", Some(9_007_199_254_740_991), "[\"a\",{}]", 0));
        assert_eq!(
            decode(&written, &Config::default()),
            Ok(Packet {
                kind: PacketKind::Event,
                namespace: "/chat",
                query: "",
                id: Some(9_007_199_254_740_991),
                attachments: 0,
                data: "[\"a\",{}]",
            })
        );
    }
}
