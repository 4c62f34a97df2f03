//! Schedulers, executors and runs as processes of their own, ended when a test is.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::hosts::Host;

/// Words and variables of a process.
pub type Variables<'a> = &'a [(String, String)];

/// A process that is ended when it is dropped.
pub struct Process {
    child: RefCell<Option<Child>>,
}

impl Process {
    /// Starts `clip-rs-cluster` with these words and variables on this machine.
    pub fn start(words: &[String], variables: Variables<'_>) -> Self {
        Self::on(&Host::local(), words, variables)
    }

    /// The same on a host; what it says is kept.
    pub fn on(host: &Host, words: &[String], variables: Variables<'_>) -> Self {
        Self::spawn(with(host, words, variables).stdout(Stdio::piped()).stderr(Stdio::piped()))
    }

    fn spawn(command: &mut Command) -> Self {
        Self { child: RefCell::new(Some(command.spawn().expect("a process"))) }
    }

    pub fn is_running(&self) -> bool {
        self.child.borrow_mut().as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    fn end(&self) -> Output {
        self.child.take().expect("a process that was not waited for").wait_with_output().expect("an output")
    }

    /// What it says, if it ends well.
    pub fn succeed(self) -> String {
        let output = self.end();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {error}", output.status);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What it complains of, if it ends badly.
    pub fn fail(self) -> String {
        let output = self.end();
        assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    pub fn kill(&self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("killed");
            child.wait().expect("ended");
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

fn with(host: &Host, words: &[String], variables: Variables<'_>) -> Command {
    let mut command = host.command(env!("CARGO_BIN_EXE_clip-rs-cluster"));
    command.args(words).envs(variables.iter().cloned()).stdin(Stdio::null());
    command
}

/// A scheduler with executors.
pub struct Cluster {
    at: SocketAddr,
    _scheduler: Process,
    executors: Vec<Process>,
}

impl Cluster {
    /// So many executors beside the scheduler, on this machine.
    pub fn start(executors: usize, variables: Variables<'_>) -> Self {
        Self::on(&Host::local(), &vec![Host::local(); executors], variables)
    }

    /// A scheduler on a host, and an executor on each of the others.
    pub fn on(host: &Host, others: &[Host], variables: Variables<'_>) -> Self {
        let at = host.free(0);
        let words = ["scheduler", "--bind", &at.to_string(), "--lost-after", "4"].map(str::to_owned);
        let scheduler = Process::spawn(&mut with(host, &words, variables));
        let began = Instant::now();
        while !host.reaches(at) {
            assert!(began.elapsed() < Duration::from_secs(60), "no scheduler at {at}");
            std::thread::sleep(Duration::from_millis(20));
        }
        let mut cluster = Self { at, _scheduler: scheduler, executors: Vec::new() };
        cluster.executors = others.iter().map(|other| cluster.executor(other, variables)).collect();
        cluster
    }

    /// One executor more, on a host.
    pub fn executor(&self, host: &Host, variables: Variables<'_>) -> Process {
        let (own, control) = (host.free(1).to_string(), host.free(2).port().to_string());
        let scheduler = self.scheduler();
        let words = [
            "executor",
            "--scheduler",
            &scheduler,
            "--bind",
            &own,
            "--control-port",
            &control,
            "--heartbeat",
            "1",
        ];
        Process::spawn(&mut with(host, &words.map(str::to_owned), variables))
    }

    pub fn scheduler(&self) -> String {
        self.at.to_string()
    }

    pub fn kill(&mut self, executor: usize) {
        self.executors[executor].kill();
    }

    /// Executors that have not ended.
    pub fn running(&self) -> usize {
        self.executors.iter().filter(|executor| executor.is_running()).count()
    }
}
