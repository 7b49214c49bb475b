//! Own and shared messages on one connection, in any order, for every window and level.

use super::reference::Reference;
use super::*;
use crate::websocket::frame;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Own(Content),
    /// To every connection, or only to the even ones.
    Shared(Content, bool),
    Release,
}

/// A message that repeats what was said at any distance, so that windows matter.
#[derive(Clone, Debug)]
struct Content {
    parts: Vec<(usize, usize, u8)>,
}

impl Content {
    /// Each part is copied from `distance` back, or made of new bytes.
    fn bytes(&self, said: &[u8]) -> Vec<u8> {
        let mut all = said.to_vec();
        for (distance, len, salt) in &self.parts {
            for at in 0..*len {
                let byte = match all.len().checked_sub(*distance) {
                    Some(from) if *distance > 0 => all[from],
                    _ => (at as u8).wrapping_mul(37) ^ salt.wrapping_mul(at as u8 | 1),
                };
                all.push(byte);
            }
        }
        all.split_off(said.len())
    }
}

fn content() -> impl Strategy<Value = Content> {
    let near = prop_oneof![
        0_usize..600,
        0_usize..40_000,
        (8_u32..16, 0_usize..600)
            .prop_map(|(bits, offset)| ((1_usize << bits) + 300).saturating_sub(offset))
    ];
    let part = (
        near,
        prop_oneof![0_usize..40, 0_usize..400, 1_000_usize..9_000],
        any::<u8>(),
    );
    prop::collection::vec(part, 0..6).prop_map(|parts| Content { parts })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => content().prop_map(Step::Own),
        6 => (content(), any::<bool>()).prop_map(|(content, all)| Step::Shared(content, all)),
        1 => Just(Step::Release),
    ]
}

/// A server's end, a peer that only reads RFC 1951, and a peer of this crate.
struct Link {
    server: Connection,
    reference: Reference,
    client: Connection,
}

impl Link {
    fn new(bits: u8, context_takeover: bool, level: u8) -> Self {
        let config = DeflateConfig {
            server_no_context_takeover: !context_takeover,
            server_max_window_bits: WindowBits::new(bits).unwrap(),
            level: DeflateLevel::new(level).unwrap(),
            max_ratio: u32::MAX,
            ..EAGER
        };
        Self {
            server: server(&config),
            reference: Reference::new(1 << bits, context_takeover),
            client: client(&config),
        }
    }

