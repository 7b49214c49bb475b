//! The whole test suite, part by part.

mod autobahn;
mod browser;
mod counts;
mod django;
mod fuzz;
mod interop;
mod node;
mod protocol;
mod python;
mod report;
mod rust;

use std::process::ExitCode;
use std::str::FromStr;
use std::time::Instant;

use anyhow::Result;
use anyhow::bail;

use self::report::Report;
use self::report::Tally;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Rust,
    NoStd,
    Layering,
    Python,
    Node,
    Django,
    Interop,
    Protocol,
    Autobahn,
    AutobahnAll,
    Browser,
    Fuzz,
}

/// Runs the parts in their order, or all of them, and prints a line for each. The last line is the sum.
pub(crate) fn run(parts: &[Part]) -> ExitCode {
    let everything = parts.is_empty();
    let mut lines = Vec::new();
    let mut sum = Tally::default();
    for part in Part::ALL {
        let wanted = if everything {
            part.is_default()
        } else {
            parts.contains(&part)
        };
        if !wanted {
            continue;
        }
        eprintln!("{}", part.name());
        let started = Instant::now();
        let mut report = Report::default();
        if let Err(error) = part.run(&mut report) {
            report.fail("set-up", &format!("{error:#}"));
        }
        report.print_remarks();
        sum += report.tally;
        lines.push(format!(
            "{:<12} {}  ({:.0} s)",
            part.name(),
            report.tally,
            started.elapsed().as_secs_f64()
        ));
        for skipped in &report.skipped {
            lines.push(format!("{:<12}   skipped: {skipped}", ""));
        }
    }
    println!();
    for line in lines {
        println!("{line}");
    }
    println!("{sum}");
    if sum.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

impl Part {
    const ALL: [Self; 12] = [
        Self::Rust,
        Self::NoStd,
        Self::Layering,
        Self::Fuzz,
        Self::Python,
        Self::Django,
        Self::Node,
        Self::Interop,
        Self::Protocol,
        Self::Autobahn,
        Self::AutobahnAll,
        Self::Browser,
    ];

    /// Runs when no part is named.
    fn is_default(self) -> bool {
        match self {
            // The arrows are one of the Rust tests; the part is for asking that question alone.
            Self::Layering => false,
            // More than an hour.
            Self::AutobahnAll => false,
            _ => true,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::NoStd => "no-std",
            Self::Layering => "layering",
            Self::Python => "python",
            Self::Node => "node",
            Self::Django => "django",
            Self::Interop => "interop",
            Self::Protocol => "protocol",
            Self::Autobahn => "autobahn",
            Self::AutobahnAll => "autobahn-all",
            Self::Browser => "browser",
            Self::Fuzz => "fuzz",
        }
    }

    fn run(self, report: &mut Report) -> Result<()> {
        match self {
            Self::Rust => rust::run(report),
            Self::NoStd => rust::run_no_std(report),
            Self::Layering => rust::run_layering(report),
            Self::Python => python::run(report),
            Self::Node => node::run(report),
            Self::Django => django::run(report),
            Self::Interop => interop::run(report),
            Self::Protocol => protocol::run(report),
            Self::Autobahn => autobahn::run(report),
            Self::AutobahnAll => autobahn::run_all(report),
            Self::Browser => browser::run(report),
            Self::Fuzz => fuzz::run(report),
        }
    }
}

impl FromStr for Part {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        let Some(part) = Self::ALL.into_iter().find(|part| part.name() == name) else {
            let names: Vec<&str> = Self::ALL.iter().map(|part| part.name()).collect();
            bail!(
                "`{name}` is not a part of the test suite: {}",
                names.join(", ")
            );
        };
        Ok(part)
    }
}
