//! What a part of the test suite has found.

use std::fmt;
use std::ops::AddAssign;

use anyhow::Result;

use crate::process::Finished;
use crate::process::Server;
use crate::process::Step;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

#[derive(Default)]
pub(crate) struct Report {
    pub(crate) tally: Tally,
    /// What was skipped, and why.
    pub(crate) skipped: Vec<String>,
    failures: Vec<String>,
}

impl Report {
    /// A step that counts as one test: it succeeds or it does not.
    pub(crate) fn check(&mut self, step: Step) -> Result<()> {
        let finished = step.run()?;
        if finished.success {
            self.tally.passed += 1;
        } else {
            self.fail(&finished.label, &finished.tail());
        }
        Ok(())
    }

    /// A step that runs many tests and prints their numbers, which `count` reads.
    pub(crate) fn suite(&mut self, step: Step, count: fn(&str) -> Tally) -> Result<()> {
        let finished = step.run()?;
        let counted = count(&finished.output);
        self.tally += counted;
        self.judge(&finished, counted);
        Ok(())
    }

    /// Ends a server; that it ends when it is asked to is a test of its own.
    pub(crate) fn stop(&mut self, server: Server) {
        match server.stop() {
            Ok(()) => self.tally.passed += 1,
            Err(error) => self.fail("ends on SIGTERM", &format!("{error:#}")),
        }
    }

    /// One test that has failed.
    pub(crate) fn fail(&mut self, name: &str, why: &str) {
        self.tally.failed += 1;
        self.failures.push(format!("{name}: {why}"));
    }

    /// Tests that could not run here: `name` says which, `why` what is missing.
    pub(crate) fn skip(&mut self, name: &str, why: &str) {
        self.tally.skipped += 1;
        self.skipped.push(format!("{name}: {why}"));
    }

    pub(crate) fn print_remarks(&self) {
        for failure in &self.failures {
            eprintln!("\nFAILED {failure}\n");
        }
    }

    fn judge(&mut self, finished: &Finished, counted: Tally) {
        if counted.failed > 0 {
            self.failures
                .push(format!("{}:\n{}", finished.label, finished.tail()));
        } else if !finished.success {
            self.fail(&finished.label, &finished.tail());
        } else if counted.passed == 0 {
            self.fail(
                &finished.label,
                &format!("ran no test\n{}", finished.tail()),
            );
        }
        if counted.skipped > 0 {
            self.skipped
                .push(format!("{} of {}", counted.skipped, finished.label));
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }
}
