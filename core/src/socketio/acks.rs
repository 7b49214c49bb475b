//! Packets that wait for an answer: which socket owes it, to whom it goes, and until when.

use alloc::collections::BTreeMap;
use alloc::collections::BTreeSet;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use super::MAX_PACKET_ID;
use super::config::Config;
use crate::Instant;
use crate::SocketId;
use crate::UsageError;

/// All answers that a server waits for.
///
/// - To send a packet that wants an answer: [`issue`](Self::issue) or
///   [`issue_broadcast`](Self::issue_broadcast), then send it with the returned
///   [`packet_id`](Issued::packet_id).
/// - When an acknowledgement comes in: [`answer`](Self::answer). The arguments of the answer never
///   pass through here.
/// - When a socket leaves: [`remove_socket`](Self::remove_socket). When
///   [`poll_timeout`](Self::poll_timeout) has come: [`handle_timeout`](Self::handle_timeout), early
///   or late. After both, drain [`poll_settled`](Self::poll_settled).
///
/// Every issued acknowledgement ends exactly once: with an answer that is the
/// [`last`](Answer::last), or with a [`Settled`].
#[derive(Debug)]
pub struct Acks {
    max_pending: usize,
    now: Instant,
    /// The next packet id of each namespace: ids count up from 0, as they do in the reference server.
    next_packet_ids: BTreeMap<u32, u64>,
    next_ack: u64,
    waiting: BTreeMap<AckId, Waiting>,
    deadlines: BTreeSet<(Instant, AckId)>,
    /// What each socket owes, by the slot of its key.
    debtors: Vec<Option<Debtor>>,
    settled: VecDeque<Settled>,
}

/// One call that waits for answers; a number that is never used again, below 2^53.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AckId(u64);

impl AckId {
    /// The number as a host keeps it, for example as a JavaScript number.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

/// What was handed out for a packet that wants an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issued {
    /// What the answers will refer to.
    pub ack: AckId,
    /// The id that the packet carries on the wire.
    pub packet_id: u64,
}

/// An answer that was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What it answers.
    pub ack: AckId,
    /// No more answers are waited for: this ends the acknowledgement.
    pub last: bool,
}

/// The end of an acknowledgement that no answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// What has ended.
    pub ack: AckId,
    /// Why.
    pub outcome: Outcome,
    /// How many answers were still missing.
    pub missing: u32,
}

/// How an acknowledgement ends when not by its last answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// All receivers of a broadcast that are still there have answered.
    Complete,
    /// The time was up; a broadcast may have some answers.
    TimedOut,
    /// The one socket that was asked has left.
    Disconnected,
}

impl Outcome {
    /// The words that users of Socket.IO know; empty when nothing went wrong.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "",
            Self::TimedOut => "operation has timed out",
            Self::Disconnected => "socket has been disconnected",
        }
    }
}

