//! Progress of long steps: a bar for people, a few plain lines for logs.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};

/// Says a sentence on standard error, between steps.
pub fn say(sentence: &str) {
    eprintln!("{sentence}");
}

/// A number with commas between thousands and what it counts: `1 tile`, `1,024 tiles`.
pub fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", HumanCount(number as u64), if number == 1 { one } else { many })
}

/// How far a step is; shown on standard error. Safe to advance from several threads.
pub struct Progress {
    what: String,
    total: u64,
    done: AtomicU64,
    started: Instant,
    /// What its parts have taken so far, in the order of their beginnings.
    parts: Mutex<Vec<(&'static str, Duration)>>,
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
        Self {
            what: what.to_owned(),
            total,
            done: AtomicU64::new(0),
            started: Instant::now(),
            parts: Mutex::default(),
            bar,
        }
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

    /// Does a part of the step; what parts of this name took in all is said when the step ends.
    pub fn part<T>(&self, name: &'static str, work: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let result = work();
        let taken = started.elapsed();
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        match parts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, total)) => *total += taken,
            None => parts.push((name, taken)),
        }
        result
    }

    /// Ends the step and says how long it and its parts took.
    pub fn finish(self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let done = self.done.load(Ordering::Relaxed);
        eprintln!("{}: {done} in {:.1} s{}", self.what, self.seconds(), self.parts_told());
    }

    /// ` (reading 1.20 s, embedding 3.45 s)`; nothing without parts.
    fn parts_told(&self) -> String {
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let told: Vec<String> =
            parts.iter().map(|(name, taken)| format!("{name} {:.2} s", taken.as_secs_f64())).collect();
        if told.is_empty() { String::new() } else { format!(" ({})", told.join(", ")) }
    }

    fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_name_are_told_together_in_the_order_of_their_beginnings() {
        let progress = Progress::start("Testing", 0);
        assert_eq!(progress.parts_told(), "");
        assert_eq!(progress.part("reading", || 1), 1);
        progress.part("writing", || ());
        progress.part("reading", || ());
        let told = progress.parts_told();
        let names: Vec<&str> =
            told.split(|c: char| !c.is_alphabetic()).filter(|word| word.len() > 1).collect();
        assert_eq!(names, ["reading", "writing"], "{told}");
    }

    #[test]
    fn what_is_counted_stands_behind_a_number_with_parted_thousands() {
        let told = [0, 1, 412, 2304, 1_234_567].map(|number| counted(number, "tile", "tiles"));
        assert_eq!(told, ["0 tiles", "1 tile", "412 tiles", "2,304 tiles", "1,234,567 tiles"]);
    }
}
