//! Progress of long steps: a bar for people, a few plain lines for logs.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

/// Says a sentence on standard error, between steps.
pub fn say(sentence: &str) {
    eprintln!("{sentence}");
}

/// How far a step is; shown on standard error. Safe to advance from several threads.
pub struct Progress {
    what: String,
    total: u64,
    done: AtomicU64,
    started: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Begins a step of `total` pieces; `what` says in a few words what is being done.
    pub fn start(what: &str, total: usize) -> Self {
        let total = total as u64;
        let bar = std::io::stderr().is_terminal().then(|| {
            let form = "{msg} {wide_bar} {pos}/{len} ({per_sec}, {eta} to go)";
            let style = ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(total).with_style(style).with_message(what.to_owned())
        });
        if bar.is_none() {
            eprintln!("{what}: {total}");
        }
        Self { what: what.to_owned(), total, done: AtomicU64::new(0), started: Instant::now(), bar }
    }

    /// Counts `pieces` more as done.
    pub fn advance(&self, pieces: usize) {
        let pieces = pieces as u64;
        let before = self.done.fetch_add(pieces, Ordering::Relaxed);
        match &self.bar {
            Some(bar) => bar.inc(pieces),
            None => {
                let tenth = |done: u64| (done * 10).checked_div(self.total).unwrap_or(10);
                let now = before + pieces;
                if tenth(now) > tenth(before) && now < self.total {
                    eprintln!("{}: {now} of {}, {:.0} s", self.what, self.total, self.seconds());
                }
            }
        }
    }

    /// Ends the step and says how long it took.
    pub fn finish(self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let done = self.done.load(Ordering::Relaxed);
        eprintln!("{}: {done} in {:.1} s", self.what, self.seconds());
    }

    fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }
}
