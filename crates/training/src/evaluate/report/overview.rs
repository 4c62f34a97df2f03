//! The main table: every measure of every model, with its interval.

use maud::{Markup, html};

use super::super::bootstrap::Interval;
use super::super::classify::ACCURACY_AT;
use super::super::figures::Report;
use super::super::phrases::PRECISION_AT;
use super::super::retrieval::RECALL_AT;
use super::super::similar::MAP_AT;
use super::numbers::{interval, megabytes, milliseconds, percent};
use super::{Comparison, scrolling, swatch};

/// One measure of one model.
struct Cell {
    value: f64,
    text: String,
    interval: Option<String>,
}

/// One measure of all models; none where a model has it not.
struct Row {
    name: String,
    cells: Vec<Option<Cell>>,
    /// Whether small values are the good ones.
    small_is_good: bool,
}

/// Measures of one kind.
struct Group {
    name: &'static str,
    rows: Vec<Row>,
}

pub(super) fn section(comparison: &Comparison<'_>) -> Markup {
    let groups = [retrieval(comparison), classes(comparison), words(comparison), cost(comparison)];
    let groups = groups.into_iter().filter(|group| !group.rows.is_empty());
    let columns = comparison.reports.len() + 1;
    let table = html! {
        table.main {
            caption {
                "Below a figure: where it lies in 95 of 100 resamples."
                @if columns > 2 { " The best of a row is bold." }
            }
            thead {
                tr {
                    th scope="col" { "Measure" }
                    @for (at, label, _) in comparison.each() { th.number scope="col" { (swatch(at)) (label) } }
                }
            }
            @for group in groups {
                tbody {
                    tr { th.group scope="rowgroup" colspan=(columns) { (group.name) } }
                    @for row in &group.rows { (line(row)) }
                }
            }
        }
    };
    scrolling("All figures", &table)
}

fn line(row: &Row) -> Markup {
    let best = row.best();
    html! {
        tr {
            th scope="row" { (row.name) }
            @for cell in &row.cells {
                td.number {
                    @match cell {
                        Some(cell) => {
                            @if best == Some(cell.text.as_str()) { strong { (cell.text) } } @else { (cell.text) }
                            @if let Some(interval) = &cell.interval { span.interval { (interval) } }
                        }
                        None => span.quiet { "\u{2013}" },
                    }
                }
            }
        }
    }
}

impl Row {
    fn new(
        name: impl Into<String>,
        comparison: &Comparison<'_>,
        cell: impl Fn(&Report) -> Option<Cell>,
    ) -> Self {
        let cells = comparison.reports.iter().map(cell).collect();
        Self { name: name.into(), cells, small_is_good: false }
    }

    /// The best figure as it is written, where there are several that do not all read the same.
    fn best(&self) -> Option<&str> {
        let cells = || self.cells.iter().flatten();
        let least = cells().min_by(|a, b| a.value.total_cmp(&b.value))?;
        let most = cells().max_by(|a, b| a.value.total_cmp(&b.value))?;
        let best = if self.small_is_good { least } else { most };
        (least.text != most.text).then_some(best.text.as_str())
    }

    fn is_measured(&self) -> bool {
        self.cells.iter().any(Option::is_some)
    }
}

/// A figure in percent.
fn recall_cell(value: f64, of: Option<&Interval>) -> Option<Cell> {
    Some(Cell { value, text: format!("{value:.2}"), interval: of.map(|of| interval(of, 1.0, 2)) })
}

/// A figure from 0 to 1, shown in percent.
fn share_cell(value: Option<f64>, of: Option<&Interval>) -> Option<Cell> {
    let value = value?;
    Some(Cell { value, text: percent(value), interval: of.map(|of| interval(of, 100.0, 1)) })
}

fn retrieval(comparison: &Comparison<'_>) -> Group {
    let mean = Row::new("Mean recall", comparison, |report| {
        let of = report.intervals.retrieval.as_ref().map(|of| &of.mean_recall);
        recall_cell(report.retrieval?.mean_recall, of)
    });
    let mut rows = vec![mean];
    for (place, k) in RECALL_AT.into_iter().enumerate() {
        rows.push(Row::new(format!("Text to picture, recall@{k}"), comparison, |report| {
            let of = report.intervals.retrieval.as_ref().map(|of| of.t2i.each()[place]);
            recall_cell(*report.retrieval?.t2i.each()[place], of)
        }));
    }
    for (place, k) in RECALL_AT.into_iter().enumerate() {
        rows.push(Row::new(format!("Picture to text, recall@{k}"), comparison, |report| {
            let of = report.intervals.retrieval.as_ref().map(|of| of.i2t.each()[place]);
            recall_cell(*report.retrieval?.i2t.each()[place], of)
        }));
    }
    rows.retain(Row::is_measured);
    Group { name: "Captions and pictures find each other (percent)", rows }
}

fn classes(comparison: &Comparison<'_>) -> Group {
    let mut rows = Vec::new();
    for k in ACCURACY_AT {
        rows.push(Row::new(format!("Accuracy@{k}"), comparison, |report| {
            let of = report.intervals.accuracy_at_1.as_ref().filter(|_| k == 1);
            share_cell(report.accuracy.as_ref()?.get(&k).copied(), of)
        }));
    }
    for k in MAP_AT {
        rows.push(Row::new(format!("Picture to pictures of its class, mAP@{k}"), comparison, |report| {
            let of = report.intervals.map_at_10.as_ref().filter(|_| k == 10);
            share_cell(report.map.as_ref()?.get(&k).copied(), of)
        }));
    }
    rows.retain(Row::is_measured);
    Group { name: "Pictures find their class and their like (percent)", rows }
}

fn words(comparison: &Comparison<'_>) -> Group {
    let mut rows = vec![Row::new(format!("Precision@{PRECISION_AT}"), comparison, |report| {
        let of = report.intervals.precision_at_10.as_ref();
        share_cell(report.open_words.as_ref().map(|words| words.precision_at_10), of)
    })];
    rows.retain(Row::is_measured);
    Group { name: "Everyday phrases find pictures (percent)", rows }
}

fn cost(comparison: &Comparison<'_>) -> Group {
    let row = |name: &str, text: &dyn Fn(f64) -> String, value: &dyn Fn(&Report) -> f64| Row {
        small_is_good: true,
        ..Row::new(name, comparison, |report| {
            let value = value(report);
            Some(Cell { value, text: text(value), interval: None })
        })
    };
    let size = |bytes: f64| megabytes(bytes as usize);
    let rows = vec![
        row("Whole model, MB", &size, &|report| report.size.whole as f64),
        row("Text tower, MB", &size, &|report| report.size.text as f64),
        row("Picture tower, MB", &size, &|report| report.size.image as f64),
        row("Vocabulary, MB", &size, &|report| report.size.vocabulary as f64),
        row("A text to its vector, ms", &milliseconds, &|report| report.speed.text_ms),
        row("A picture to its vector, ms", &milliseconds, &|report| report.speed.picture_ms),
        row("The whole measurement, s", &|seconds| format!("{seconds:.0}"), &|report| report.seconds),
    ];
    Group { name: "What it costs", rows }
}
