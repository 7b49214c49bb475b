//! The numbers in what test programs print.

use super::report::Tally;

/// `cargo test`: one line `test result: ok. 3 passed; 0 failed; 1 ignored; …` per program.
pub(crate) fn cargo(output: &str) -> Tally {
    let mut tally = Tally::default();
    for line in output
        .lines()
        .filter(|line| line.starts_with("test result:"))
    {
        tally += Tally {
            passed: before(line, " passed"),
            failed: before(line, " failed"),
            skipped: before(line, " ignored"),
        };
    }
    tally
}

/// pytest: a last line `==== 1 failed, 9 passed, 2 skipped, 1 error in 3.21s ====`, with or without the rule around it.
pub(crate) fn pytest(output: &str) -> Tally {
    let is_summary = |line: &&str| {
        line.contains(" in ")
            && [" passed", " failed", " error", " skipped"]
                .iter()
                .any(|word| line.contains(word))
    };
    let Some(line) = output.lines().rev().find(is_summary) else {
        return Tally::default();
    };
    Tally {
        passed: before(line, " passed"),
        // A test that was expected to fail and passed is one whose expectation is wrong.
        failed: before(line, " failed") + before(line, " error") + before(line, " xpassed"),
        skipped: before(line, " skipped") + before(line, " xfailed"),
    }
}

/// `node --test --test-reporter=spec`: a block of lines `ℹ pass 3`, before the failures in detail.
pub(crate) fn node(output: &str) -> Tally {
    let number = |name: &str| {
        let of_line = |line: &str| {
            line.strip_prefix("ℹ ")?
                .strip_prefix(name)?
                .trim()
                .parse::<u64>()
                .ok()
        };
        output.lines().find_map(of_line).unwrap_or(0)
    };
    Tally {
        passed: number("pass "),
        failed: number("fail ") + number("cancelled "),
        skipped: number("skipped ") + number("todo "),
    }
}

/// Django's runner: `Ran 12 tests in 0.3s`, then `OK (skipped=1)` or `FAILED (failures=1, errors=2)`.
pub(crate) fn django(output: &str) -> Tally {
    let ran = output.lines().rev().find_map(|line| {
        line.strip_prefix("Ran ")?
            .split(' ')
            .next()?
            .parse::<u64>()
            .ok()
    });
    let verdict = output
        .lines()
        .rev()
        .find(|line| line.starts_with("OK") || line.starts_with("FAILED"))
        .unwrap_or_default();
    let items = || {
        verdict
            .split(['(', ',', ')'])
            .filter_map(|item| item.trim().split_once('='))
    };
    let sum = |names: &[&str]| {
        items()
            .filter(|(name, _)| names.contains(name))
            .filter_map(|(_, number)| number.parse::<u64>().ok())
            .sum::<u64>()
    };
    let failed = sum(&["failures", "errors", "unexpected successes"]);
    let skipped = sum(&["skipped", "expected failures"]);
    Tally {
        passed: ran.unwrap_or(0).saturating_sub(failed + skipped),
        failed,
        skipped,
    }
}

/// `tests/autobahn/run.py`: a last line `298 passed, 1 failed`.
pub(crate) fn autobahn(output: &str) -> Tally {
    let line = output.lines().last().unwrap_or_default();
    Tally {
        passed: before(line, " passed"),
        failed: before(line, " failed"),
        skipped: 0,
    }
}

/// The number that stands right before a word.
fn before(line: &str, word: &str) -> u64 {
    let Some((head, _)) = line.split_once(word) else {
        return 0;
    };
    head.rsplit(|c: char| !c.is_ascii_digit())
        .next()
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn tally(passed: u64, failed: u64, skipped: u64) -> Tally {
        Tally {
            passed,
            failed,
            skipped,
        }
    }

    #[test]
    fn cargo_adds_up_its_programs() {
        let output = "running 4 tests\n\
            test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s\n";
        assert_eq!(cargo(output), tally(13, 2, 1));
        assert_eq!(cargo("error: could not compile"), tally(0, 0, 0));
    }

    #[test]
    fn pytest_says_it_in_its_last_line() {
        assert_eq!(
            pytest("a passed in 1\n===== 1 failed, 9 passed, 2 skipped, 1 error in 3.21s ====="),
            tally(9, 2, 2)
        );
        assert_eq!(pytest("12 passed in 0.21s"), tally(12, 0, 0));
        assert_eq!(pytest("3 errors in 0.21s"), tally(0, 3, 0));
        assert_eq!(
            pytest("1 passed, 1 xfailed, 1 warning in 0.21s"),
            tally(1, 0, 1)
        );
        assert_eq!(pytest("no tests ran in 0.01s"), tally(0, 0, 0));
    }

    #[test]
    fn node_says_it_before_its_failures() {
        let output = "✔ a (1 ms)\nℹ tests 6\nℹ suites 0\nℹ pass 3\nℹ fail 1\nℹ cancelled 1\nℹ skipped 1\nℹ todo 0\n✖ failing tests:\n";
        assert_eq!(node(output), tally(3, 2, 1));
        assert_eq!(node("SyntaxError"), tally(0, 0, 0));
    }

    #[test]
    fn autobahn_says_it_in_its_last_line() {
        let output = "\nFAILED 1.1.1: 5 passed\n298 passed, 1 failed\n";
        assert_eq!(autobahn(output), tally(298, 1, 0));
        assert_eq!(autobahn("ModuleNotFoundError: twisted"), tally(0, 0, 0));
    }

    #[test]
    fn django_counts_what_ran() {
        assert_eq!(django("Ran 12 tests in 0.300s\n\nOK\n"), tally(12, 0, 0));
        assert_eq!(
            django("Ran 12 tests in 0.3s\n\nFAILED (failures=1, errors=2, skipped=3)\n"),
            tally(6, 3, 3)
        );
        assert_eq!(
            django("Ran 2 tests in 0.3s\n\nOK (skipped=1, expected failures=1)\n"),
            tally(0, 0, 2)
        );
    }
}
