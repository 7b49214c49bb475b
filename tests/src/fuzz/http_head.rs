//! Heads of requests and responses read the same however they come, and only when they are there.

use sansocket::http::HeadError;
use sansocket::http::HeadParser;
use sansocket::http::Headers;

/// The bytes of a head, and perhaps of more.
pub fn target(data: &[u8]) {
    assert_eq!(request([data]), request(super::pieces(data)));
    assert_eq!(response([data]), response(super::pieces(data)));
}

/// What was read, and how many bytes were left of the last piece and those after it.
type Outcome = Result<Option<(String, usize)>, HeadError>;

fn request<'d>(pieces: impl IntoIterator<Item = &'d [u8]>) -> Outcome {
    let mut parser = HeadParser::default();
    let mut pieces = pieces.into_iter();
    while let Some(mut piece) = pieces.next() {
        if let Some(request) = parser.read_request(&mut piece)? {
            assert!(!request.method.is_empty());
            let lines = describe(&request.headers);
            let head = format!(
                "{} {} {:?} {lines}",
                request.method, request.target, request.version
            );
            let left = piece.len() + pieces.map(<[u8]>::len).sum::<usize>();
            return Ok(Some((head, left)));
        }
        assert!(piece.is_empty(), "an incomplete head eats everything");
    }
    Ok(None)
}

fn response<'d>(pieces: impl IntoIterator<Item = &'d [u8]>) -> Outcome {
    let mut parser = HeadParser::default();
    let mut pieces = pieces.into_iter();
    while let Some(mut piece) = pieces.next() {
        if let Some(response) = parser.read_response(&mut piece)? {
            let head = format!("{} {}", response.status, describe(&response.headers));
            let left = piece.len() + pieces.map(<[u8]>::len).sum::<usize>();
            return Ok(Some((head, left)));
        }
        assert!(piece.is_empty(), "an incomplete head eats everything");
    }
    Ok(None)
}

fn describe(headers: &Headers<'_>) -> String {
    let mut lines = String::new();
    for line in headers.iter() {
        assert!(!line.name.is_empty());
        let smuggles = |byte: &u8| matches!(byte, b'\r' | b'\n' | 0);
        assert!(!line.value.iter().any(smuggles));
        lines.push_str(&format!("{:?}={:?};", line.name, line.value));
    }
    lines
}
