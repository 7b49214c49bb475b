//! What a message looks like on the wire.

use super::*;

/// All examples of section 7.2.3, at a client.
#[test]
fn the_examples_of_section_7_2_3() {
    let hello = [b"Hello".to_vec()];
    for payload in [
        // 7.2.3.1: a fixed block. 7.2.3.3: stored.
        &b"\xf2\x48\xcd\xc9\xc9\x07\x00"[..],
        b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00",
        // 7.2.3.4: a final block. 7.2.3.5: two blocks.
        b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00",
        b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00",
    ] {
        let mut client = client(&EAGER);
        let heard = receive(&mut client, &frame(0xC1, payload));
        assert_eq!(heard, (hello.to_vec(), None), "{payload:x?}");
    }
    // 7.2.3.1 again, in fragments.
    let fragments = b"\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00";
    assert_eq!(
        receive(&mut client(&EAGER), fragments),
        (hello.to_vec(), None)
    );
    // 7.2.3.2: the second message refers to the first.
    let two = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00";
    let twice = [hello.clone(), hello].concat();
    assert_eq!(receive(&mut client(&EAGER), two), (twice, None));
    // 7.2.3.6: an empty message.
    let empty = ([Vec::new()].to_vec(), None);
    assert_eq!(receive(&mut client(&EAGER), b"\xc1\x01\x00"), empty);
}

#[test]
fn what_is_sent_is_as_in_the_examples() {
    let mut server = server(&EAGER);
    server.send(Message::Text("Hello")).unwrap();
    server.send(Message::Text("Hello")).unwrap();
    assert_eq!(
        transmitted(&mut server),
        b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00"
    );
}
