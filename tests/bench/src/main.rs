//! Benchmarks of the core beside its peers: interleaved runs in one process, medians of ratios.
//!
//! Usage: `sansocket-bench [NAME…]`; prints a line per benchmark, and with `--json` an array.

use std::process::ExitCode;

mod fan_out;
mod interleave;
mod packet;
mod websocket;

/// A benchmark's name and what runs it.
type Benchmark = (&'static str, fn() -> Vec<interleave::Figure>);

const BENCHMARKS: &[Benchmark] = &[
    ("websocket-decode", websocket::decode),
    ("packet-decode", packet::decode),
    ("fan-out", fan_out::broadcast),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let as_json = arguments.iter().any(|argument| argument == "--json");
    let names: Vec<&String> = arguments
        .iter()
        .filter(|argument| *argument != "--json")
        .collect();
    if let Some(unknown) = names
        .iter()
        .find(|name| !BENCHMARKS.iter().any(|(known, _)| known == *name))
    {
        let known: Vec<&str> = BENCHMARKS.iter().map(|(name, _)| *name).collect();
        eprintln!(
            "there is no benchmark `{unknown}`: choose from {}",
            known.join(", ")
        );
        return ExitCode::from(2);
    }
    let mut figures = Vec::new();
    for (name, run) in BENCHMARKS {
        if names.is_empty() || names.iter().any(|wanted| wanted == name) {
            figures.extend(run());
        }
    }
    if as_json {
        let rows: Vec<String> = figures.iter().map(interleave::Figure::json).collect();
        println!("[{}]", rows.join(","));
    } else {
        for figure in &figures {
            println!("{figure}");
        }
    }
    ExitCode::SUCCESS
}
