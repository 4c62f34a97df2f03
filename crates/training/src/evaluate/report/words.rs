//! Open words: which everyday phrases a model understands, and which not.

use std::cmp::Reverse;

use maud::{Markup, html};

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
