//! Comparing secrets.

use core::hint::black_box;

/// Compares a secret with a guess in a time that does not depend on where they differ. Only the
/// length of the secret can be learned from it.
#[must_use]
pub fn constant_time_eq(secret: &[u8], guess: &[u8]) -> bool {
    if secret.len() != guess.len() {
        return false;
    }
    let mut difference = 0;
    for (a, b) in secret.iter().zip(guess) {
        // Without the barrier a compiler may leave the loop at the first difference.
        difference = black_box(difference | (a ^ b));
    }
    difference == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t17_secrets_are_compared_whole() {
        assert!(constant_time_eq(b"", b""));
        assert!(constant_time_eq(b"secret", b"secret"));
        for guess in [&b"secreT"[..], b"Secret", b"secre", b"secret1", b""] {
            assert!(!constant_time_eq(b"secret", guess));
        }
    }
}
