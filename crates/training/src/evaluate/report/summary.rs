//! The figures in a few sentences.

use maud::{Markup, html};

use super::super::bootstrap::Interval;
use super::super::figures::Report;
use super::numbers::{interval, list, megabytes, milliseconds, of_100, percent};
use super::published::{PUBLISHED, ZERO_SHOT};
use super::{Comparison, count};

/// Share of the draws from which on one model is said to be better than another: what 95 % intervals leave out
/// at one end.
const CERTAIN: f64 = 0.975;

/// A figure of one model, for ranking.
struct Ranked<'a> {
    label: &'a str,
    report: &'a Report,
    value: f64,
    interval: Option<&'a Interval>,
}

pub(super) fn section(comparison: &Comparison<'_>) -> Option<Markup> {
    let sentences = [
        retrieval(comparison),
        classes(comparison),
        like(comparison),
        words(comparison),
        published(comparison),
        Some(cost(comparison)),
    ];
    let sentences: Vec<String> = sentences.into_iter().flatten().collect();
    Some(html! { ul.summary { @for sentence in &sentences { li { (sentence) } } } })
}

/// Models that have a figure, the best first.
fn ranked<'a>(
    comparison: &'a Comparison<'a>,
    figure: impl Fn(&'a Report) -> Option<(f64, Option<&'a Interval>)>,
) -> Vec<Ranked<'a>> {
    let each = comparison.each();
    let mut ranked: Vec<Ranked<'a>> = each
        .filter_map(|(_, label, report)| {
            let (value, interval) = figure(report)?;
            Some(Ranked { label, report, value, interval })
        })
        .collect();
    ranked.sort_by(|a, b| b.value.total_cmp(&a.value));
    ranked
}

/// The others' figures, and whether the best is better than the next for certain. `scale` and `decimals` say
/// how a figure is written.
fn against_the_others(ranked: &[Ranked<'_>], scale: f64, decimals: usize) -> String {
    let [best, next, ..] = ranked else { return String::new() };
    let others: Vec<String> = ranked[1..]
        .iter()
        .map(|other| format!("{} {:.decimals$}", other.label, scale * other.value))
        .collect();
    let others = list(&others.iter().map(String::as_str).collect::<Vec<_>>());
    // Rounded down: 100 of 100 is said of all only.
    let draws = |ahead: f64| of_100((100.0 * ahead).floor() / 100.0);
    let certainty = match (best.interval, next.interval) {
        (Some(mine), Some(other)) => match mine.ahead_of(other) {
            ahead if ahead >= CERTAIN => {
                format!(" {} is ahead of {} in {} resamples.", best.label, next.label, draws(ahead))
            }
            ahead => format!(
                " {} and {} cannot be told apart by these pictures: the former is ahead in {} resamples.",
                best.label,
                next.label,
                draws(ahead)
            ),
        },
        _ => String::new(),
    };
    format!(" The others: {others}.{certainty}")
}

fn within(interval_of: Option<&Interval>, scale: f64, decimals: usize) -> String {
    interval_of.map_or(String::new(), |of| format!(" (95 % interval {})", interval(of, scale, decimals)))
}

fn retrieval(comparison: &Comparison<'_>) -> Option<String> {
    let ranked = ranked(comparison, |report| {
        let of = report.intervals.retrieval.as_ref().map(|of| &of.mean_recall);
        Some((report.retrieval?.mean_recall, of))
    });
    let best = ranked.first()?;
    let found = best.report.retrieval?.t2i;
    Some(format!(
        "Captions and pictures: {} reaches a mean recall of {:.2} %{}. Asked with a caption, it shows the very picture \
         first in {} cases and among the first ten in {}, out of {} pictures.{}",
        best.label,
        best.value,
        within(best.interval, 1.0, 2),
        of_100(found.r1 / 100.0),
        of_100(found.r10 / 100.0),
        count(best.report.images),
        against_the_others(&ranked, 1.0, 2),
    ))
}

fn classes(comparison: &Comparison<'_>) -> Option<String> {
    let ranked = ranked(comparison, |report| {
        Some((*report.accuracy.as_ref()?.get(&1)?, report.intervals.accuracy_at_1.as_ref()))
    });
    let best = ranked.first()?;
    let third = best.report.accuracy.as_ref()?.get(&3)?;
    Some(format!(
        "Classes: of {} class names, {} puts the right one first for {} pictures{} and among the first three for {}.{}",
        best.report.classes?,
        best.label,
        of_100(best.value),
        within(best.interval, 100.0, 1),
        of_100(*third),
        against_the_others(&ranked, 100.0, 1),
    ))
}

fn like(comparison: &Comparison<'_>) -> Option<String> {
    let ranked = ranked(comparison, |report| {
        Some((*report.map.as_ref()?.get(&10)?, report.intervals.map_at_10.as_ref()))
    });
    let best = ranked.first()?;
    Some(format!(
        "Like pictures: shown a picture, {} finds others of its class with an mAP@10 of {} %{}.{}",
        best.label,
        percent(best.value),
        within(best.interval, 100.0, 1),
        against_the_others(&ranked, 100.0, 1),
    ))
}

fn words(comparison: &Comparison<'_>) -> Option<String> {
    let ranked = ranked(comparison, |report| {
        let value = report.open_words.as_ref()?.precision_at_10;
        Some((value, report.intervals.precision_at_10.as_ref()))
    });
    let best = ranked.first()?;
    let phrases = &best.report.open_words.as_ref()?.phrases;
    let none = phrases.iter().filter(|figures| figures.precision == 0.0).count();
    Some(format!(
        "Open words: for {} everyday phrases, {} pictures that {} puts first are right{}; for {none} of the phrases none \
         is.{}",
        phrases.len(),
        of_100(best.value),
        best.label,
        within(best.interval, 100.0, 1),
        against_the_others(&ranked, 100.0, 1),
    ))
}

/// How the models stand to zero-shot CLIP, by mean recall.
fn published(comparison: &Comparison<'_>) -> Option<String> {
    let zero_shot = PUBLISHED.iter().find(|published| published.name == ZERO_SHOT)?.mean_recall?;
    let ranked = ranked(comparison, |report| Some((report.retrieval?.mean_recall, None)));
    if !comparison.compares_with_published() || ranked.is_empty() {
        return None;
    }
    let (above, below): (Vec<_>, Vec<_>) = ranked.iter().partition(|ranked| ranked.value > zero_shot);
    let side = |side: &[&Ranked<'_>], word: &str| {
        let names: Vec<&str> = side.iter().map(|ranked| ranked.label).collect();
        let verb = if names.len() == 1 { "lies" } else { "lie" };
        (!names.is_empty()).then(|| format!("{} {verb} {word} it", list(&names)))
    };
    let sides: Vec<String> =
        [side(&above, "above"), side(&below, "not above")].into_iter().flatten().collect();
    Some(format!(
        "Zero-shot {ZERO_SHOT} is published with a mean recall of {zero_shot} %: {}.",
        sides.join(", ")
    ))
}

fn cost(comparison: &Comparison<'_>) -> String {
    let each = comparison.each().map(|(_, label, report)| {
        format!(
            "{label} is {} MB and takes {} ms for a text and {} ms for a picture",
            megabytes(report.size.whole),
            milliseconds(report.speed.text_ms),
            milliseconds(report.speed.picture_ms),
        )
    });
    let each: Vec<String> = each.collect();
    let processor = comparison.first().map_or("", |report| &report.speed.processor);
    format!("Size and speed: {} (one thread of {processor}).", each.join("; "))
}
