//! No packet is lost or reordered by an upgrade: a client that keeps to the protocol, links that
//! deliver when they please, and traffic both ways at every step.

use alloc::collections::VecDeque;

use proptest::prelude::*;

use super::*;

const WS: ConnId = ConnId::from_u64(1);

/// What can happen next; impossible steps are skipped.
#[derive(Clone, Copy, Debug)]
enum Step {
    ServerSends,
    ClientSends,
    PollArrives,
    AnswerArrives,
    PostArrives,
    OkArrives,
    ToServer,
    ToClient,
    StartUpgrade,
    Congestion,
    Time,
}

const STEPS: [Step; 11] = [
    Step::ServerSends,
    Step::ClientSends,
    Step::PollArrives,
    Step::AnswerArrives,
    Step::PostArrives,
    Step::OkArrives,
    Step::ToServer,
    Step::ToClient,
    Step::StartUpgrade,
    Step::Congestion,
    Step::Time,
];

/// The client's half of a poll or a post.
#[derive(Debug, Default)]
enum Exchange {
    #[default]
    Idle,
    /// The request is on its way to the server, with this body.
    Sent(String),
    /// The server has it.
    Waiting,
    /// The answer is on its way back.
    Answered(String),
}

#[derive(Debug, Default, PartialEq)]
enum Upgrade {
    #[default]
    No,
    Probing,
    /// `3probe` has come: no new request, and `5` when the running ones are done.
    Pausing,
    Done,
}