    /// Both peers get these frames, and have to hear this message.
    fn hear(&mut self, frames: &[u8], expected: &[u8]) {
        let (header, payload_at) =
            frame::Header::parse(frames, Role::Server, frame::Rsv1::Compressed)
                .unwrap()
                .unwrap();
        let payload = &frames[payload_at..];
        assert_eq!(payload.len() as u64, header.payload_len);
        if header.compressed {
            assert!(self.reference.inflate(payload) == expected);
        } else {
            assert!(payload == expected);
        }
        let (messages, failure) = receive(&mut self.client, frames);
        assert_eq!(failure, None);
        assert!(messages == [expected]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn every_peer_understands_own_and_shared_messages(
        links in prop::collection::vec((8_u8..=15, any::<bool>(), 1_u8..=9), 1..4),
        level in 1_u8..=9,
        steps in prop::collection::vec(step(), 1..12),
    ) {
        let mut links: Vec<Link> = links
            .into_iter()
            .map(|(bits, takeover, level)| Link::new(bits, takeover, level))
            .collect();
        let mut compressor = Compressor::new(DeflateLevel::new(level).unwrap());
        let mut said = Vec::new();
        for step in &steps {
            match step {
                Step::Own(content) => {
                    let message = content.bytes(&said);
                    for link in &mut links {
                        link.server.send(Message::Binary(&message)).unwrap();
                        let frames = link.server.poll_transmit().unwrap();
                        link.hear(&frames, &message);
                    }
                    said.extend(message);
                }
                Step::Shared(content, all) => {
                    let message = content.bytes(&said);
                    let mut shared = compressor.share(Message::Binary(&message));
                    for link in links.iter_mut().step_by(if *all { 1 } else { 2 }) {
                        let frame = link.server.send_shared(&mut shared).unwrap().unwrap();
                        link.hear(&frame, &message);
                    }
                    said.extend(message);
                }
                Step::Release => links.iter_mut().for_each(|link| link.server.release_compressor()),
            }
        }
    }
}

#[test]
fn one_buffer_serves_every_connection() {
    let text = "a message with a message in it ".repeat(8);
    let mut compressor = Compressor::new(DeflateLevel::DEFAULT);
    let mut shared = compressor.share(Message::Text(&text));
    // It fits into the smallest of these windows, so they need not be told apart.
    let frames: Vec<_> = [(8, true), (9, false), (15, true)]
        .map(|(bits, takeover)| Link::new(bits, takeover, 6))
        .iter_mut()
        .map(|link| link.server.send_shared(&mut shared).unwrap().unwrap())
        .collect();
    assert!(
        frames
            .iter()
            .all(|frame| frame.as_ptr() == frames[0].as_ptr())
    );
    assert!(frames[0].len() < text.len() / 4);
    let mut plain = Connection::server(Config::default());
    let mut other = Connection::server(Config::default());
    let plain = plain.send_shared(&mut shared).unwrap().unwrap();
    let other = other.send_shared(&mut shared).unwrap().unwrap();
    assert_eq!(plain, frame(0x81, text.as_bytes()));
    assert_eq!(plain.as_ptr(), other.as_ptr());
}

#[test]
fn a_small_window_gets_a_frame_of_its_own() {
    let half: Vec<u8> = (0..1_000_u32).map(|at| (at * at / 7) as u8).collect();
    let message = half.repeat(2);
    let mut compressor = Compressor::new(DeflateLevel::DEFAULT);
    let mut shared = compressor.share(Message::Binary(&message));
    let mut large = Link::new(15, true, 6);
    let mut small = Link::new(9, true, 6);
    let large = large.server.send_shared(&mut shared).unwrap().unwrap();
    let frame = small.server.send_shared(&mut shared).unwrap().unwrap();
    assert!(large.len() < frame.len());
    small.hear(&frame, &message);
}

#[test]
fn the_own_message_after_a_shared_one_refers_to_it() {
    let message: Vec<u8> = (0..2_000_u32).map(|at| (at * at / 11) as u8).collect();
    let mut compressor = Compressor::new(DeflateLevel::DEFAULT);
    let mut link = Link::new(15, true, 6);
    link.server.send(Message::Text("first")).unwrap();
    let first = link.server.poll_transmit().unwrap();
    link.hear(&first, b"first");
    let mut shared = compressor.share(Message::Binary(&message));
    let frame = link.server.send_shared(&mut shared).unwrap().unwrap();
    link.hear(&frame, &message);
    link.server.send(Message::Binary(&message)).unwrap();
    let again = link.server.poll_transmit().unwrap();
    assert!(again.len() < 60, "{}", again.len());
    link.hear(&again, &message);
    // Without its compressor it starts over.
    link.server.release_compressor();
    link.server.send(Message::Binary(&message)).unwrap();
    let again = link.server.poll_transmit().unwrap();
    assert!(again.len() > 200, "{}", again.len());
    link.hear(&again, &message);
}

#[test]
fn a_connection_that_only_hears_broadcasts_starts_over() {
    let mut compressor = Compressor::new(DeflateLevel::DEFAULT);
    let mut link = Link::new(15, true, 6);
    link.server.send(Message::Text("first")).unwrap();
    let first = link.server.poll_transmit().unwrap();
    link.hear(&first, b"first");
    for count in 0..200 {
        let message = alloc::format!("{count} {}", "x".repeat(count));
        let mut shared = compressor.share(Message::Text(&message));
        let frame = link.server.send_shared(&mut shared).unwrap().unwrap();
        link.hear(&frame, message.as_bytes());
    }
    link.server.send(Message::Text("first again")).unwrap();
    let last = link.server.poll_transmit().unwrap();
    link.hear(&last, b"first again");
}

#[test]
fn a_shared_message_keeps_its_place_in_the_row() {
    let mut compressor = Compressor::new(DeflateLevel::DEFAULT);
    let mut server = server(&DeflateConfig::default());
    server.send(Message::Text("one")).unwrap();
    let mut shared = compressor.share(Message::Text("two"));
    assert_eq!(server.send_shared(&mut shared), Ok(None));
    server.send(Message::Text("three")).unwrap();
    assert_eq!(
        transmitted(&mut server),
        b"\x81\x03one\x81\x03two\x81\x05three"
    );
    server
        .close(Instant::ZERO, crate::websocket::CloseCode::NORMAL, "")
        .unwrap();
    assert!(server.send_shared(&mut shared).is_err());
}

#[test]
fn a_client_shares_what_it_says_masked() {
    let text = "said to many servers ".repeat(100);
    let mut compressor = Compressor::new(DeflateLevel::DEFAULT);
    let mut shared = compressor.share(Message::Text(&text));
    let mut client = client(&EAGER);
    assert_eq!(client.send_shared(&mut shared), Ok(None));
    let frames = transmitted(&mut client);
    assert!(frames.len() < 100);
    let heard = receive(&mut server(&EAGER), &frames);
    assert_eq!(heard, ([text.into_bytes()].to_vec(), None));
}