impl Acks {
    /// Nothing waits yet.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            max_pending: config.max_pending_acks,
            now: Instant::ZERO,
            next_packet_ids: BTreeMap::new(),
            next_ack: 0,
            waiting: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            debtors: Vec::new(),
            settled: VecDeque::new(),
        }
    }

    /// How many acknowledgements have not ended yet.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Waits for the answer of one socket, for ever if there is no `timeout`: until it answers or
    /// leaves.
    ///
    /// # Errors
    /// [`UsageError::Limit`] when the socket owes [`Config::max_pending_acks`] answers already.
    pub fn issue(
        &mut self,
        now: Instant,
        namespace: u32,
        socket: SocketId,
        timeout: Option<Duration>,
    ) -> Result<Issued, UsageError> {
        let max_pending = self.max_pending;
        if self.debtor(socket).owed.len() >= max_pending {
            return Err(UsageError::Limit("max_pending_acks"));
        }
        let issued = self.next(namespace)?;
        self.owe(socket, issued);
        self.wait(now, issued, Receivers::One(socket), timeout);
        Ok(issued)
    }

    /// Waits for the answers of many sockets to one packet. It always ends in time, whoever stays
    /// silent; with nobody to ask it is [`Outcome::Complete`] at once.
    ///
    /// A socket that owes [`Config::max_pending_acks`] answers already is not waited for any
    /// longer: its answer counts as missing from the start, so that one silent client cannot keep a
    /// room from being asked.
    ///
    /// # Errors
    /// [`UsageError::Limit`] when the namespace has used up all packet ids.
    pub fn issue_broadcast(
        &mut self,
        now: Instant,
        namespace: u32,
        sockets: &[SocketId],
        timeout: Duration,
    ) -> Result<Issued, UsageError> {
        let issued = self.next(namespace)?;
        let mut receivers = sockets.to_vec();
        receivers.sort_unstable();
        receivers.dedup();
        let missing = u32::try_from(receivers.len()).unwrap_or(u32::MAX);
        let max_pending = self.max_pending;
        receivers.retain(|socket| {
            let waits = self.debtor(*socket).owed.len() < max_pending;
            if waits {
                self.owe(*socket, issued);
            }
            waits
        });
        let receivers = Receivers::Many { receivers, missing };
        self.wait(now, issued, receivers, Some(timeout));
        if missing == 0 {
            self.settle(issued.ack, Outcome::Complete);
        }
        Ok(issued)
    }

    /// An acknowledgement packet came in from `socket`.
    ///
    /// `None` for an answer that nobody waits for: one that was never asked for, asked of another
    /// socket, given before, or given too late. It is to be ignored.
    pub fn answer(&mut self, socket: SocketId, packet_id: u64) -> Option<Answer> {
        let ack = self.existing_debtor(socket)?.pay(packet_id)?;
        let waiting = self.waiting.get_mut(&ack)?;
        let last = waiting.receivers.count_one_less() == 0;
        if last {
            self.forget(ack);
        }
        Some(Answer { ack, last })
    }

    /// A socket has left: nothing more is expected from it.
    pub fn remove_socket(&mut self, socket: SocketId) {
        let entry = self.debtors.get_mut(socket.0.slot());
        let Some(debtor) = entry.and_then(|entry| entry.take_if(|debtor| debtor.socket == socket))
        else {
            return;
        };
        for owed in debtor.owed {
            let Some(waiting) = self.waiting.get_mut(&owed.ack) else {
                continue;
            };
            match waiting.receivers {
                Receivers::One(_) => self.settle(owed.ack, Outcome::Disconnected),
                Receivers::Many { .. } => {
                    if waiting.receivers.count_one_less() == 0 {
                        self.settle(owed.ack, Outcome::Complete);
                    }
                }
            }
        }
    }

    /// A namespace was removed, its sockets before it: its ids start at 0 again.
    pub fn remove_namespace(&mut self, namespace: u32) {
        self.next_packet_ids.remove(&namespace);
    }

    /// Settles everything whose time is up at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = self.now.max(now);
        while let Some((deadline, ack)) = self.deadlines.first().copied()
            && deadline <= self.now
        {
            self.settle(ack, Outcome::TimedOut);
        }
    }

    /// The next acknowledgement that ended without a last answer.
    pub fn poll_settled(&mut self) -> Option<Settled> {
        self.settled.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    fn next(&mut self, namespace: u32) -> Result<Issued, UsageError> {
        let next = self.next_packet_ids.entry(namespace).or_default();
        if *next > MAX_PACKET_ID {
            return Err(UsageError::Limit("packet ids of a namespace"));
        }
        let issued = Issued {
            ack: AckId(self.next_ack),
            packet_id: *next,
        };
        *next += 1;
        self.next_ack += 1;
        Ok(issued)
    }

    fn owe(&mut self, socket: SocketId, issued: Issued) {
        self.debtor(socket).owed.push_back(Owed {
            packet_id: issued.packet_id,
            ack: issued.ack,
        });
    }

    fn wait(
        &mut self,
        now: Instant,
        issued: Issued,
        receivers: Receivers,
        timeout: Option<Duration>,
    ) {
        self.now = self.now.max(now);
        let deadline = timeout.map(|timeout| self.now + timeout);
        if let Some(deadline) = deadline {
            self.deadlines.insert((deadline, issued.ack));
        }
        let waiting = Waiting {
            packet_id: issued.packet_id,
            receivers,
            deadline,
        };
        self.waiting.insert(issued.ack, waiting);
    }

    fn settle(&mut self, ack: AckId, outcome: Outcome) {
        let Some(waiting) = self.forget(ack) else {
            return;
        };
        for socket in waiting.receivers.sockets() {
            if let Some(debtor) = self.existing_debtor(*socket) {
                debtor.pay(waiting.packet_id);
            }
        }
        self.settled.push_back(Settled {
            ack,
            outcome,
            missing: waiting.receivers.missing(),
        });
    }

    fn forget(&mut self, ack: AckId) -> Option<Waiting> {
        let waiting = self.waiting.remove(&ack)?;
        if let Some(deadline) = waiting.deadline {
            self.deadlines.remove(&(deadline, ack));
        }
        Some(waiting)
    }

    fn existing_debtor(&mut self, socket: SocketId) -> Option<&mut Debtor> {
        let debtor = self.debtors.get_mut(socket.0.slot())?.as_mut()?;
        (debtor.socket == socket).then_some(debtor)
    }

    /// The entry of a socket; one that had the slot before has left, whether we were told or not.
    fn debtor(&mut self, socket: SocketId) -> &mut Debtor {
        let slot = socket.0.slot();
        if let Some(Some(predecessor)) = self.debtors.get(slot)
            && predecessor.socket != socket
        {
            self.remove_socket(predecessor.socket);
        }
        if self.debtors.len() <= slot {
            self.debtors.resize_with(slot + 1, || None);
        }
        #[allow(
            clippy::indexing_slicing,
            reason = "the vector is longer than that now"
        )]
        self.debtors[slot].get_or_insert_with(|| Debtor {
            socket,
            owed: VecDeque::new(),
        })
    }
}

