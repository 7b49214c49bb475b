//! Running other programs: with progress, a log below `target/`, a time limit, and an end that nobody outlives.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context;
use anyhow::Result;
use anyhow::bail;
use nix::sys::signal::Signal;
use nix::sys::signal::killpg;
use nix::unistd::Pid;

use crate::workspace;

/// A program that runs to its end, its output going to a log.
pub(crate) struct Step {
    label: String,
    command: Command,
    limit: Duration,
}

/// What a [`Step`] left behind.
pub(crate) struct Finished {
    pub(crate) label: String,
    pub(crate) success: bool,
    /// Standard output and standard error, in the order in which they were written.
    pub(crate) output: String,
    pub(crate) log: PathBuf,
}

impl Step {
    /// `label` says what happens, to the reader of the progress lines.
    pub(crate) fn new(label: impl Into<String>, command: Command) -> Self {
        Self {
            label: label.into(),
            command,
            limit: STEP_LIMIT,
        }
    }

    /// Gives the program another limit than twenty minutes.
    pub(crate) fn within(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Runs the program; its failure is an error that shows the end of its output.
    pub(crate) fn must_succeed(self) -> Result<Finished> {
        let finished = self.run()?;
        if !finished.success {
            bail!("{} failed:\n{}", finished.label, finished.tail());
        }
        Ok(finished)
    }

    /// Runs the program; only being unable to start it is an error.
    pub(crate) fn run(mut self) -> Result<Finished> {
        let log = workspace::target(&format!("xtask/logs/{}.log", file_name(&self.label)))?;
        let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let started = Instant::now();
        self.command.stdout(file.try_clone()?).stderr(file);
        let mut group =
            Group::spawn(self.command).with_context(|| format!("{}: cannot start", self.label))?;
        let status = group.wait(self.limit)?;
        drop(group);
        let mut output = String::from_utf8_lossy(&std::fs::read(&log)?).into_owned();
        if status.is_none() {
            output.push_str(&format!(
                "\nxtask: still running after {} s, so it was ended\n",
                self.limit.as_secs()
            ));
        }
        let success = status.is_some_and(|status| status.success());
        let verdict = if success { "" } else { "  FAILED" };
        eprintln!(
            "  · {} ({:.1} s){verdict}",
            self.label,
            started.elapsed().as_secs_f64()
        );
        Ok(Finished {
            label: self.label,
            success,
            output,
            log,
        })
    }
}

impl Finished {
    /// What the output says of failures, and its end.
    pub(crate) fn tail(&self) -> String {
        let lines: Vec<&str> = self.output.lines().collect();
        let (head, tail) = lines.split_at(lines.len().saturating_sub(TAIL_LINES));
        // Long suites say which test has failed long before their end.
        let is_failure = |line: &&&str| FAILURE_SIGNS.iter().any(|sign| line.contains(sign));
        let failures = head.iter().filter(is_failure);
        let shown: Vec<&str> = failures.chain(tail).copied().collect();
        let shown = shown.join("\n");
        format!(
            "{shown}\n(the whole output: {})",
            workspace::shown(&self.log)
        )
    }
}

/// A server that runs while tests talk to it.
pub(crate) struct Server {
    label: String,
    group: Group,
    log: PathBuf,
}

impl Server {
    /// Starts the program and waits until its output contains a line that `ready` turns into a value.
    pub(crate) fn start<T>(
        label: &str,
        mut command: Command,
        ready: impl Fn(&str) -> Option<T>,
    ) -> Result<(Self, T)> {
        let log = workspace::target(&format!("xtask/logs/{}.log", file_name(label)))?;
        let file = File::create(&log)?;
        command.stdout(file.try_clone()?).stderr(file);
        let group = Group::spawn(command).with_context(|| format!("{label}: cannot start"))?;
        let mut server = Self {
            label: label.to_owned(),
            group,
            log,
        };
        let deadline = Instant::now() + READY_LIMIT;
        loop {
            let output = String::from_utf8_lossy(&std::fs::read(&server.log)?).into_owned();
            if let Some(value) = output.lines().find_map(&ready) {
                return Ok((server, value));
            }
            if let Some(status) = server.group.child.try_wait()? {
                bail!("{label} ended ({status}) before it was ready:\n{output}");
            }
            if Instant::now() > deadline {
                bail!(
                    "{label} was not ready within {} s:\n{output}",
                    READY_LIMIT.as_secs()
                );
            }
            std::thread::sleep(POLL);
        }
    }

    /// Asks the server to end, as a supervisor does, and insists that it obeys.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.group.signal(Signal::SIGTERM);
        let status = self.group.wait(STOP_LIMIT)?;
        if status.is_none() {
            bail!(
                "{} was still running {} s after SIGTERM ({})",
                self.label,
                STOP_LIMIT.as_secs(),
                workspace::shown(&self.log)
            );
        }
        Ok(())
    }
}

/// Replaces this process: signals then reach the server directly, and its standard output is ours.
pub(crate) fn become_command(mut command: Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    Err(command.exec()).with_context(|| format!("cannot run {program}"))
}

/// Is there a program of this name?
pub(crate) fn exists(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// What a short command prints, without the white space around it.
pub(crate) fn capture(mut command: Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        bail!(
            "{command:?} failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A signal that ends us ends what we have started.
pub(crate) fn end_children_on_signals() {
    let handler = || {
        for group in groups().drain(..) {
            let _ = killpg(group, Signal::SIGTERM);
        }
        std::process::exit(130);
    };
    ctrlc::set_handler(handler)
        .unwrap_or_else(|error| eprintln!("xtask: signals are not handled: {error}"));
}

/// A child with everything that it starts. The group ends with this value.
struct Group {
    child: Child,
    id: Pid,
}

impl Group {
    fn spawn(mut command: Command) -> Result<Self> {
        let child = command.stdin(Stdio::null()).process_group(0).spawn()?;
        let id = Pid::from_raw(i32::try_from(child.id())?);
        groups().push(id);
        Ok(Self { child, id })
    }

    /// `None`: the limit has passed.
    fn wait(&mut self, limit: Duration) -> Result<Option<ExitStatus>> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            if Instant::now() > deadline {
                return Ok(None);
            }
            std::thread::sleep(POLL);
        }
    }

    fn signal(&self, signal: Signal) {
        // The only error here is that the group has gone already.
        let _ = killpg(self.id, signal);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(Signal::SIGTERM);
            let _ = self.wait(STOP_LIMIT);
        }
        // Whatever the child has left behind.
        self.signal(Signal::SIGKILL);
        let _ = self.child.wait();
        groups().retain(|group| *group != self.id);
    }
}

/// The groups that run now; a signal handler has no other way to reach them.
fn groups() -> std::sync::MutexGuard<'static, Vec<Pid>> {
    static GROUPS: Mutex<Vec<Pid>> = Mutex::new(Vec::new());
    GROUPS
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn file_name(label: &str) -> String {
    label
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect()
}

const POLL: Duration = Duration::from_millis(20);
const STEP_LIMIT: Duration = Duration::from_secs(20 * 60);
const READY_LIMIT: Duration = Duration::from_secs(30);
const STOP_LIMIT: Duration = Duration::from_secs(3);
const TAIL_LINES: usize = 60;
/// How cargo, pytest and node mark a test that has failed.
const FAILURE_SIGNS: &[&str] = &["... FAILED", "panicked at", "FAILED tests/", "✖ "];
