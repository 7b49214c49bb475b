//! A connection after the handshake: bytes in, events out, frames out.

mod link;

use alloc::boxed::Box;
use bytes::Bytes;

use crate::Entropy;
use crate::EntropyError;
use crate::Instant;
use crate::Message;
use crate::MessageKind;
use crate::UsageError;
use crate::utf8;
use crate::websocket::CloseCode;
use crate::websocket::CloseFrame;
use crate::websocket::Config;
use crate::websocket::Error;
use crate::websocket::LimitError;
#[cfg(feature = "deflate")]
use crate::websocket::PermessageDeflate;
use crate::websocket::Role;
#[cfg(feature = "deflate")]
use crate::websocket::SharedMessage;
use crate::websocket::assemble::Assembler;
#[cfg(feature = "deflate")]
use crate::websocket::deflate::Choice;
use crate::websocket::deflate::Codec;
use crate::websocket::frame::Content;
use crate::websocket::frame::FIN;
use crate::websocket::frame::Header;
use crate::websocket::frame::MASKED;
use crate::websocket::frame::MAX_HEADER;
use crate::websocket::frame::MAX_SHORT_LEN;
use crate::websocket::frame::Opcode;
use crate::websocket::frame::Rsv1;
use crate::websocket::mask::MaskKey;
use link::Link;
use link::MaskKeys;

/// One end of a WebSocket connection, as a state machine without a socket.
///
/// - **In**: [`handle_input`](Self::handle_input) until it returns `None`,
///   [`handle_eof`](Self::handle_eof), [`handle_timeout`](Self::handle_timeout).
/// - **Say**: [`send`](Self::send), [`ping`](Self::ping), [`pong`](Self::pong),
///   [`close`](Self::close).
/// - **Out**: after any of them, [`poll_transmit`](Self::poll_transmit) for the bytes to write,
///   [`poll_event`](Self::poll_event) after an end of input or a timeout,
///   [`poll_timeout`](Self::poll_timeout) for when to call next, and
///   [`wants_transport_close`](Self::wants_transport_close).
///
/// Any order of calls is legal. What a peer does wrong is never an error of a call: good frames
/// before it are delivered, the right close frame is queued, and [`Event::Closed`] says why.
///
/// ```
/// use sansocket::{Instant, Message};
/// use sansocket::websocket::{Config, Connection, Event};
///
/// let mut connection = Connection::server(Config::default());
/// let now = Instant::ZERO;
/// let mut input: &[u8] = b"\x81\x85\x00\x00\x00\x00hello";
/// while let Some(event) = connection.handle_input(now, &mut input) {
///     assert_eq!(event, Event::Message(Message::Text("hello")));
/// }
/// connection.send(Message::Text("hi")).unwrap();
/// assert_eq!(connection.poll_transmit().unwrap(), &b"\x81\x02hi"[..]);
/// assert_eq!(connection.poll_transmit(), None);
/// ```
#[derive(Debug)]
pub struct Connection {
    assembler: Assembler,
    config: Config,
    link: Link,
    header: PartialHeader,
    /// The frame whose payload has begun and not ended.
    frame: Option<Frame>,
    /// What compressed messages take, if both ends agreed on them.
    codec: Option<Box<Codec>>,
}