struct World {
    session: Session,
    now: Instant,
    next_request: u64,
    congested: bool,
    poll: Exchange,
    post: Exchange,
    upgrade: Upgrade,
    to_server: VecDeque<String>,
    to_client: VecDeque<String>,
    /// What the client wants to send and has not sent yet.
    client_queue: VecDeque<String>,
    sent_by_server: Vec<String>,
    sent_by_client: Vec<String>,
    received_by_client: Vec<String>,
    received_by_server: Vec<String>,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            session: Session::open_polling(at(0), "sid", request(0), &Config::default()),
            now: at(0),
            next_request: 1,
            congested: false,
            poll: Exchange::Idle,
            post: Exchange::Idle,
            upgrade: Upgrade::No,
            to_server: VecDeque::new(),
            to_client: VecDeque::new(),
            client_queue: VecDeque::new(),
            sent_by_server: Vec::new(),
            sent_by_client: Vec::new(),
            received_by_client: Vec::new(),
            received_by_server: Vec::new(),
        };
        drain(&mut world.session);
        world.client_acts();
        world
    }

    /// Whether the step was possible.
    fn step(&mut self, step: Step) -> bool {
        match step {
            Step::ServerSends => {
                let message = format!("s{}", self.sent_by_server.len());
                self.session.send(self.now, text(&message)).unwrap();
                self.sent_by_server.push(message);
            }
            Step::ClientSends => {
                let message = format!("c{}", self.sent_by_client.len());
                self.client_queue.push_back(format!("4{message}"));
                self.sent_by_client.push(message);
            }
            Step::PollArrives => {
                let Exchange::Sent(_) = &self.poll else {
                    return false;
                };
                self.poll = Exchange::Waiting;
                self.session
                    .handle_poll(self.now, request(self.next_request));
                self.next_request += 1;
            }
            Step::AnswerArrives => {
                let Exchange::Answered(body) = &mut self.poll else {
                    return false;
                };
                let body = mem::take(body);
                self.poll = Exchange::Idle;
                body.split('\x1e')
                    .for_each(|packet| self.client_receives(packet));
            }
            Step::PostArrives => {
                let Exchange::Sent(body) = &mut self.post else {
                    return false;
                };
                let body = mem::take(body);
                self.post = Exchange::Waiting;
                let now = self.now.as_micros() / 1_000;
                let messages = post(&mut self.session, now, self.next_request, &body);
                self.next_request += 1;
                self.received_by_server.extend(messages);
            }
            Step::OkArrives => {
                let Exchange::Answered(body) = &self.post else {
                    return false;
                };
                assert_eq!(body, "ok");
                self.post = Exchange::Idle;
            }
            Step::ToServer => {
                let Some(packet) = self.to_server.pop_front() else {
                    return false;
                };
                let packet = Packet::decode(Message::Text(&packet)).unwrap();
                let from = Source::Connection(WS);
                if let Some(message) = self.session.handle_packet(self.now, from, packet) {
                    let message = String::from_utf8(message.as_bytes().to_vec()).unwrap();
                    self.received_by_server.push(message);
                }
            }
            Step::ToClient => {
                let Some(packet) = self.to_client.pop_front() else {
                    return false;
                };
                self.client_receives(&packet);
            }
            Step::StartUpgrade => {
                if self.upgrade != Upgrade::No {
                    return false;
                }
                self.upgrade = Upgrade::Probing;
                assert!(self.session.handle_upgrade(self.now, WS));
                self.to_server.push_back("2probe".to_string());
            }
            Step::Congestion => {
                self.congested = !self.congested;
                self.session.handle_congested(self.now, WS, self.congested);
            }
            Step::Time => {
                // Noops and pings come, deadlines do not: the client is alive, and quick.
                self.now = self
                    .session
                    .poll_timeout()
                    .unwrap()
                    .min(self.now + Duration::from_millis(7));
                self.session.handle_timeout(self.now);
            }
        }
        true
    }

    /// What the host does after every call.
    fn host_drains(&mut self) {
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Poll { packets, .. } => {
                    let body = payload::encode(&packets).to_vec();
                    self.poll = Exchange::Answered(String::from_utf8(body).unwrap());
                }
                Output::PostAccepted { .. } => self.post = Exchange::Answered("ok".to_string()),
                Output::Transmit { packet, .. } => {
                    self.to_client
                        .push_back(String::from_utf8(packet.bytes.to_vec()).unwrap());
                }
                Output::Upgraded { conn } => assert_eq!(conn, WS),
                other => panic!("a client that keeps to the protocol met {other:?}"),
            }
        }
    }

    fn client_receives(&mut self, packet: &str) {
        match Packet::decode(Message::Text(packet)).unwrap() {
            Packet::Message(message) => {
                let message = String::from_utf8(message.as_bytes().to_vec()).unwrap();
                self.received_by_client.push(message);
            }
            Packet::Ping(_) => self.client_queue.push_back("3".to_string()),
            Packet::Pong(data) => {
                assert_eq!((data, &self.upgrade), ("probe", &Upgrade::Probing));
                self.upgrade = Upgrade::Pausing;
            }
            Packet::Noop => {}
            other => panic!("not for a client: {other:?}"),
        }
    }

    /// What the client does of its own accord, as soon as it can.
    fn client_acts(&mut self) {
        match self.upgrade {
            Upgrade::No | Upgrade::Probing => {
                if let Exchange::Idle = self.poll {
                    self.poll = Exchange::Sent(String::new());
                }
                if let Exchange::Idle = self.post
                    && !self.client_queue.is_empty()
                {
                    let packets: Vec<_> = self.client_queue.drain(..).collect();
                    self.post = Exchange::Sent(packets.join("\x1e"));
                }
            }
            Upgrade::Pausing => {
                if let (Exchange::Idle, Exchange::Idle) = (&self.poll, &self.post) {
                    self.upgrade = Upgrade::Done;
                    self.to_server.push_back("5".to_string());
                }
            }
            Upgrade::Done => self.to_server.extend(self.client_queue.drain(..)),
        }
    }

    fn run(&mut self, step: Step) -> bool {
        let possible = self.step(step);
        self.host_drains();
        self.client_acts();
        possible
    }

    /// Everything that is on its way arrives.
    fn settle(&mut self) {
        self.run(Step::StartUpgrade);
        if self.congested {
            self.run(Step::Congestion);
        }
        // A poll is held for 100 ms at most; two rounds of them are more than enough.
        for _ in 0..100 {
            while STEPS[2..8].iter().any(|step| self.run(*step)) {}
            self.run(Step::Time);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn no_packet_is_lost_or_reordered(
        script in prop::collection::vec(prop::sample::select(STEPS.to_vec()), 0..200),
    ) {
        let mut world = World::new();
        for step in script {
            world.run(step);
        }
        world.settle();
        prop_assert_eq!(world.upgrade, Upgrade::Done);
        prop_assert_eq!(world.session.transport(), Some(Transport::WebSocket));
        prop_assert_eq!(world.received_by_client, world.sent_by_server);
        prop_assert_eq!(world.received_by_server, world.sent_by_client);
        prop_assert_eq!(world.session.buffered_bytes(), 0);
    }
}
