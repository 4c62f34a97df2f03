//! The drawings: recall with intervals, accuracy by number of answers, size against quality.

use maud::{Markup, html};

use super::super::bootstrap::Interval;
use super::super::classify::ACCURACY_AT;
use super::super::figures::Report;
use super::numbers::{interval, megabytes, percent, ticks};
use super::scale::{Frame, WIDTH, dashes, figure, mark, place};
use super::{Comparison, colour};

pub(super) fn section(comparison: &Comparison<'_>) -> Option<Markup> {
    let drawings: Vec<Markup> =
        [recall(comparison), accuracy(comparison), size(comparison)].into_iter().flatten().collect();
    (!drawings.is_empty()).then(|| html! { div.plots { @for drawing in &drawings { (drawing) } } })
}

/// The seven retrieval figures of a model with their intervals, percent.
fn recalls(report: &Report) -> Option<[(f64, &Interval); 7]> {
    let (found, of) = (report.retrieval?, report.intervals.retrieval.as_ref()?);
    Some([
        (found.mean_recall, &of.mean_recall),
        (found.t2i.r1, &of.t2i.r1),
        (found.t2i.r5, &of.t2i.r5),
        (found.t2i.r10, &of.t2i.r10),
        (found.i2t.r1, &of.i2t.r1),
        (found.i2t.r5, &of.i2t.r5),
        (found.i2t.r10, &of.i2t.r10),
    ])
}

fn recall(comparison: &Comparison<'_>) -> Option<Markup> {
    const GROUPS: [&str; 7] = ["mean", "@1", "@5", "@10", "@1", "@5", "@10"];
    let all: Vec<_> =
        comparison.each().filter_map(|(at, label, report)| Some((at, label, recalls(report)?))).collect();
    let most = all.iter().flat_map(|(_, _, recalls)| recalls).map(|(_, of)| of.high).fold(0.0, f64::max);
    let frame = Frame::new(ticks(most));
    let group = 1.0 / GROUPS.len() as f64;
    let bar = 0.8 * group / all.len() as f64;
    let bars = html! {
        (frame.grid())
        @for (order, (at, label, recalls)) in all.iter().enumerate() {
            @for (number, (value, of)) in recalls.iter().enumerate() {
                @let left = frame.x((number as f64 + 0.1) * group + order as f64 * bar);
                @let width = frame.x(bar) - frame.x(0.0);
                rect.bar style=(colour(*at)) x=(place(left)) y=(place(frame.y(*value))) width=(place(width * 0.92))
                    height=(place(frame.foot() - frame.y(*value))) {
                    title { (label) ", " (GROUPS[number]) ": " (format!("{value:.2}")) " (" (interval(of, 1.0, 2)) ")" }
                }
                (frame.whisker(left + width * 0.46, of))
            }
        }
        @for (number, name) in GROUPS.iter().enumerate() {
            text.middle x=(place(frame.x((number as f64 + 0.5) * group))) y=(place(frame.foot() + 18.0)) { (name) }
        }
        @for (middle, name) in [(2.5, "text to picture"), (5.5, "picture to text")] {
            text.middle x=(place(frame.x(middle * group))) y=(place(frame.foot() + 38.0)) { (name) }
        }
    };
    let description = "Bars of mean recall and of recall at 1, 5 and 10 both ways, with 95 percent intervals; the \
                       figures are in the table above.";
    (!all.is_empty())
        .then(|| figure("recall", "Recall, percent, with 95 % intervals", description, comparison, &bars))
}

fn accuracy(comparison: &Comparison<'_>) -> Option<Markup> {
    let all: Vec<_> = comparison
        .each()
        .filter_map(|(at, label, report)| Some((at, label, report, report.accuracy.as_ref()?)))
        .collect();
    let frame = Frame::new((0..=5).map(|fifth| f64::from(fifth) * 20.0).collect());
    let x = |k: usize| frame.x(0.04 + 0.92 * (k as f64 - 1.0) / 9.0);
    let lines = html! {
        (frame.grid())
        @for (at, label, report, accuracy) in &all {
            @let points = accuracy.iter().map(|(k, share)| format!("{},{}", place(x(*k)), place(frame.y(100.0 * share))));
            polyline.line style=(colour(*at)) stroke-dasharray=(dashes(*at)) points=(points.collect::<Vec<_>>().join(" ")) {}
            @if let Some(of) = &report.intervals.accuracy_at_1 { (frame.whisker(x(1), &percents(of))) }
            @for (k, share) in *accuracy {
                (mark(*at, x(*k), frame.y(100.0 * share), &format!("{label}, accuracy@{k}: {}", percent(*share))))
            }
        }
        @for k in ACCURACY_AT { text.middle x=(place(x(k))) y=(place(frame.foot() + 18.0)) { (k) } }
        text.middle x=(place(frame.x(0.5))) y=(place(frame.foot() + 38.0)) { "class names looked at" }
    };
    let description = "A line for each model: in how many of 100 pictures the right class is among the first 1, 3, 5 \
                       and 10; the figures are in the table above.";
    let title = "Pictures whose class is among the first k, percent";
    (!all.is_empty()).then(|| figure("accuracy", title, description, comparison, &lines))
}

fn percents(interval: &Interval) -> Interval {
    Interval { low: 100.0 * interval.low, high: 100.0 * interval.high, resampled: Vec::new() }
}

