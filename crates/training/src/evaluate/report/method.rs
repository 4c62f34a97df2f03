//! How the figures came about, so that they can be judged and repeated.

use maud::{Markup, html};

use super::Comparison;
use super::numbers::count;

pub(super) fn section(comparison: &Comparison<'_>, command: &str) -> Markup {
    let Some(report) = comparison.first() else { return html! {} };
    let intervals = &report.intervals;
    html! {
        dl {
            dt { "Command" }
            dd { pre tabindex="0" { code { (command) } } }
            @if report.retrieval.is_some() {
                dt { "Recall@k" }
                dd {
                    "Every caption against every picture of the data. A caption counts as found when its own picture is "
                    "among the first k, a picture when any of its captions is. Mean recall is the mean of the six figures."
                }
            }
            @if let (Some(classified), Some(classes)) = (report.classified, report.classes) {
                dt { "Accuracy@k" }
                dd {
                    (count(classified)) " pictures of " (classes) " classes; each class is asked for as \u{201c}An aerial "
                    "photograph of {class}\u{201d}. A picture counts when its class is among the first k. On RSICD, where "
                    "the class is in the file name, this is the CLIP-rsicd protocol."
                }
                dt { "mAP@k" }
                dd {
                    "Every picture that has a class looks for the others of its class, itself left out. AP@k sums the "
                    "precision at each right answer among the first k and divides by k, or by the number of right pictures "
                    "where there are fewer; mAP@k is the mean over pictures (Weyand et al., Google Landmarks Dataset v2, 2020)."
                }
            }
            @if report.open_words.is_some() {
                dt { "Precision@10 of open words" }
                dd {
                    "The share of right pictures among the first ten of those with a class; where fewer than ten are right, "
                    "among as many as there are. The phrases are for measuring only and were chosen apart from training."
                }
            }
            dt { "Intervals" }
            dd {
                "Percentile bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, 1993): the figure is computed "
                "again for " (count(intervals.resamples)) " draws, with replacement, of as many pictures as there are, and "
                "the middle 95 % is given. A picture is drawn with its captions; the queries are drawn, the gallery they "
                "search stays whole. For open words, phrases are drawn. All models see the same draws (seed "
                (intervals.seed) "), and \u{201c}ahead in so many of 100 resamples\u{201d} compares them draw by draw. The "
                "intervals speak of other pictures of the same kind, not of other kinds of pictures."
            }
            dt { "Ties" }
            dd { "Of equally good answers the earlier in the data ranks first, whether it is right or not." }
            dt { "Vectors" }
            dd { "As in a catalog: pictures are rounded to 8 bits, texts are not. Computed by the engine that the page uses." }
            dt { "Speed" }
            dd {
                "Medians of up to 32 texts and pictures of the data, one at a time on one thread of "
                (report.speed.processor) ", during this measurement. A picture\u{2019}s time includes decoding and resizing. "
                "In a browser it takes longer."
            }
        }
    }
}
