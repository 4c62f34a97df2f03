//! Open words: which everyday phrases a model understands, and which not.

use std::cmp::Reverse;

use maud::{Markup, html};

use super::super::marks::{Bin, Reliability};
use super::super::phrases::{OpenWords, PhraseFigures};
use super::classes::heat;
use super::numbers::{list, of_100, percent};
use super::{Comparison, scrolling, swatch};

/// Phrases that are named at either end.
const NAMED: usize = 8;

pub(super) fn section(comparison: &Comparison<'_>) -> Option<Markup> {
    let all: Vec<_> = comparison
        .each()
        .filter_map(|(at, label, report)| Some((at, label, report.open_words.as_ref()?)))
        .collect();
    let (_, _, first) = all.first()?;
    Some(html! {
        p {
            (first.phrases.len()) " phrases as people type them, each with the classes that rightly answer it. The figure "
            "is the share of right pictures among the first ten."
            @if !first.unanswerable.is_empty() {
                " Left out, as no picture here answers them: "
                (list(&first.unanswerable.iter().map(String::as_str).collect::<Vec<_>>())) "."
            }
        }
        div.columns {
            @for (at, label, words) in &all { div { h3 { (swatch(*at)) (label) } (extremes(words)) } }
        }
        @if all.iter().any(|(_, _, words)| words.marks.is_some()) {
            h3 { "Are marks to be believed?" }
            p {
                "A mark is the chance that a result is right. Over the first 20 results of each phrase, it should be as "
                "high as the share of right results; and where nothing answers a phrase, nothing should be marked as likely."
            }
            div.columns {
                @for (at, label, words) in &all {
                    @if let Some(marks) = &words.marks { div { h4 { (swatch(*at)) (label) } (reliability(*at, marks)) } }
                }
            }
        }
        details {
            summary { "Every phrase" }
            (scrolling("Every phrase", &every(&all)))
        }
    })
}

fn extremes(words: &OpenWords) -> Markup {
    let mut sorted: Vec<&PhraseFigures> = words.phrases.iter().collect();
    // Of equal ones those with few right pictures are the greater feat.
    sorted.sort_by(|a, b| b.precision.total_cmp(&a.precision).then(a.right.cmp(&b.right)));
    let best: Vec<_> = sorted.iter().filter(|figures| figures.precision > 0.5).take(NAMED).collect();
    let mut worst: Vec<_> = sorted.iter().filter(|figures| figures.precision <= 0.5).collect();
    worst.sort_by(|a, b| a.precision.total_cmp(&b.precision).then(Reverse(a.right).cmp(&Reverse(b.right))));
    let line = |figures: &PhraseFigures| {
        html! { li { "\u{201c}" (figures.phrase) "\u{201d} " span.quiet { (percent(figures.precision)) " %" } } }
    };
    html! {
        p { (of_100(words.precision_at_10)) " right on average." }
        @if !best.is_empty() {
            h4 { "Understood best" }
            ul { @for figures in best { (line(figures)) } }
        }
        @if !worst.is_empty() {
            h4 { "Understood worst" }
            ul { @for figures in worst.into_iter().take(NAMED) { (line(figures)) } }
        }
    }
}

/// The curve of reliability, as a table and a line.
fn reliability(at: usize, marks: &Reliability) -> Markup {
    let point = |bin: &Bin| format!("{:.1},{:.1}", 100.0 * bin.mark, 100.0 - 100.0 * bin.right);
    let line = marks.curve.iter().map(point).collect::<Vec<_>>().join(" ");
    let said = |share: Option<f64>| share.map_or("-".to_owned(), |share| format!("{} %", percent(share)));
    html! {
        svg viewBox="-2 -2 104 104" width="180" height="180" role="img" aria-labelledby={ "marks-t" (at) " marks-d" (at) } {
            title id={ "marks-t" (at) } { "Share of right results by mark" }
            desc id={ "marks-d" (at) } { "What the table below says, from 0 to 100 % on both axes; on the diagonal marks are true." }
            path d="M0 100V0H100V100Z M0 100L100 0" fill="none" stroke="currentColor" stroke-width=".5" opacity=".4" {}
            polyline points=(line) fill="none" stroke="currentColor" stroke-width="2" {}
        }
        p {
            "Expected calibration error " (format!("{:.3}", marks.expected_calibration_error))
            @if let Some(auroc) = marks.auroc { "; AUROC between phrases that something answers and others " (format!("{auroc:.3}")) }
            ". Something is called likely for " (said(marks.answered_likely)) " of the former and "
            (said(marks.unanswered_likely)) " of the latter."
        }
        table.compact {
            thead { tr { th.number scope="col" { "Marked" } th.number scope="col" { "Right" } th.number scope="col" { "Results" } } }
            tbody {
                @for bin in &marks.curve {
                    tr {
                        td.number { (percent(bin.mark)) " %" }
                        td.number { (percent(bin.right)) " %" }
                        td.number { (bin.results) }
                    }
                }
            }
        }
    }
}

fn every(all: &[(usize, &str, &OpenWords)]) -> Markup {
    let phrases = all.first().map_or(&[][..], |(_, _, words)| &words.phrases);
    html! {
        table.compact {
            caption { "Share of right pictures among the first ten, percent" }
            thead {
                tr {
                    th scope="col" { "Phrase" }
                    th scope="col" { "Answered by" }
                    th.number scope="col" { "Right pictures" }
                    @for (at, label, _) in all { th.number scope="col" { (swatch(*at)) (label) } }
                }
            }
            tbody {
                @for (row, phrase) in phrases.iter().enumerate() {
                    tr {
                        th scope="row" { (phrase.phrase) }
                        td { (phrase.classes) }
                        td.number { (phrase.right) }
                        @for (_, _, words) in all { (heat(words.phrases.get(row).map(|figures| figures.precision))) }
                    }
                }
            }
        }
    }
}
