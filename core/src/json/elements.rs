//! Taking an array apart, for applications that have no JSON parser or need none.

/// The elements of an array, each as it is written there.
///
/// `array` is text that [`check`](super::check) takes for an array, such as the data of an event.
/// Of any other text, the pieces between its commas come out: no input makes it panic or go on for
/// ever.
///
/// ```
/// use sansocket::json;
///
/// let data = r#"["say", {"text":"a,b"}, [1, 2], "]"]"#;
/// let elements: Vec<&str> = json::elements(data).collect();
/// assert_eq!(elements, [r#""say""#, r#"{"text":"a,b"}"#, "[1, 2]", r#""]""#]);
/// ```
pub fn elements(array: &str) -> impl Iterator<Item = &str> {
    let array = array.trim_ascii();
    let inside = array.strip_prefix('[').unwrap_or(array);
    let inside = inside.strip_suffix(']').unwrap_or(inside).trim_ascii();
    let mut rest = (!inside.is_empty()).then_some(inside);
    core::iter::from_fn(move || {
        let text = rest?;
        let (element, after) = match comma(text) {
            Some(at) => (text.get(..at)?, text.get(at + 1..)),
            None => (text, None),
        };
        rest = after;
        Some(element.trim_ascii())
    })
}

/// Where the first element ends: at the first comma that is in no container and in no string.
fn comma(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    text.bytes().position(|byte| {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            return false;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        byte == b',' && depth == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn split(array: &str) -> Vec<&str> {
        elements(array).collect()
    }

    #[test]
    fn elements_come_out_as_they_are_written() {
        assert!(split("[]").is_empty());
        assert!(split(" [ ] ").is_empty());
        assert_eq!(split("[1]"), ["1"]);
        assert_eq!(split("[ 1 ,\n\"a\" ]"), ["1", "\"a\""]);
        assert_eq!(split(r#"["\"",2]"#), [r#""\"""#, "2"]);
        assert_eq!(split(r#"["\\",2]"#), [r#""\\""#, "2"]);
        assert_eq!(
            split(r#"["[,",{"a":[1,2]},3]"#),
            [r#""[,""#, r#"{"a":[1,2]}"#, "3"]
        );
        assert_eq!(split("[[[]],[]]"), ["[[]]", "[]"]);
        assert_eq!(split("[\"é,€\",\"😀\"]"), ["\"é,€\"", "\"😀\""]);
    }

    #[test]
    fn text_that_is_no_array_ends_too() {
        assert!(split("").is_empty());
        assert_eq!(split("1"), ["1"]);
        assert_eq!(split("[,]"), ["", ""]);
        assert_eq!(split("[\"a,b"), ["\"a,b"]);
        assert_eq!(split("]]],1"), ["]]]", "1"]);
    }
}
