//! Progress of long steps: a bar for people, a few plain lines for logs. Where a command consists of several known steps, each says
//! how far all of them are.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
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

/// The steps of a whole command, in their order, each with about how long it takes in whatever unit.
struct Whole(Vec<(&'static str, f64)>);

static WHOLE: OnceLock<Whole> = OnceLock::new();

/// From here on steps of these names say how far the whole command is. Once a process; what comes later is the same command.
pub fn whole(steps: &[(&'static str, f64)]) {
    WHOLE.get_or_init(|| Whole(steps.to_vec()));
}

impl Whole {
    /// Percents of everything that are done when this share of the step is, 0 to 100: steps before it are behind, or were not needed.
    /// None of a step that is not among them.
    fn percent(&self, what: &str, share: f64) -> Option<u64> {
        let at = self.0.iter().position(|(step, _)| *step == what)?;
        let sum = |steps: &[(&str, f64)]| steps.iter().map(|(_, weight)| weight).sum::<f64>();
        let (before, all) = (sum(self.0.get(..at)?), sum(&self.0));
        let own = self.0.get(at).map_or(0.0, |(_, weight)| weight * share);
        Some((100.0 * (before + own) / all.max(f64::MIN_POSITIVE)) as u64)
    }
}

/// How a step is shown.
enum Shown {
    /// To a person.
    Bar(ProgressBar),
    /// In a log.
    Lines,
    /// To nobody.
    Not,
}

/// How far a step is; shown on standard error. Safe to advance from several threads.
pub struct Progress {
    what: String,
    total: u64,
    done: AtomicU64,
    started: Instant,
    /// What its parts have taken so far, in the order of their beginnings.
    parts: Mutex<Vec<(&'static str, Duration)>>,
    shown: Shown,
}

impl Progress {
    /// Begins a step of `total` pieces; `what` says in a few words what is being done.
    pub fn start(what: &str, total: usize) -> Self {
        let total = total as u64;
        let shown = if std::io::stderr().is_terminal() {
            let form = "{prefix}{msg} {wide_bar} {pos}/{len} ({per_sec}, {eta} to go)";
            let style = ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar());
            Shown::Bar(ProgressBar::new(total).with_style(style).with_message(what.to_owned()))
        } else {
            eprintln!("{what}: {total}");
            Shown::Lines
        };
        Self {
            what: what.to_owned(),
            total,
            done: AtomicU64::new(0),
            started: Instant::now(),
            parts: Mutex::default(),
            shown,
        }
    }

    /// The same of a step that nobody is told of.
    pub fn hidden(total: usize) -> Self {
        Self {
            what: String::new(),
            total: total as u64,
            done: AtomicU64::new(0),
            started: Instant::now(),
            parts: Mutex::default(),
            shown: Shown::Not,
        }
    }

    /// Counts `pieces` more as done.
    pub fn advance(&self, pieces: usize) {
        let pieces = pieces as u64;
        let before = self.done.fetch_add(pieces, Ordering::Relaxed);
        match &self.shown {
            Shown::Bar(bar) => {
                bar.inc(pieces);
                if let Some(percent) = self.of_all(before + pieces) {
                    bar.set_prefix(format!("{percent} % of all, "));
                }
            }
            Shown::Lines => {
                let tenth = |done: u64| (done * 10).checked_div(self.total).unwrap_or(10);
                let now = before + pieces;
                if tenth(now) > tenth(before) && now < self.total {
                    let of_all = self.of_all_told(now);
                    eprintln!("{}: {now} of {}, {:.0} s{of_all}", self.what, self.total, self.seconds());
                }
            }
            Shown::Not => {}
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
        match &self.shown {
            Shown::Bar(bar) => bar.finish_and_clear(),
            Shown::Lines => {}
            Shown::Not => return,
        }
        let done = self.done.load(Ordering::Relaxed);
        let of_all = self.of_all_told(self.total);
        eprintln!("{}: {done} in {:.1} s{}{of_all}", self.what, self.seconds(), self.parts_told());
    }

    /// `; 46 % of all`; nothing of a step that is none of a whole.
    fn of_all_told(&self, done: u64) -> String {
        self.of_all(done).map_or_else(String::new, |percent| format!("; {percent} % of all"))
    }

    /// Percents of the whole command that are done when so many pieces of this step are, if it is one of its steps.
    fn of_all(&self, done: u64) -> Option<u64> {
        let share = if self.total == 0 { 1.0 } else { done as f64 / self.total as f64 };
        WHOLE.get()?.percent(&self.what, share.min(1.0))
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
    fn a_step_says_how_far_all_are_by_how_long_each_takes() {
        let whole = Whole(vec![("Fetching", 3.0), ("Embedding", 1.0), ("Building", 1.0)]);
        let percents = [("Fetching", 0.5), ("Fetching", 1.0), ("Embedding", 0.5), ("Building", 1.0)];
        let told = percents.map(|(what, share)| whole.percent(what, share));
        assert_eq!(told, [Some(30), Some(60), Some(70), Some(100)]);
        assert_eq!(whole.percent("Packing", 0.5), None);
        assert_eq!(Whole(vec![("Nothing", 0.0)]).percent("Nothing", 1.0), Some(0));
    }

    #[test]
    fn what_is_counted_stands_behind_a_number_with_parted_thousands() {
        let told = [0, 1, 412, 2304, 1_234_567].map(|number| counted(number, "tile", "tiles"));
        assert_eq!(told, ["0 tiles", "1 tile", "412 tiles", "2,304 tiles", "1,234,567 tiles"]);
    }
}