/// An acknowledgement that has not ended.
#[derive(Debug)]
struct Waiting {
    packet_id: u64,
    receivers: Receivers,
    deadline: Option<Instant>,
}

#[derive(Debug)]
enum Receivers {
    One(SocketId),
    Many {
        receivers: Vec<SocketId>,
        missing: u32,
    },
}

impl Receivers {
    /// What is missing afterwards.
    fn count_one_less(&mut self) -> u32 {
        match self {
            Self::One(_) => 0,
            Self::Many { missing, .. } => {
                *missing -= 1;
                *missing
            }
        }
    }

    fn missing(&self) -> u32 {
        match self {
            Self::One(_) => 1,
            Self::Many { missing, .. } => *missing,
        }
    }

    fn sockets(&self) -> &[SocketId] {
        match self {
            Self::One(socket) => core::slice::from_ref(socket),
            Self::Many { receivers, .. } => receivers,
        }
    }
}

/// The answers that one socket owes, their packet ids ascending.
#[derive(Debug)]
struct Debtor {
    socket: SocketId,
    owed: VecDeque<Owed>,
}

#[derive(Debug)]
struct Owed {
    packet_id: u64,
    ack: AckId,
}

impl Debtor {
    fn pay(&mut self, packet_id: u64) -> Option<AckId> {
        let position = self
            .owed
            .binary_search_by_key(&packet_id, |owed| owed.packet_id)
            .ok()?;
        let owed = self.owed.remove(position)?;
        if self.owed.is_empty() && self.owed.capacity() > KEPT_CAPACITY {
            self.owed = VecDeque::new();
        }
        Some(owed.ack)
    }
}

/// What a socket that owes nothing may keep allocated.
const KEPT_CAPACITY: usize = 8;

#[cfg(test)]
mod tests;
