//! The comparison as a page: one HTML file with its style and drawings inside, no scripts, nothing fetched.
//!
//! Figures stand in tables; drawings repeat them for the eye. All text from outside (names, classes, phrases,
//! the command) is escaped by the templates.

mod classes;
mod method;
mod models;
mod numbers;
mod overview;
mod plots;
mod published;
mod scale;
mod summary;
mod words;

use std::path::Path;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::figures::Report;
use clip_rs_stage::{StageError, files};
use numbers::count;

const STYLE: &str = include_str!("style.css");

/// What every part of the page looks at.
struct Comparison<'a> {
    reports: &'a [Report],
    /// What the models are called, all different, in the order of the reports.
    labels: Vec<String>,
}

impl<'a> Comparison<'a> {
    fn new(reports: &'a [Report]) -> Self {
        Self { reports, labels: labels(reports) }
    }

    /// Models with what they are called and the number of their colour.
    fn each(&self) -> impl Iterator<Item = (usize, &str, &'a Report)> {
        self.reports
            .iter()
            .enumerate()
            .zip(&self.labels)
            .map(|((at, report), label)| (at, label.as_str(), report))
    }

    /// The report to ask for what is the same for all.
    fn first(&self) -> Option<&'a Report> {
        self.reports.first()
    }

    /// Whether published figures may stand beside these.
    fn compares_with_published(&self) -> bool {
        self.first().is_some_and(|report| {
            published::comparable(report.dataset.as_deref(), report.split.as_deref(), report.images)
        })
    }
}

/// Writes the page of one or more reports on the same data; `command` is the command line that made them.
pub fn write(reports: &[Report], command: &str, path: &Path) -> Result<(), StageError> {
    files::write_durably(path, page(reports, command).as_bytes())
}

/// The page as HTML.
pub fn page(reports: &[Report], command: &str) -> String {
    let comparison = Comparison::new(reports);
    let (title, data) = (title(&comparison), data(&comparison));
    let sections: Vec<(&str, &str, Markup)> = [
        ("summary", "In short", summary::section(&comparison)),
        ("figures", "All figures", Some(overview::section(&comparison))),
        ("plots", "In pictures", plots::section(&comparison)),
        ("classes", "Class by class", classes::section(&comparison)),
        ("words", "Open words", words::section(&comparison)),
        ("published", "What others publish", models::published(&comparison)),
        ("method", "How it was measured", Some(method::section(&comparison, command))),
    ]
    .into_iter()
    .filter_map(|(id, title, section)| Some((id, title, section?)))
    .collect();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) ", " (data) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (title) }
                    p.lead { "Measured on " (data) "." }
                    (models::cards(&comparison))
                    nav aria-label="Contents" {
                        ul { @for (id, title, _) in &sections { li { a href={ "#" (id) } { (title) } } } }
                    }
                }
                main {
                    @for (id, title, section) in &sections {
                        section id=(id) aria-labelledby={ (id) "-title" } {
                            h2 id={ (id) "-title" } { (title) }
                            (section)
                        }
                    }
                }
                footer { "Made by clip-rs " (env!("CARGO_PKG_VERSION")) "." }
            }
        }
    }
    .into_string()
}

fn title(comparison: &Comparison<'_>) -> String {
    match comparison.labels.as_slice() {
        [one] => format!("How good is {one}?"),
        labels => format!("{} models compared", labels.len()),
    }
}

/// The data in words: its name, split, pictures and captions.
fn data(comparison: &Comparison<'_>) -> String {
    let Some(report) = comparison.first() else { return "nothing".to_owned() };
    let file = report
        .data
        .file_name()
        .map_or_else(|| report.data.display().to_string(), |n| n.to_string_lossy().into());
    let name = report.dataset.clone().unwrap_or(file);
    let split = report.split.as_ref().map_or(String::new(), |split| format!(", split {split}"));
    let captions = match report.captions {
        0 => String::new(),
        captions => format!(" with {} captions", count(captions)),
    };
    format!("{name}{split}: {} pictures{captions}", count(report.images))
}

/// The models' names; where two have the same, their folders are added, and numbers where even those are one.
pub(super) fn labels(reports: &[Report]) -> Vec<String> {
    let folder = |report: &Report| report.model.file_name().map(|name| name.to_string_lossy().into_owned());
    let named = reports.iter().map(|report| {
        let twice = reports.iter().filter(|other| other.name == report.name).count() > 1;
        match folder(report).filter(|folder| twice && *folder != report.name) {
            Some(folder) => format!("{} ({folder})", report.name),
            None => report.name.clone(),
        }
    });
    let named: Vec<String> = named.collect();
    let numbered = named.iter().enumerate().map(|(at, label)| {
        let before = named[..at].iter().filter(|other| *other == label).count();
        if before == 0 { label.clone() } else { format!("{label} #{}", before + 1) }
    });
    numbered.collect()
}

/// A part of the page that may be wider than a phone and then scrolls by itself; `label` says what is in it.
fn scrolling(label: &str, content: &Markup) -> Markup {
    html! { div.scroll role="region" tabindex="0" aria-label=(label) { (content) } }
}

/// The colour of a model.
fn swatch(at: usize) -> Markup {
    html! { span.swatch style=(colour(at)) aria-hidden="true" {} }
}

/// The style that lends an element the colour of a model: six are told apart by colour, further ones by name.
fn colour(at: usize) -> String {
    format!("--colour:var(--model-{})", at % 6)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
