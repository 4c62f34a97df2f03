//! What a person sees of a long command: each step says what it does, how long it took, or that it was done.

use std::sync::Mutex;
use std::time::{Duration, Instant};

/// One step under way.
pub struct Step {
    name: String,
    start: Instant,
}

/// Steps that took time, in the order in which they ended.
static DONE: Mutex<Vec<(String, Duration)>> = Mutex::new(Vec::new());

impl Step {
    /// Says that `name` begins and what it will do.
    pub fn start(name: impl Into<String>, what: &str) -> Self {
        let name = name.into();
        eprintln!("==> {name}: {what}");
        Self { name, start: Instant::now() }
    }

    /// Says something about the step while it goes on.
    pub fn note(&self, words: &str) {
        eprintln!("    {}: {words}", self.name);
    }

    /// Says that the step is done and how long it took.
    pub fn done(self, result: &str) {
        let took = self.start.elapsed();
        eprintln!("  ✓ {}: {result} ({})", self.name, seconds(took));
        if let Ok(mut done) = DONE.lock() {
            done.push((self.name, took));
        }
    }
}

/// Says that there was nothing to do for `name`.
pub fn skipped(name: &str, why: &str) {
    eprintln!("  ✓ {name}: {why}");
}

/// Prints how long each step took, and all together.
pub fn print_summary(since: Instant) {
    let Ok(done) = DONE.lock() else { return };
    if done.is_empty() {
        return;
    }
    let width = done.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    eprintln!("\nTime taken");
    for (name, took) in done.iter() {
        eprintln!("  {name:width$}  {:>9}", seconds(*took));
    }
    eprintln!("  {:width$}  {:>9}", "all", seconds(since.elapsed()));
}

/// A duration for people: `0.4 s`, `12 s`, `2 min 5 s`.
pub fn seconds(took: Duration) -> String {
    let seconds = took.as_secs_f64();
    if seconds < 9.95 {
        format!("{seconds:.1} s")
    } else if seconds < 119.5 {
        format!("{seconds:.0} s")
    } else {
        let whole = seconds.round() as u64;
        format!("{} min {} s", whole / 60, whole % 60)
    }
}
