//! Which models are compared, and what others publish of theirs.

use maud::{Markup, html};

use super::numbers::{megabytes, percent};
use super::published::PUBLISHED;
use super::{Comparison, colour, scrolling};

/// A card for each model: its name, how it came to be, where from, how large.
pub(super) fn cards(comparison: &Comparison<'_>) -> Markup {
    html! {
        ul.cards aria-label="Models" {
            @for (at, label, report) in comparison.each() {
                li style=(colour(at)) {
                    strong { (label) }
                    @if let Some(training) = report.training { " " span.tag { (training.name()) } }
                    p { (report.title) ", " (megabytes(report.size.whole)) " MB" }
                    p.quiet { (report.provenance) }
                }
            }
        }
    }
}

/// Published figures with ours among them; only for data that they are published for.
pub(super) fn published(comparison: &Comparison<'_>) -> Option<Markup> {
    if !comparison.compares_with_published() {
        return None;
    }
    let table = html! {
        table {
            caption { "RSICD test split, percent" }
            thead {
                tr {
                    th scope="col" { "Model" }
                    th scope="col" { "Trained on" }
                    th.number scope="col" { "Mean recall" }
                    th.number scope="col" { "Accuracy@1" }
                    th scope="col" { "Described in" }
                }
            }
            tbody {
                @for (_, label, report) in comparison.each() {
                    tr.ours {
                        th scope="row" { (label) " " span.tag { "measured here" } }
                        td { (report.training.map_or("", |training| training.name())) }
                        td.number { (optional(report.retrieval.map(|r| format!("{:.2}", r.mean_recall)))) }
                        td.number { (optional(report.accuracy.as_ref().and_then(|a| a.get(&1)).map(|a| percent(*a)))) }
                        td { "this page" }
                    }
                }
                @for published in PUBLISHED {
                    tr {
                        th scope="row" { (published.name) " " span.tag { "published" } }
                        td { (published.trained) }
                        td.number { (optional(published.mean_recall.map(|recall| format!("{recall:.2}")))) }
                        td.number { (optional(published.accuracy.map(percent))) }
                        td { (published.source) }
                    }
                }
            }
        }
    };
    Some(html! {
        p {
            "Rows marked as published were not measured here; they are what is published under the same protocols, "
            "most of it for far larger models (CLIP ViT-B/32 has 151 million parameters). Mean recall: every caption of "
            "the test split against every picture of it. Accuracy@1: the pictures whose file names start with one of 30 classes, by the "
            "prompt \u{201c}An aerial photograph of {class}\u{201d} (CLIP-rsicd protocol). Pictures of the copy measured "
            "here may be smaller than the ones that others used."
        }
        (scrolling("Published figures", &table))
    })
}

fn optional(figure: Option<String>) -> Markup {
    html! { @match figure { Some(figure) => (figure), None => span.quiet { "\u{2013}" } } }
}
