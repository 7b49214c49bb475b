//! Packets are read or refused, what is read can be written again, and a decoder makes the same of a
//! packet as the function does.

use sansocket::json;
use sansocket::socketio::Config;
use sansocket::socketio::Decoder;
use sansocket::socketio::Packet;
use sansocket::socketio::PacketKind;
use sansocket::socketio::decode;
use sansocket::socketio::encode;
use sansocket::socketio::normalize;

/// Messages, line by line: a line that starts with `b` is binary, any other a text.
pub fn target(data: &[u8]) {
    let config = Config::default();
    for mut decoder in [Decoder::new(&config), Decoder::for_client(&config)] {
        for line in data.split(|byte| *byte == b'\n') {
            let decoded = match line {
                [b'b', bytes @ ..] => decoder.handle_binary(bytes),
                text => match std::str::from_utf8(text) {
                    Ok(text) => decoder.handle_text(text, |_| true),
                    Err(_) => continue,
                },
            };
            match decoded {
                Ok(Some(decoded)) => {
                    assert_eq!(
                        decoded.attachments.len(),
                        decoded.packet.attachments as usize
                    );
                    is_sound(&decoded.packet, &config);
                }
                Ok(None) => {}
                Err(_) => decoder.reset(),
            }
        }
    }
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(packet) = decode(text, &config) {
        is_sound(&packet, &config);
    }
    if let Ok(name) = normalize(text, &config) {
        assert!(name.starts_with('/') && name.len() <= config.max_namespace_length);
        assert_eq!(normalize(&name, &config).as_deref(), Ok(&*name));
    }
}

fn is_sound(packet: &Packet<'_>, config: &Config) {
    assert!(packet.namespace.starts_with('/'));
    assert!(packet.namespace.len() <= config.max_namespace_length);
    assert!(packet.attachments <= config.max_attachments);
    assert!(packet.data.is_empty() || json::check(packet.data).is_ok());
    let is_event = matches!(packet.kind, PacketKind::Event | PacketKind::BinaryEvent);
    assert_eq!(packet.event_name().is_some(), is_event);
    let attachments = packet.attachments as usize;
    let mut written = Vec::new();
    match packet.kind {
        PacketKind::Event | PacketKind::BinaryEvent => {
            encode::event(
                &mut written,
                packet.namespace,
                packet.id,
                packet.data,
                attachments,
            );
        }
        PacketKind::Ack | PacketKind::BinaryAck => {
            let id = packet.id.expect("an acknowledgement has an id");
            encode::ack(&mut written, packet.namespace, id, packet.data, attachments);
        }
        PacketKind::Disconnect => encode::disconnect(&mut written, packet.namespace),
        PacketKind::Connect => encode::connect_request(&mut written, packet.namespace, packet.data),
        PacketKind::ConnectError => {
            encode::connect_error(&mut written, packet.namespace, packet.data);
        }
    }
    let written = std::str::from_utf8(&written).unwrap();
    // A client's decoder has rules of its own for two of the kinds.
    if matches!(packet.kind, PacketKind::Connect | PacketKind::ConnectError) {
        return;
    }
    let again = decode(written, config).expect("what was read is written so that it can be read");
    assert_eq!((again.kind, again.id), (packet.kind, packet.id));
    assert_eq!(
        (again.namespace, again.data),
        (packet.namespace, packet.data)
    );
}
