//! A server and a client against each other, with any messages in any pieces.

use super::*;
use proptest::prelude::*;

/// A call, in any order.
#[derive(Clone, Debug)]
enum Call {
    Say(Said),
    Input(Vec<u8>),
    Close(u16, String),
    Timeout(u64),
    Eof,
    Transmit,
    Poll,
}

fn call() -> impl Strategy<Value = Call> {
    let opcodes = &[
        Opcode::Text,
        Opcode::Continuation,
        Opcode::Ping,
        Opcode::Close,
    ][..];
    let bytes = |max| prop::collection::vec(any::<u8>(), 0..max);
    let frame = (any::<bool>(), prop::sample::select(opcodes), bytes(4));
    let frame = frame.prop_map(|(fin, opcode, payload)| client_frame(fin, opcode, &payload));
    let close = (any::<u16>(), "[a-z]{0,130}");
    prop_oneof![
        4 => said().prop_map(Call::Say),
        4 => frame.prop_map(Call::Input),
        1 => bytes(20).prop_map(Call::Input),
        1 => close.prop_map(|(code, reason)| Call::Close(code, reason)),
        1 => any::<u64>().prop_map(Call::Timeout),
        1 => Just(Call::Eof),
        2 => Just(Call::Transmit),
        2 => Just(Call::Poll),
    ]
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Server), Just(Role::Client)]
}

#[derive(Clone, Debug)]
enum Said {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
}

fn said() -> impl Strategy<Value = Said> {
    let bytes = |max| prop::collection::vec(any::<u8>(), 0..max);
    prop_oneof![
        ".{0,200}".prop_map(Said::Text),
        bytes(2_000).prop_map(Said::Binary),
        bytes(126).prop_map(Said::Ping),
        bytes(126).prop_map(Said::Pong),
    ]
}

fn say(connection: &mut Connection, said: &Said) -> Happened {
    match said {
        Said::Text(text) => {
            connection.send(Message::Text(text)).unwrap();
            Happened::Text(text.clone())
        }
        Said::Binary(bytes) => {
            connection.send(Message::Binary(bytes)).unwrap();
            Happened::Binary(bytes.clone())
        }
        Said::Ping(payload) => {
            connection.ping(payload).unwrap();
            Happened::Ping(payload.clone())
        }
        Said::Pong(payload) => {
            connection.pong(payload).unwrap();
            Happened::Pong(payload.clone())
        }
    }
}

proptest! {
    #[test]
    fn whatever_one_end_says_the_other_hears(
        said in prop::collection::vec(said(), 0..8),
        server_speaks in any::<bool>(),
        pieces in prop::collection::vec(1_usize..3_000, 1..20),
        reason in "[a-z]{0,40}",
    ) {
        let (speaker, listener) = if server_speaks { (Role::Server, Role::Client) } else { (Role::Client, Role::Server) };
        let mut speaker = connection(speaker, Config::default());
        let mut listener = connection(listener, Config::default());
        let mut expected: Vec<Happened> = said.iter().map(|said| say(&mut speaker, said)).collect();
        speaker.close(Instant::ZERO, CloseCode::GOING_AWAY, &reason).unwrap();
        expected.push(closed(1001, &reason));

        let bytes = transmitted(&mut speaker);
        let mut rest = &bytes[..];
        let mut happened = Vec::new();
        for piece in pieces.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*piece).min(rest.len()));
            rest = after;
            // `feed` would send every text back, so the events are taken here.
            let mut input = piece;
            while let Some(event) = listener.handle_input(Instant::ZERO, &mut input) {
                happened.push(Happened::from(event));
            }
        }
        prop_assert_eq!(happened, expected);

        let answers = feed(&mut speaker, &transmitted(&mut listener));
        prop_assert_eq!(answers.last(), Some(&closed(1001, "")));
    }

    #[test]
    fn any_order_of_calls_is_legal(calls in prop::collection::vec(call(), 0..40), role in role()) {
        let mut connection = connection(role, Config::default());
        let mut ended = false;
        for call in &calls {
            let was_open = connection.is_open();
            match call {
                Call::Say(said) => {
                    let sent = match said {
                        Said::Text(text) => connection.send(Message::Text(text)),
                        Said::Binary(bytes) => connection.send(Message::Binary(bytes)),
                        Said::Ping(payload) => connection.ping(payload),
                        Said::Pong(payload) => connection.pong(payload),
                    };
                    prop_assert_eq!(sent.is_ok(), was_open);
                }
                Call::Input(bytes) => {
                    let mut input = &bytes[..];
                    while let Some(event) = connection.handle_input(Instant::ZERO, &mut input) {
                        prop_assert!(!ended, "{:?} after the end", event);
                        ended = matches!(event, Event::Closed(_));
                    }
                    prop_assert!(input.is_empty());
                }
                Call::Close(code, reason) => {
                    let code = CloseCode::new(*code).unwrap_or(CloseCode::NO_STATUS);
                    let closed = connection.close(Instant::ZERO, code, reason);
                    prop_assert!(was_open || closed.is_err());
                }
                Call::Timeout(now) => connection.handle_timeout(Instant::from_micros(*now)),
                Call::Eof => connection.handle_eof(),
                Call::Transmit => while connection.poll_transmit().is_some() {},
                Call::Poll => {
                    if let Some(event) = connection.poll_event() {
                        prop_assert!(!ended, "{:?} after the end", event);
                        ended = true;
                    }
                }
            }
            prop_assert!(!ended || !connection.is_open());
        }
        connection.handle_eof();
        prop_assert_eq!(connection.poll_event().is_some(), !ended);
        prop_assert!(connection.wants_transport_close());
    }

    #[test]
    fn no_input_breaks_the_machine(bytes in prop::collection::vec(any::<u8>(), 0..200), role in role()) {
        let (happened, _) = run(role, Config::default(), &bytes);
        let is_end = |happened: &&Happened| matches!(happened, Happened::Closed { .. });
        let ends = happened.iter().filter(is_end).count();
        prop_assert!(ends <= 1);
        let ends_last = happened.last().as_ref().is_some_and(is_end);
        prop_assert_eq!(ends == 1, ends_last);
    }
}

#[test]
fn a_client_masks_every_frame_with_another_key() {
    let mut client = connection(Role::Client, Config::default());
    client.send(Message::Binary(&[0; 4])).unwrap();
    client.send(Message::Binary(&[0; 4])).unwrap();
    let sent = transmitted(&mut client);
    let (first, second) = sent.split_at(10);
    assert_eq!(first[..2], [0x82, 0x84]);
    assert_eq!(second[..2], [0x82, 0x84]);
    assert_ne!(first[2..6], second[2..6]);
    assert_eq!(first[2..6], first[6..], "zeros, masked, are the key");
}

#[test]
fn a_client_without_randomness_is_not_opened() {
    struct Broken;
    impl Entropy for Broken {
        fn fill(&mut self, _: &mut [u8]) -> Result<(), EntropyError> {
            Err(EntropyError)
        }
    }
    assert!(Connection::client(Config::default(), &mut Broken).is_err());
}