/// What happened. It borrows from the connection or from the input: whoever keeps it copies it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A whole message.
    Message(Message<'a>),
    /// The peer asked for a pong, which is queued already.
    Ping(&'a [u8]),
    /// The peer answered a ping, or gave a sign of life.
    Pong(&'a [u8]),
    /// The connection is over. This event comes exactly once, and no other comes after it.
    Closed(Closed<'a>),
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed<'a> {
    /// The peer's code, or ours when the peer failed us.
    pub code: CloseCode,
    /// The peer's reason, or ours when the peer failed us.
    pub reason: &'a str,
    /// Both ends have sent a close frame: nothing was lost.
    pub clean: bool,
    /// What went wrong, if anything did.
    pub cause: Option<Error>,
}

impl Connection {
    /// The accepting end, right after the handshake.
    #[must_use]
    pub fn server(config: Config) -> Self {
        Self::new(config, None)
    }

    /// The opening end, right after the handshake. The mask keys of its frames are derived from
    /// a secret drawn here.
    ///
    /// # Errors
    /// [`EntropyError`] when the source has failed: section 10.3 wants mask keys that nobody can
    /// predict.
    pub fn client(
        config: Config,
        entropy: &mut (impl Entropy + ?Sized),
    ) -> Result<Self, EntropyError> {
        Ok(Self::new(config, Some(MaskKeys::draw(entropy)?)))
    }

    fn new(config: Config, mask_keys: Option<MaskKeys>) -> Self {
        Self {
            assembler: Assembler::default(),
            config,
            link: Link::new(mask_keys),
            header: PartialHeader::default(),
            frame: None,
            codec: None,
        }
    }

    /// The same connection with permessage-deflate, right after the handshake that agreed on it.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn with_deflate(mut self, agreed: &PermessageDeflate) -> Self {
        self.codec = Some(Box::new(Codec::new(agreed, self.role())));
        self
    }

    /// Eats from the front of `input` until something happened. `None` when the input is
    /// exhausted; once the connection is over, all input is discarded.
    ///
    /// Answer an event before the next call where the order matters: the close frame that answers
    /// a bad frame is queued by the call that meets it.
    #[inline]
    pub fn handle_input<'c, 'i: 'c>(
        &'c mut self,
        now: Instant,
        input: &mut &'i [u8],
    ) -> Option<Event<'c>> {
        if input.is_empty() {
            if self.frame.is_none() {
                self.assembler.release_if_large();
            }
            return self.poll_event();
        }
        if self.frame.is_none()
            && self.header.is_empty()
            && self.assembler.is_idle()
            && self.link.receives()
            && let Some((whole, rest)) =
                Whole::split(input, self.link.peer(), self.config.max_message_bytes)
        {
            *input = rest;
            let payload = match whole.mask {
                Some(mask) => self.assembler.unmask_whole(whole.payload, mask),
                None => whole.payload,
            };
            if whole.kind == MessageKind::Binary {
                return Some(Event::Message(Message::Binary(payload)));
            }
            return Some(match utf8::check(payload) {
                Ok(text) => Event::Message(Message::Text(text)),
                Err(_) => Event::Closed(self.link.fail(Error::InvalidUtf8)),
            });
        }
        let happening = self.step(now, input)?;
        Some(self.lend(happening))
    }

    /// The transport ended: nothing more will come, and nothing more can be written.
    pub fn handle_eof(&mut self) {
        self.release();
        self.link.lose(Error::TransportLost);
    }

    /// Time has passed. A call that comes early or late does no harm.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.link.handle_timeout(now);
    }

    /// Queues a message.
    ///
    /// # Errors
    /// [`UsageError::Closing`] when a close frame was queued before.
    pub fn send(&mut self, message: Message<'_>) -> Result<(), UsageError> {
        let opcode = message.kind().into();
        if let Some(codec) = &mut self.codec
            && self.link.is_open()
            && let Some(compressed) = codec.compress(message.as_bytes())
        {
            return self.link.send(Content::compressed(opcode), &compressed);
        }
        self.link.send(Content::new(opcode), message.as_bytes())
    }

    /// Sends a message that goes to many connections, made by
    /// [`Compressor::share`](crate::websocket::Compressor::share). The frame that comes back is the
    /// same buffer for all of them, as far as they agreed on the same: write it at once. `None` when
    /// it was queued behind others that wait.
    ///
    /// # Errors
    /// [`UsageError::Closing`] when a close frame was queued before.
    #[cfg(feature = "deflate")]
    pub fn send_shared(
        &mut self,
        message: &mut SharedMessage<'_>,
    ) -> Result<Option<Bytes>, UsageError> {
        // A client masks each frame with a key of its own, so it has nothing to share.
        if !self.link.is_open() || self.role() == Role::Client {
            return self.send(message.message()).map(|()| None);
        }
        let choice = match &mut self.codec {
            Some(codec) => codec.choose(message),
            None => Choice::Plain,
        };
        let frame = match choice {
            Choice::Compressed(frame) => frame,
            Choice::Plain => message.plain(),
        };
        Ok(self.link.send_written(frame))
    }

    /// Gives the memory back that is kept to compress the next message better, for example when the
    /// connection has been idle. It may be called at any time: a compressor that starts over is
    /// legal, whatever was negotiated.
    #[cfg(feature = "deflate")]
    pub fn release_compressor(&mut self) {
        if let Some(codec) = &mut self.codec {
            codec.release_compressor();
        }
    }

    /// Queues a ping with a payload of 125 bytes at most.
    ///
    /// # Errors
    /// [`UsageError::Closing`], or [`UsageError::Invalid`] for a longer payload.
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), UsageError> {
        self.link.send_control(Opcode::Ping, payload)
    }

    /// Queues a pong that nobody asked for: a sign of life. Pings are answered without it.
    ///
    /// # Errors
    /// [`UsageError::Closing`], or [`UsageError::Invalid`] for a payload longer than 125 bytes.
    pub fn pong(&mut self, payload: &[u8]) -> Result<(), UsageError> {
        self.link.send_control(Opcode::Pong, payload)
    }

    /// Starts the closing handshake. Messages that are on their way are still delivered; the
    /// peer's answer, or its absence for [`Config::close_timeout`], ends the connection.
    ///
    /// # Errors
    /// [`UsageError::Closing`] when the connection is closing already; those of
    /// [`CloseFrame::new`] for a code or a reason that must not be sent.
    pub fn close(&mut self, now: Instant, code: CloseCode, reason: &str) -> Result<(), UsageError> {
        let frame = CloseFrame::new(code, reason)?;
        self.link.close(now + self.config.close_timeout, frame)
    }

    /// Everything that waits to be written, as one buffer; `None` when nothing does.
    pub fn poll_transmit(&mut self) -> Option<Bytes> {
        self.link.poll_transmit()
    }

    /// The closing event, when the end came from [`handle_eof`](Self::handle_eof) or
    /// [`handle_timeout`](Self::handle_timeout).
    pub fn poll_event(&mut self) -> Option<Event<'static>> {
        self.link.poll_closed().map(Event::Closed)
    }

    /// When to call [`handle_timeout`](Self::handle_timeout).
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.link.poll_timeout()
    }

    /// Messages can be sent.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.link.is_open()
    }

    /// The connection is over and its last bytes were handed out: close the transport.
    ///
    /// Section 7.1.1: the server closes first. A client gives it the time of
    /// [`Config::close_timeout`].
    #[must_use]
    pub fn wants_transport_close(&self) -> bool {
        self.link.wants_transport_close()
    }

    #[cfg(test)]
    pub(super) fn buffer_capacity(&self) -> usize {
        self.assembler.capacity()
    }

    #[cfg(all(test, feature = "deflate"))]
    pub(super) fn history_capacity(&self) -> usize {
        self.codec
            .as_ref()
            .map_or(0, |codec| codec.history_capacity())
    }

    #[cfg(test)]
    pub(super) fn steps(&self) -> usize {
        self.assembler.steps()
    }

    /// Eats frames and parts of frames until one means something.
    fn step(&mut self, now: Instant, input: &mut &[u8]) -> Option<Happening> {
        // A control frame in pieces lies where a lent one would.
        if self.frame.is_none() {
            self.assembler.forget_lent();
        }
        if let Some(closed) = self.link.poll_closed() {
            return Some(Happening::Failed(closed));
        }
        while self.link.receives() {
            let mut frame = match self.frame.take() {
                Some(frame) => frame,
                None => match self.begin_frame(input) {
                    Ok(frame) => frame?,
                    Err(error) => return Some(self.fail(error)),
                },
            };
            let Some((piece, rest)) = input.split_at_checked(frame.missing) else {
                frame.missing -= input.len();
                let piece = core::mem::take(input);
                if let Err(error) = self.append(&frame, piece) {
                    return Some(self.fail(error));
                }
                frame.mask = frame.mask.map(|mask| mask.after(piece.len()));
                self.frame = Some(frame);
                return None;
            };
            *input = rest;
            if let Err(error) = self.append(&frame, piece) {
                return Some(self.fail(error));
            }
            match self.end_frame(now, &frame) {
                Ok(Some(happening)) => return Some(happening),
                Ok(None) => {}
                Err(error) => return Some(self.fail(error)),
            }
        }
        *input = &[];
        None
    }

    /// Reads a header; `None` while it is incomplete.
    fn begin_frame(&mut self, input: &mut &[u8]) -> Result<Option<Frame>, Error> {
        let rsv1 = match self.codec {
            Some(_) => Rsv1::Compressed,
            None => Rsv1::Reserved,
        };
        let Some(header) = self.header.read(input, self.link.peer(), rsv1)? else {
            return Ok(None);
        };
        self.assembler.begin(&header, &self.config)?;
        if let Some(codec) = &mut self.codec
            && self.assembler.is_compressed()
            && !header.opcode.is_control()
        {
            codec.begin_frame(header.payload_len, self.config.max_message_bytes)?;
        }
        // A frame whose length passes the address space has passed the limit of messages.
        let missing = usize::try_from(header.payload_len).map_err(|_| LimitError::MessageBytes)?;
        Ok(Some(Frame {
            opcode: header.opcode,
            fin: header.fin,
            mask: header.mask.map(MaskKey::new),
            missing,
        }))
    }

    fn append(&mut self, frame: &Frame, piece: &[u8]) -> Result<(), Error> {
        if frame.opcode.is_control() {
            self.assembler.append_control(piece, frame.mask);
            return Ok(());
        }
        if let Some(codec) = &mut self.codec
            && self.assembler.is_compressed()
        {
            let max_bytes = self.config.max_message_bytes;
            return codec.append_message(&mut self.assembler, piece, frame.mask, max_bytes);
        }
        self.assembler.append_message(piece, frame.mask)
    }

    /// All of the frame's payload is in the buffer.
    fn end_frame(&mut self, now: Instant, frame: &Frame) -> Result<Option<Happening>, Error> {
        match frame.opcode {
            Opcode::Ping => {
                self.link.answer_ping(self.assembler.control());
                Ok(Some(Happening::Ping))
            }
            Opcode::Pong => Ok(Some(Happening::Pong)),
            Opcode::Close => {
                let close = CloseFrame::parse(self.assembler.control())?;
                self.link
                    .handle_close(now + self.config.close_timeout, close.code);
                Ok(Some(Happening::Closed(close.code)))
            }
            Opcode::Text | Opcode::Binary | Opcode::Continuation if frame.fin => {
                if let Some(codec) = &mut self.codec
                    && self.assembler.is_compressed()
                {
                    codec.end_message(&mut self.assembler, self.config.max_message_bytes)?;
                }
                Ok(Some(Happening::Message(self.assembler.end_message()?)))
            }
            Opcode::Text | Opcode::Binary | Opcode::Continuation => Ok(None),
        }
    }

    fn fail(&mut self, error: Error) -> Happening {
        self.release();
        Happening::Failed(self.link.fail(error))
    }

    /// Gives all memory back: the connection is over.
    fn release(&mut self) {
        self.assembler.release();
        self.codec = None;
    }

    #[cfg(feature = "deflate")]
    const fn role(&self) -> Role {
        match self.link.peer() {
            Role::Client => Role::Server,
            Role::Server => Role::Client,
        }
    }

    fn lend(&mut self, happening: Happening) -> Event<'_> {
        match happening {
            Happening::Message(MessageKind::Binary) => {
                Event::Message(Message::Binary(self.assembler.message()))
            }
            Happening::Message(MessageKind::Text) => {
                match utf8::check(self.assembler.message()) {
                    Ok(text) => Event::Message(Message::Text(text)),
                    // Every piece was checked when it came, so this arm is never taken.
                    Err(_) => Event::Closed(self.link.fail(Error::InvalidUtf8)),
                }
            }
            Happening::Ping => Event::Ping(self.assembler.control()),
            Happening::Pong => Event::Pong(self.assembler.control()),
            Happening::Closed(code) => Event::Closed(Closed {
                code,
                reason: CloseFrame::parse(self.assembler.control())
                    .map_or("", |close| close.reason),
                clean: true,
                cause: None,
            }),
            Happening::Failed(closed) => Event::Closed(closed),
        }
    }
}

