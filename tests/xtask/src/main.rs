//! The commands of this repository, each of which sets up what it needs below `target/`: see [`USAGE`].

mod bench;
mod demo;
mod fixture;
mod node;
mod package;
mod process;
mod python;
mod rust;
mod stamp;
mod test;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use anyhow::Result;
use anyhow::bail;

use crate::fixture::Fixture;
use crate::fixture::Host;
use crate::test::Part;

const USAGE: &str = "\
cargo xtask demo [django|node|rust] [--port P]   build and serve the chat example until Ctrl-C
cargo xtask test [PART…]                         run the whole test suite, or the named parts
cargo xtask serve HOST FIXTURE --port P […]      become one fixture server (tests/fixtures/README.md)
cargo xtask bench [NAME…] [--json FILE]          run the benchmarks
cargo xtask package                              build the wheel and the npm tarballs into target/dist/";

fn main() -> ExitCode {
    process::end_children_on_signals();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<ExitCode> {
    let Some((command, rest)) = arguments.split_first() else {
        bail!("which command?\n\n{USAGE}");
    };
    let mut rest = Arguments(rest.to_vec());
    match command.as_str() {
        "demo" => {
            let port = rest
                .option("--port")?
                .map(|text| parse_port(&text))
                .transpose()?;
            let demo = rest
                .words()
                .first()
                .map_or(Ok(demo::Demo::Django), |word| word.parse())?;
            demo.serve(port)?;
        }
        "test" => {
            let parts = rest
                .words()
                .iter()
                .map(|word| word.parse())
                .collect::<Result<Vec<Part>>>()?;
            return Ok(test::run(&parts));
        }
        "serve" => {
            let port = parse_port(&rest.option("--port")?.context("serve needs --port P")?)?;
            let mut words = rest.words().into_iter();
            let host: Host = words
                .next()
                .context("serve needs a host: rust, python or node")?
                .parse()?;
            let fixture: Fixture = words
                .next()
                .context("serve needs the name of a fixture")?
                .parse()?;
            let options: Vec<String> = words.collect();
            fixture::build_for(host, fixture)?;
            process::become_command(fixture::command(host, fixture, port, &options)?)?;
        }
        "bench" => {
            let json: Option<PathBuf> = rest.option("--json")?.map(Into::into);
            bench::run(&rest.words(), json.as_deref())?;
        }
        "package" => package::run()?,
        "help" | "--help" | "-h" => println!("{USAGE}"),
        unknown => bail!("there is no command `{unknown}`\n\n{USAGE}"),
    }
    Ok(ExitCode::SUCCESS)
}

/// What follows the name of a command.
struct Arguments(Vec<String>);

impl Arguments {
    /// Takes `NAME VALUE` or `NAME=VALUE` out of the arguments.
    fn option(&mut self, name: &str) -> Result<Option<String>> {
        if let Some(at) = self.0.iter().position(|word| word == name) {
            if at + 1 == self.0.len() {
                bail!("{name} needs a value");
            }
            let value = self.0.remove(at + 1);
            self.0.remove(at);
            return Ok(Some(value));
        }
        let assigned = |word: &String| {
            word.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('='))
        };
        let Some(at) = self.0.iter().position(assigned) else {
            return Ok(None);
        };
        let word = self.0.remove(at);
        Ok(word.split_once('=').map(|(_, value)| value.to_owned()))
    }

    fn words(&self) -> Vec<String> {
        self.0.clone()
    }
}

fn parse_port(text: &str) -> Result<u16> {
    text.parse()
        .with_context(|| format!("`{text}` is not a port"))
}
