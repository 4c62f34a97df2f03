//! Class by class: precision and recall, what is taken for what in words, and the whole confusion table.

use maud::{Markup, html};

use super::super::classify::{ClassFigures, Confusion};
use super::super::dataset::spelled;
use super::super::figures::Report;
use super::numbers::percent;
use super::{Comparison, scrolling, swatch};

/// Classes up to which a confusion table is shown; a larger one can be read from the JSON only.
const MOST_CLASSES: usize = 60;

/// Mistakes that are put into words for each model.
const MISTAKES: usize = 6;

pub(super) fn section(comparison: &Comparison<'_>) -> Option<Markup> {
    let all: Vec<_> = comparison
        .each()
        .filter_map(|(at, label, report)| {
            Some((at, label, report, report.per_class.as_deref()?, report.confusion.as_ref()?))
        })
        .collect();
    let (.., confusion) = all.first()?;
    let columns: Vec<_> = all.iter().map(|(at, label, _, figures, _)| (*at, *label, *figures)).collect();
    Some(html! {
        p {
            "Precision: of the pictures called by a class, how many are of it. Recall: of the pictures of a class, how "
            "many are called by it. A picture is called by the class whose prompt is most like it. In percent."
        }
        (scrolling("Precision and recall of each class", &per_class(&columns)))
        h3 { "What is taken for what" }
        div.columns {
            @for (at, label, _, _, confusion) in &all {
                div { h4 { (swatch(*at)) (label) } (mistakes(confusion)) }
            }
        }
        @if confusion.classes.len() <= MOST_CLASSES {
            @for (at, label, report, _, confusion) in &all {
                details {
                    summary { (swatch(*at)) "Confusion table of " (label) }
                    (scrolling(&format!("Confusion table of {label}"), &table(report, confusion)))
                }
            }
        } @else {
            p { "The confusion table has too many classes for this page; it is in the JSON." }
        }
    })
}

fn per_class(models: &[(usize, &str, &[ClassFigures])]) -> Markup {
    let classes = models.first().map_or(&[][..], |(_, _, figures)| figures);
    html! {
        table.compact {
            thead {
                tr {
                    th scope="col" rowspan="2" { "Class" }
                    th.number scope="col" rowspan="2" { "Pictures" }
                    @for (at, label, _) in models { th.centre scope="colgroup" colspan="2" { (swatch(*at)) (label) } }
                }
                tr { @for _ in models { th.number scope="col" { "Precision" } th.number scope="col" { "Recall" } } }
            }
            tbody {
                @for (row, class) in classes.iter().enumerate() {
                    tr {
                        th scope="row" { (spelled(&class.class)) }
                        td.number { (class.pictures) }
                        @for (_, _, figures) in models {
                            @let figures = figures.get(row);
                            (heat(figures.and_then(|figures| figures.precision)))
                            (heat(figures.map(|figures| figures.recall)))
                        }
                    }
                }
            }
        }
    }
}

/// A share as a number on a colour; a dash where there is none, as no picture was called so.
pub(super) fn heat(share: Option<f64>) -> Markup {
    html! {
        @match share {
            Some(share) => td.number.heat style={ "--share:" (format!("{:.0}", 100.0 * share)) "%" } { (percent(share)) },
            None => td.number { span.quiet { "\u{2013}" } },
        }
    }
}

fn mistakes(confusion: &Confusion) -> Markup {
    let mistakes = confusion.mistakes();
    html! {
        @if mistakes.is_empty() { p { "Nothing: every picture was called by its class." } } @else {
            ul {
                @for mistake in mistakes.iter().take(MISTAKES) {
                    li {
                        strong { (mistake.count) } " of " (mistake.of) " pictures of "
                        em { (spelled(mistake.class)) } " were taken for " em { (spelled(mistake.taken_for)) }
                    }
                }
            }
        }
    }
}

fn table(report: &Report, confusion: &Confusion) -> Markup {
    let names: Vec<String> = confusion.classes.iter().map(|class| spelled(class)).collect();
    html! {
        table.confusion {
            caption {
                "Rows: the pictures\u{2019} class. Columns: the class they were called by. Numbers are pictures, "
                (report.classified.unwrap_or_default()) " in all; an empty cell is none."
            }
            thead {
                tr { td {} @for name in &names { th scope="col" { span { (name) } } } }
            }
            tbody {
                @for (row, (name, counts)) in names.iter().zip(&confusion.counts).enumerate() {
                    @let pictures = counts.iter().sum::<usize>().max(1);
                    tr {
                        th scope="row" { (name) }
                        @for (column, count) in counts.iter().enumerate() {
                            td.heat.right[row == column].wrong[row != column]
                                style=[(*count > 0).then(|| format!("--share:{}%", 100 * count / pictures))] {
                                @if *count > 0 { (count) }
                            }
                        }
                    }
                }
            }
        }
    }
}
