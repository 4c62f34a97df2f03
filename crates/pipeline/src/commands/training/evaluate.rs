//! `clip-rs evaluate`: measures and compares models.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, ValueEnum};
use clip_rs_training::evaluate::{Reliability, Task, report, table, write_json};

use super::name_left_out;

#[derive(Args)]
pub struct Evaluate {
    /// Folders of model packages
    #[arg(long, value_name = "DIR", num_args = 1.., required = true)]
    pub model: Vec<PathBuf>,
    /// Folder, .tar or .tar.gz with dataset.json and pictures, or with a folder for each class
    #[arg(long)]
    pub data: PathBuf,
    /// Which pictures [default: test where there is one, else all]
    #[arg(long)]
    pub split: Option<String>,
    /// What to measure [default: both, as far as the data allows]
    #[arg(long, value_enum)]
    pub task: Option<Measured>,
    /// Everyday phrases with the classes that answer them, a line each: "boats at a dock: port | river"
    #[arg(long, value_name = "FILE")]
    pub phrases: Option<PathBuf>,
    /// Also write the figures as JSON, a list with one object for each model
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Also write a page that compares the models
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Measured {
    Retrieval,
    Classify,
}

impl From<Measured> for Task {
    fn from(measured: Measured) -> Self {
        match measured {
            Measured::Retrieval => Self::Retrieval,
            Measured::Classify => Self::Classify,
        }
    }
}

/// Measures, and prints a table.
pub fn run(args: Evaluate) -> Result<ExitCode> {
    let reports = clip_rs_training::evaluate::evaluate(&clip_rs_training::evaluate::Request {
        models: args.model,
        data: args.data,
        split: args.split,
        task: args.task.map(Into::into),
        phrases: args.phrases,
    })?;
    // The same for every model.
    name_left_out(reports.first().map_or(&[], |report| &report.left_out));
    println!("{}", table(&reports));
    for report in &reports {
        if let Some(marks) = report.open_words.as_ref().and_then(|words| words.marks.as_ref()) {
            println!("marks of {}: {}", report.name, told(marks));
        }
    }
    if let Some(path) = &args.json {
        write_json(&reports, path)?;
    }
    if let Some(path) = &args.report {
        let words: Vec<String> =
            std::env::args_os().skip(1).map(|word| quoted(&word.to_string_lossy())).collect();
        report::write(&reports, &format!("clip-rs {}", words.join(" ")), path)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// How far marks are to be believed, in a line.
fn told(marks: &Reliability) -> String {
    let error = format!("expected calibration error {:.3}", marks.expected_calibration_error);
    let auroc = marks.auroc.map(|auroc| format!(", AUROC of phrases with and without an answer {auroc:.3}"));
    let share = |share: Option<f64>, of: &str| {
        share.map(|share| format!(", something likely for {:.0} % {of}", 100.0 * share)).unwrap_or_default()
    };
    let likely = share(marks.answered_likely, "of those with");
    format!(
        "{error}{}{likely}{}",
        auroc.unwrap_or_default(),
        share(marks.unanswered_likely, "of those without")
    )
}

/// A word of the command line as a shell would want it.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "-_./=,:@%+".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
