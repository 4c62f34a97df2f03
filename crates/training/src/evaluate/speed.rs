//! How long one query and one picture take, on one thread of this machine.

use std::time::Instant;

use clip_rs_imagery::decode::Decoder;
use clip_rs_search::model::{ImageTower, TextTower};
use serde::Serialize;

use super::dataset::Example;
use clip_rs_stage::StageError;

/// Texts and pictures that are timed, spread over the data.
const TIMED: usize = 32;

/// Median times, milliseconds. They tell models apart; a browser's are longer, and other machines' differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Speed {
    /// From words to a vector.
    pub text_ms: f64,
    /// From a picture file's bytes to a vector: decoding, resizing, the tower.
    pub picture_ms: f64,
    /// The processor's name, or its architecture where the system does not say.
    pub processor: String,
}

impl Speed {
    /// Times up to 32 of the texts and of the pictures one by one. Neither may be empty.
    pub(super) fn measure(
        text: &dyn TextTower,
        image: &dyn ImageTower,
        texts: &[&str],
        examples: &[Example],
        decoder: &Decoder,
    ) -> Result<Self, StageError> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        let pool = pool.map_err(|error| StageError::Request(format!("cannot start a thread: {error}")))?;
        pool.install(|| {
            let texts = time(texts, |sentence| {
                text.encode(sentence).map(drop).map_err(StageError::engine(sentence))
            })?;
            let pictures = time(examples, |example| {
                let picture = decoder.decode(&example.content).map_err(StageError::engine(&example.name))?;
                image.encode(&picture.rgb).map(drop).map_err(StageError::engine(&example.name))
            })?;
            Ok(Self { text_ms: median(texts), picture_ms: median(pictures), processor: processor() })
        })
    }
}

/// Milliseconds of each of some of the subjects, after one that is not counted.
fn time<T>(subjects: &[T], work: impl Fn(&T) -> Result<(), StageError>) -> Result<Vec<f64>, StageError> {
    let step = subjects.len().div_ceil(TIMED).max(1);
    subjects.first().map_or(Ok(()), &work)?;
    let timed = subjects.iter().step_by(step).map(|subject| {
        let started = Instant::now();
        work(subject)?;
        Ok(started.elapsed().as_secs_f64() * 1e3)
    });
    timed.collect()
}

/// The middle value, or the mean of the two in the middle; 0 of none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = |at: usize| values.get(at).copied().unwrap_or_default();
    (middle(values.len() / 2) + middle(values.len().saturating_sub(1) / 2)) / 2.0
}

fn processor() -> String {
    let told = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    name_in(&told).unwrap_or(std::env::consts::ARCH).to_owned()
}

/// The name in Linux's description of the processors.
fn name_in(cpuinfo: &str) -> Option<&str> {
    let name = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map(|(_, name)| name.trim()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(vec![9.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![9.0, 1.0, 2.0, 4.0]), 3.0);
        assert_eq!(median(Vec::new()), 0.0);
    }

    #[test]
    fn the_processor_is_named_as_linux_names_it() {
        let told = "processor\t: 0\nmodel name\t: Some CPU @ 2.00GHz\nmodel name\t: Other\n";
        assert_eq!(name_in(told), Some("Some CPU @ 2.00GHz"));
        assert_eq!(name_in("processor\t: 0\nBogoMIPS\t: 50.00\n"), None);
        assert!(!processor().is_empty());
    }

    #[test]
    fn subjects_are_spread_over_all_of_them_and_a_failure_ends_it() -> Result<(), StageError> {
        let seen = std::cell::RefCell::new(Vec::new());
        let subjects: Vec<usize> = (0..100).collect();
        let times = time(&subjects, |subject| {
            seen.borrow_mut().push(*subject);
            Ok(())
        })?;
        assert!(times.iter().all(|time| *time >= 0.0));
        assert_eq!((times.len(), seen.borrow().last()), (25, Some(&96)));
        let fails = |subject: &usize| match subject {
            8 => Err(StageError::Request("eight".to_owned())),
            _ => Ok(()),
        };
        assert!(time(&subjects, fails).is_err());
        Ok(())
    }
}
