//! Threads, which carry bytes: for each TCP connection one that reads and one that writes.

use std::io;
use std::io::Read;
use std::io::Write;
use std::net::Shutdown;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::thread;

use bytes::Bytes;

/// The number of a TCP connection; numbers are never used again.
pub(crate) type LinkId = u64;

/// What the threads of a connection tell the host.
pub(crate) enum News {
    Opened(LinkId, Writer),
    Read(LinkId, Vec<u8>),
    /// What had piled up for a slow client is written.
    Drained(LinkId),
    Closed(LinkId),
}

/// The host's end of a writing thread, which closes the connection when this is dropped and all is
/// written.
pub(crate) struct Writer {
    queue: mpsc::Sender<Bytes>,
    /// How many bytes are in the queue.
    waiting: Arc<AtomicUsize>,
}

impl Writer {
    /// Queues bytes; `true` when so much waits now that the client counts as slow.
    pub(crate) fn write(&self, bytes: Bytes) -> bool {
        let before = self.waiting.fetch_add(bytes.len(), Ordering::Relaxed);
        let became_slow = before <= CONGESTED && before + bytes.len() > CONGESTED;
        // When nobody takes it, the connection is broken, and the reader will say so.
        let _broken = self.queue.send(bytes);
        became_slow
    }

    pub(crate) fn is_congested(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > CONGESTED
    }
}

/// Takes connections for ever.
pub(crate) fn accept(listener: &TcpListener, to_host: &mpsc::SyncSender<News>) {
    for (link, stream) in (0..).zip(listener.incoming().flatten()) {
        // It fails when the client has gone already or there are no more threads: the next, please.
        let _refused = carry(link, stream, to_host);
    }
}

fn carry(link: LinkId, mut stream: TcpStream, to_host: &mpsc::SyncSender<News>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut sink = stream.try_clone()?;
    let (queue, buffers) = mpsc::channel::<Bytes>();
    let waiting = Arc::new(AtomicUsize::new(0));
    let writer = Writer {
        queue,
        waiting: Arc::clone(&waiting),
    };
    let (from_reader, from_writer) = (to_host.clone(), to_host.clone());
    thread::Builder::new().spawn(move || {
        for buffer in buffers {
            if sink.write_all(&buffer).is_err() {
                break;
            }
            let before = waiting.fetch_sub(buffer.len(), Ordering::Relaxed);
            if before > CONGESTED && before - buffer.len() <= CONGESTED {
                let _host_is_gone = from_writer.send(News::Drained(link));
            }
        }
        let _closed_already = sink.shutdown(Shutdown::Both);
    })?;
    thread::Builder::new().spawn(move || {
        let mut buffer = vec![0; READ_BUFFER];
        let _host_is_gone = from_reader.send(News::Opened(link, writer));
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            let read = buffer.get(..count).unwrap_or_default().to_vec();
            let _host_is_gone = from_reader.send(News::Read(link, read));
        }
        let _host_is_gone = from_reader.send(News::Closed(link));
    })?;
    Ok(())
}

/// So many bytes wait for a client before it counts as slow.
const CONGESTED: usize = 64 * 1024;

/// One read takes so many bytes at most.
const READ_BUFFER: usize = 16 * 1024;
