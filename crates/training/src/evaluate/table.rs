//! The figures as a table for the terminal.

use super::figures::Report;
use super::retrieval::Recall;

/// A line for each model below a line of headings.
pub fn table(reports: &[Report]) -> String {
    let mut lines = vec![format!(
        "{:<24} {:>7} {:>8} | {:^20} | {:^20} | {:>6} | {:^23} | {:>6} | {:>5} | {:>7}",
        "model",
        "images",
        "captions",
        "text to image 1 5 10",
        "image to text 1 5 10",
        "mean",
        "accuracy @1 @3 @5 @10",
        "mAP@10",
        "words",
        "seconds"
    )];
    let dash = || "-".to_owned();
    let percent = |recall: Option<Recall>| {
        recall.map_or_else(dash, |r| format!("{:>6.2} {:>6.2} {:>6.2}", r.r1, r.r5, r.r10))
    };
    let share = |share: Option<f64>| share.map_or_else(dash, |share| format!("{share:.3}"));
    for report in reports {
        let accuracy = report.accuracy.as_ref().map_or_else(dash, |accuracy| {
            accuracy.values().map(|share| format!("{share:.3}")).collect::<Vec<_>>().join(" ")
        });
        lines.push(format!(
            "{:<24} {:>7} {:>8} | {:>20} | {:>20} | {:>6} | {:>23} | {:>6} | {:>5} | {:>7.1}",
            report.name,
            report.images,
            report.captions,
            percent(report.retrieval.map(|r| r.t2i)),
            percent(report.retrieval.map(|r| r.i2t)),
            report.retrieval.map_or_else(dash, |r| format!("{:.2}", r.mean_recall)),
            accuracy,
            share(report.map.as_ref().and_then(|map| map.get(&10).copied())),
            share(report.open_words.as_ref().map(|words| words.precision_at_10)),
            report.seconds,
        ));
    }
    lines.join("\n")
}
