//! Pictures of a data set that cannot be read: named and left out, so that one of them does not end a run.

use std::fmt;
use std::path::Path;

use clip_rs_imagery::decode::DecodeError;
use clip_rs_stage::StageError;
use clip_rs_stage::progress::Progress;
use rayon::prelude::*;
use serde::Serialize;

use crate::evaluate::Example;

/// Pictures that an error names; the others are counted.
const NAMED: usize = 20;

/// A picture that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Its name in the data set.
    pub name: String,
    /// Why it cannot be read.
    pub why: String,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "left out {}: {}", self.name, self.why)
    }
}

/// Reads every picture with `read` and takes those that cannot be out of `examples`: what was read is in the order of
/// those that stay. An error when none stays.
pub(crate) fn keep_readable<T: Send>(
    data: &Path,
    examples: &mut Vec<Example>,
    read: impl Fn(&Example) -> Result<T, DecodeError> + Sync,
) -> Result<(Vec<T>, Vec<LeftOut>), StageError> {
    let progress = Progress::start("Reading pictures", examples.len());
    let all: Vec<Result<T, DecodeError>> = examples
        .par_iter()
        .map(|example| {
            let read = read(example);
            progress.advance(1);
            read
        })
        .collect();
    progress.finish();
    let (mut kept, mut left_out) = (Vec::with_capacity(all.len()), Vec::new());
    for (example, read) in std::mem::take(examples).into_iter().zip(all) {
        match read {
            Ok(read) => {
                kept.push(read);
                examples.push(example);
            }
            Err(error) => left_out.push(LeftOut { name: example.name, why: error.to_string() }),
        }
    }
    match left_out.is_empty() || !kept.is_empty() {
        true => Ok((kept, left_out)),
        false => {
            let names: Vec<String> =
                left_out.iter().take(NAMED).map(|one| format!("{}: {}", one.name, one.why)).collect();
            let count = left_out.len();
            Err(StageError::content(
                data,
                format!("none of {count} pictures can be read; {}", names.join("; ")),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples(names: &[&str]) -> Vec<Example> {
        let example = |name: &&str| Example {
            name: (*name).to_owned(),
            content: name.as_bytes().to_vec(),
            captions: Vec::new(),
            class: None,
            held: None,
        };
        names.iter().map(example).collect()
    }

    fn read(example: &Example) -> Result<usize, DecodeError> {
        match example.name.starts_with("bad") {
            true => Err(DecodeError::NoBytes),
            false => Ok(example.name.len()),
        }
    }

    #[test]
    fn what_cannot_be_read_is_named_and_the_others_stay_in_their_order() -> Result<(), StageError> {
        let mut all = examples(&["a", "bad1", "ccc", "bad2", "ee"]);
        let (kept, left_out) = keep_readable(Path::new("data"), &mut all, read)?;
        assert_eq!(kept, [1, 3, 2]);
        assert_eq!(all, examples(&["a", "ccc", "ee"]));
        let names: Vec<&str> = left_out.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["bad1", "bad2"]);
        assert!(left_out[0].to_string().contains("bad1: the file is empty"));
        Ok(())
    }

    #[test]
    fn a_data_set_of_which_nothing_can_be_read_is_an_error_that_names_them() {
        let error = keep_readable(Path::new("data"), &mut examples(&["bad1", "bad2"]), read);
        let error = error.expect_err("nothing is left").to_string();
        assert!(error.contains("bad1") && error.contains("bad2"), "{error}");
    }
}