/// A frame whose payload is being read.
#[derive(Clone, Copy, Debug)]
struct Frame {
    opcode: Opcode,
    fin: bool,
    mask: Option<MaskKey>,
    missing: usize,
}

/// An event before it borrows anything.
enum Happening {
    Message(MessageKind),
    Ping,
    Pong,
    Closed(CloseCode),
    Failed(Closed<'static>),
}

/// A message in one frame, all of it in one input: the common case, and the fast one. Anything
/// else, wrong frames included, is left to [`Connection::step`].
struct Whole<'i> {
    kind: MessageKind,
    mask: Option<MaskKey>,
    payload: &'i [u8],
}

impl<'i> Whole<'i> {
    #[inline]
    fn split(input: &'i [u8], sender: Role, max_bytes: usize) -> Option<(Self, &'i [u8])> {
        let [first, second, rest @ ..] = input else {
            return None;
        };
        const TEXT: u8 = FIN | Opcode::Text as u8;
        const BINARY: u8 = FIN | Opcode::Binary as u8;
        let kind = match *first {
            TEXT => MessageKind::Text,
            BINARY => MessageKind::Binary,
            _ => return None,
        };
        let masked = second & MASKED != 0;
        if masked != (sender == Role::Client) {
            return None;
        }
        let (len, rest) = match second & !MASKED {
            len @ 0..=MAX_SHORT_LEN => (usize::from(len), rest),
            _ => {
                let header = Header::parse(input, sender, Rsv1::Reserved);
                let (header, header_len) = header.ok()??;
                let mask_len = if masked { size_of::<MaskKey>() } else { 0 };
                let len = usize::try_from(header.payload_len).ok()?;
                (len, input.get(header_len - mask_len..)?)
            }
        };
        let (mask, rest) = if masked {
            let (key, rest) = rest.split_first_chunk()?;
            (Some(MaskKey::new(*key)), rest)
        } else {
            (None, rest)
        };
        if len > max_bytes {
            return None;
        }
        let (payload, rest) = rest.split_at_checked(len)?;
        Some((
            Self {
                kind,
                mask,
                payload,
            },
            rest,
        ))
    }
}

/// A header that comes in pieces.
#[derive(Clone, Copy, Debug, Default)]
struct PartialHeader {
    bytes: [u8; MAX_HEADER],
    len: u8,
}

impl PartialHeader {
    /// Eats a header, or the part of it that is there.
    fn read(
        &mut self,
        input: &mut &[u8],
        sender: Role,
        rsv1: Rsv1,
    ) -> Result<Option<Header>, Error> {
        if self.is_empty()
            && let Some((header, header_len)) = Header::parse(input, sender, rsv1)?
        {
            *input = input.get(header_len..).unwrap_or_default();
            return Ok(Some(header));
        }
        // At most fourteen turns: every header is complete by then, or wrong.
        while let Some((byte, rest)) = input.split_first() {
            *input = rest;
            if let Some(slot) = self.bytes.get_mut(usize::from(self.len)) {
                *slot = *byte;
                self.len += 1;
            }
            let bytes = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
            if let Some((header, _)) = Header::parse(bytes, sender, rsv1)? {
                self.len = 0;
                return Ok(Some(header));
            }
        }
        Ok(None)
    }

    const fn is_empty(&self) -> bool {
        self.len == 0
    }
}