/// What a model is good at in one figure, percent: mean recall where there is one, else accuracy, else open words.
fn quality(report: &Report) -> Option<(&'static str, f64, Option<Interval>)> {
    let intervals = &report.intervals;
    if let Some(retrieval) = report.retrieval {
        let of = intervals.retrieval.as_ref().map(|of| of.mean_recall.clone());
        return Some(("mean recall", retrieval.mean_recall, of));
    }
    if let Some(accuracy) = report.accuracy.as_ref().and_then(|accuracy| accuracy.get(&1)) {
        return Some(("accuracy@1", 100.0 * accuracy, intervals.accuracy_at_1.as_ref().map(percents)));
    }
    let words = report.open_words.as_ref()?;
    Some(("precision@10", 100.0 * words.precision_at_10, intervals.precision_at_10.as_ref().map(percents)))
}

/// Only where there are several models: a single point says nothing.
fn size(comparison: &Comparison<'_>) -> Option<Markup> {
    let all: Vec<_> = comparison
        .each()
        .filter_map(|(at, label, report)| Some((at, label, report, quality(report)?)))
        .collect();
    let name = all.first().filter(|_| all.len() > 1)?.3.0;
    let most =
        all.iter().map(|(.., (_, value, of))| of.as_ref().map_or(*value, |of| of.high)).fold(0.0, f64::max);
    let frame = Frame::new(ticks(most));
    let sizes = || all.iter().map(|(_, _, report, _)| report.size.whole.max(1) as f64 / 1e6);
    let (least, largest) = (sizes().fold(f64::INFINITY, f64::min) / 1.8, sizes().fold(0.0, f64::max) * 1.8);
    let x = |megabytes: f64| frame.x((megabytes / least).ln() / (largest / least).ln());
    let mut heights: Vec<(usize, f64)> =
        all.iter().enumerate().map(|(order, (.., (_, value, _)))| (order, frame.y(*value))).collect();
    spread(&mut heights);
    let points = html! {
        (frame.grid())
        @for tick in round_sizes(least, largest) {
            line.grid x1=(place(x(tick))) x2=(place(x(tick))) y1=(place(frame.foot())) y2=(place(frame.foot() + 5.0)) {}
            text.middle x=(place(x(tick))) y=(place(frame.foot() + 20.0)) { (tick) }
        }
        text.middle x=(place(frame.x(0.5))) y=(place(frame.foot() + 40.0)) { "size in MB (each step multiplies)" }
        @for (order, height) in heights {
            @let (at, label, report, (_, value, of)) = &all[order];
            @let centre = x(report.size.whole.max(1) as f64 / 1e6);
            @if let Some(of) = of { (frame.whisker(centre, of)) }
            (mark(*at, centre, frame.y(*value), &format!("{label}: {} MB, {value:.2}", megabytes(report.size.whole))))
            @let on_the_left = is_on_the_left(centre, label);
            text.end[on_the_left] x=(place(if on_the_left { centre - 11.0 } else { centre + 11.0 }))
                y=(place(height + 4.0)) { (label) }
        }
    };
    let title = format!("Size against {name}, percent");
    let description = "A point for each model; higher is better, further left is smaller. The figures are in the table \
                       above.";
    Some(figure("size", &title, description, comparison, &points))
}

/// Whether a label reads better on the left of its point: on the right it would not fit, and there is more room.
fn is_on_the_left(centre: f64, label: &str) -> bool {
    const LETTER: f64 = 7.0;
    let end = centre + 11.0 + LETTER * label.chars().count() as f64;
    end > WIDTH && centre > WIDTH / 2.0
}

/// Moves labels apart that would cover each other: (which, vertical place), at least a line's height between.
fn spread(heights: &mut [(usize, f64)]) {
    const LINE: f64 = 16.0;
    heights.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut former = f64::NEG_INFINITY;
    for (_, height) in heights {
        *height = height.max(former + LINE);
        former = *height;
    }
}

/// 1, 2 and 5 times powers of ten within a range of sizes.
fn round_sizes(least: f64, most: f64) -> Vec<f64> {
    let steps = (-3..7).flat_map(|power| [1.0, 2.0, 5.0].map(|m| m * 10_f64.powi(power)));
    steps.filter(|size| (least..=most).contains(size)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_moved_apart_in_their_order() {
        let mut heights = [(0, 100.0), (1, 40.0), (2, 102.0), (3, 44.0)];
        spread(&mut heights);
        assert_eq!(heights, [(1, 40.0), (3, 56.0), (0, 100.0), (2, 116.0)]);
    }

    #[test]
    fn a_label_stands_where_there_is_room() {
        assert!(!is_on_the_left(60.0, "short") && !is_on_the_left(300.0, "short"));
        assert!(is_on_the_left(420.0, "short") && is_on_the_left(247.0, "a model with a rather long name"));
        assert!(!is_on_the_left(60.0, "a name that is too long for either side of a point on the left"));
    }

    #[test]
    fn sizes_on_the_axis_are_round() {
        assert_eq!(round_sizes(6.4, 650.0), [10.0, 20.0, 50.0, 100.0, 200.0, 500.0]);
        assert_eq!(round_sizes(0.015, 0.03), [0.02]);
    }
}
