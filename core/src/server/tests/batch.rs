//! Outputs as columns: what a host on the other side of a foreign function interface reads.

use super::*;

/// The records of a batch, each as its numbers and its three texts, sliced as JavaScript slices.
fn rows(batch: &Batch) -> Vec<(Vec<f64>, [String; 3])> {
    let units: Vec<u16> = batch.text.encode_utf16().collect();
    batch
        .records
        .chunks(Batch::STRIDE)
        .map(|record| {
            let at = |n: usize| record[5 + n] as usize;
            let text = |n| String::from_utf16(&units[at(n)..at(n + 1)]).unwrap();
            (record[..5].to_vec(), [text(0), text(1), text(2)])
        })
        .collect()
}

fn kinds(batch: &Batch) -> Vec<u8> {
    batch
        .records
        .chunks(Batch::STRIDE)
        .map(|record| record[0] as u8)
        .collect()
}

#[test]
fn an_event_is_numbers_and_a_slice() {
    let mut host = Host::new(Protocol::SocketIo);
    let (conn, socket) = host.connect();
    let mut batch = Batch::default();
    host.server
        .handle_input(host.now, conn, Input::Text(r#"427["hi",1]"#))
        .unwrap();
    assert!(!host.server.drain(&mut batch));
    let key = socket.as_u64() as f64;
    let expected = vec![f64::from(BatchKind::Event as u8), key, 7.0, 0.0, 0.0];
    let texts = [r#"["hi",1]"#, "", ""].map(String::from);
    assert_eq!(rows(&batch), [(expected, texts)]);
    assert!(batch.is_ascii());
}

#[test]
fn offsets_count_what_javascript_counts() {
    let mut host = Host::new(Protocol::SocketIo);
    let (conn, _) = host.connect();
    let mut batch = Batch::default();
    for text in [r#"42["é€😀"]"#, r#"42["after"]"#] {
        host.server
            .handle_input(host.now, conn, Input::Text(text))
            .unwrap();
    }
    host.server.drain(&mut batch);
    let texts: Vec<String> = rows(&batch)
        .into_iter()
        .map(|(_, [text, ..])| text)
        .collect();
    assert_eq!(texts, [r#"["é€😀"]"#, r#"["after"]"#]);
    assert!(!batch.is_ascii());
}

#[test]
fn a_broadcast_is_one_record_with_its_targets() {
    let mut host = Host::new(Protocol::SocketIo);
    let conns: Vec<f64> = (0..3).map(|_| host.connect().0.as_u64() as f64).collect();
    host.server
        .emit(
            host.now,
            EVERYBODY,
            EventData::new(r#"["x"]"#),
            EmitOptions::default(),
        )
        .unwrap();
    let mut batch = Batch::default();
    host.server.drain(&mut batch);
    let transmit = f64::from(BatchKind::Transmit as u8);
    // Three targets from the first on, the first frame, as text.
    assert_eq!(rows(&batch)[0].0, [transmit, 0.0, 3.0, 0.0, 1.0]);
    assert_eq!(batch.targets, conns);
    assert_eq!(batch.frames, [Bytes::from_static(br#"42["x"]"#)]);
}

#[test]
fn attachments_and_bodies_are_beside_the_records() {
    let mut host = Host::new(Protocol::SocketIo);
    let (conn, _) = host.connect();
    let mut batch = Batch::default();
    let text = r#"452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#;
    host.server
        .handle_input(host.now, conn, Input::Text(text))
        .unwrap();
    for attachment in [&[1][..], &[2, 3]] {
        host.server
            .handle_input(host.now, conn, Input::Binary(attachment))
            .unwrap();
    }
    let request = request("GET", "/socket.io/", &[]);
    host.server.handle_request(host.now, &request);
    host.server.drain(&mut batch);
    assert_eq!(
        kinds(&batch),
        [BatchKind::Event, BatchKind::Refused, BatchKind::Reply].map(|kind| kind as u8)
    );
    let rows = rows(&batch);
    assert_eq!(rows[0].0[2..], [-1.0, 0.0, 2.0]);
    assert_eq!(rows[2].0[2..4], [400.0, 2.0]);
    assert!(rows[2].1[0].contains("Content-Type: application/json\r\n"));
    assert_eq!(batch.binaries[..2], [&[1][..], &[2, 3]]);
    assert_eq!(
        &batch.binaries[2][..],
        br#"{"code":0,"message":"Transport unknown"}"#
    );
}

#[test]
fn a_flood_is_handed_over_in_portions() {
    let mut host = Host::new(Protocol::SocketIo);
    let (conn, _) = host.connect();
    let text = format!(r#"42["x","{}"]"#, "y".repeat(1_000));
    for _ in 0..1_000 {
        host.server
            .handle_input(host.now, conn, Input::Text(&text))
            .unwrap();
    }
    let mut batch = Batch::default();
    let (mut drains, mut events) = (0, 0);
    loop {
        let more = host.server.drain(&mut batch);
        assert!(batch.text.len() < 300 * 1024, "a portion has a bound");
        drains += 1;
        events += kinds(&batch).len();
        if !more {
            break;
        }
    }
    assert_eq!(events, 1_000);
    assert!(drains > 3);
}
