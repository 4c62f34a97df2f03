//! Lines of longitude and latitude, and the outline of the area, below the map's tiles: seen where there are none.

use leptos::prelude::*;

use super::session::Session;
use super::shown::Shown;
use crate::unwrapped::{Extent, Frame, wrapped};

/// Lines are at least so far apart, pixels.
const APART: f64 = 110.0;
/// Latitude up to which there are lines, degrees: the edge of the map.
const NORTHERNMOST: f64 = 85.0;
/// Lines of one kind at most: more than any screen has room for.
const MOST: usize = 100;
/// Steps between lines, in degrees, of more than one.
const COARSE: [f64; 8] = [2.0, 5.0, 10.0, 15.0, 30.0, 45.0, 60.0, 90.0];
/// Decimals of the finest step.
const MOST_DECIMALS: usize = 6;

/// A line across the whole map.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    /// Pixels from the map's left edge of a meridian, from its upper edge of a parallel.
    at: f64,
    label: String,
}

/// Where degrees lie on the screen, as Web Mercator has them (EPSG:3857).
struct Scale {
    west: f64,
    /// Of the upper edge, on a map on which the equator is 2 pi long.
    top: f64,
    per_degree: f64,
}

impl Scale {
    /// None where nothing is shown.
    fn of(shown: Shown) -> Option<Self> {
        let Shown { extent, size } = shown;
        let per_degree = size.0 / (extent.east - extent.west);
        let is_sound = per_degree.is_finite() && per_degree > 0.0 && size.1 > 0.0;
        is_sound.then_some(Self { west: extent.west, top: stretched(extent.north), per_degree })
    }

    fn x(&self, lng: f64) -> f64 {
        (lng - self.west) * self.per_degree
    }

    fn y(&self, lat: f64) -> f64 {
        (self.top - stretched(lat)) * self.per_degree.to_degrees()
    }
}

/// How far north of the equator a latitude lies on a map on which the equator is 2 pi long.
fn stretched(lat: f64) -> f64 {
    lat.clamp(-89.99, 89.99).to_radians().tan().asinh()
}

/// The least step that keeps lines apart, in degrees, with the decimals that it needs.
fn step(per_degree: f64) -> (f64, usize) {
    let fine = (0..=MOST_DECIMALS).rev().flat_map(|decimals| {
        let unit = 10_f64.powi(-(decimals as i32));
        [1.0, 2.0, 5.0].map(|times| (times * unit, decimals))
    });
    let fine = fine.filter(|(step, _)| *step <= 1.0);
    let mut all = fine.chain(COARSE.map(|step| (step, 0)));
    all.find(|(step, _)| step * per_degree >= APART).unwrap_or((90.0, 0))
}

/// Multiples of `step` between two values.
fn multiples(step: f64, from: f64, to: f64) -> impl Iterator<Item = f64> {
    let (first, last) = ((from / step).ceil() as i64, (to / step).floor() as i64);
    (first..=last).take(MOST).map(move |times| times as f64 * step)
}

fn label(degrees: f64, decimals: usize, [positive, negative]: [&str; 2]) -> String {
    let number = format!("{:.decimals$}", degrees.abs());
    let on_the_line = number.chars().all(|c| matches!(c, '0' | '.')) || degrees.abs() == 180.0;
    let side = if degrees < 0.0 { negative } else { positive };
    if on_the_line { format!("{number}°") } else { format!("{number}° {side}") }
}

/// The meridians and the parallels of what a map shows.
fn lines(shown: Shown) -> (Vec<Line>, Vec<Line>) {
    let Some(scale) = Scale::of(shown) else { return Default::default() };
    let (step, decimals) = step(scale.per_degree);
    let Extent { west, south, east, north } = shown.extent;
    let meridian = |lng| Line { at: scale.x(lng), label: label(wrapped(lng), decimals, ["E", "W"]) };
    let parallel = |lat| Line { at: scale.y(lat), label: label(lat, decimals, ["N", "S"]) };
    let (south, north) = (south.max(-NORTHERNMOST), north.min(NORTHERNMOST));
    (
        multiples(step, west, east).map(meridian).collect(),
        multiples(step, south, north).map(parallel).collect(),
    )
}

/// All lines as an SVG path.
fn path((meridians, parallels): &(Vec<Line>, Vec<Line>), (width, height): (f64, f64)) -> String {
    let down = meridians.iter().map(|line| format!("M{:.1} 0V{height:.0}", line.at));
    let across = parallels.iter().map(|line| format!("M0 {:.1}H{width:.0}", line.at));
    down.chain(across).collect()
}

/// The outline of a box as an SVG path; empty for a mere position.
fn outline(area: Extent, shown: Shown) -> String {
    match Scale::of(shown) {
        Some(scale) if !area.is_point() => {
            let (left, right) = (scale.x(area.west), scale.x(area.east));
            let (top, bottom) = (scale.y(area.north), scale.y(area.south));
            format!("M{left:.1} {top:.1}H{right:.1}V{bottom:.1}H{left:.1}Z")
        }
        _ => String::new(),
    }
}

#[component]
pub fn Graticule(shown: RwSignal<Option<Shown>>) -> impl IntoView {
    let session = expect_context::<Session>();
    let area = Memo::new(move |_| {
        session.manifest.with(|manifest| {
            let manifest = manifest.as_ref()?;
            let bounds = manifest.bounds.as_ref()?;
            Some((Frame::of(Some(bounds)).extent(bounds), manifest.tiles.is_none()))
        })
    });
    let is_alone = move || area.get().is_some_and(|(_, is_alone)| is_alone);
    move || {
        let (shown, (extent, _)) = (shown.get()?, area.get()?);
        let lines = lines(shown);
        let grid = path(&lines, shown.size);
        let (meridians, parallels) = lines;
        let above = |line: Line| view! { <text x=format!("{:.1}", line.at + 4.0) y="14">{line.label}</text> };
        let beside = |line: Line| view! { <text x="6" y=format!("{:.1}", line.at - 4.0)>{line.label}</text> };
        Some(view! {
            <svg class="graticule" class:alone=is_alone data-testid="graticule" aria-hidden="true">
                <path class="grid" d=grid/>
                <path class="area" data-testid="area-outline" d=outline(extent, shown)/>
                {meridians.into_iter().map(above).collect_view()}
                {parallels.into_iter().map(beside).collect_view()}
            </svg>
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unwrapped::world_pixels;

    fn shown(zoom: f64, lng: f64) -> Shown {
        let per_degree = world_pixels(zoom) / 360.0;
        let (width, height) = (1000.0, 600.0);
        let half = width / per_degree / 2.0;
        let up = height / per_degree.to_degrees() / 2.0;
        let lat = |stretched: f64| stretched.sinh().atan().to_degrees();
        let extent = Extent { west: lng - half, south: lat(-up), east: lng + half, north: lat(up) };
        Shown { extent, size: (width, height) }
    }

    #[test]
    fn at_any_zoom_there_are_some_lines_and_their_labels_differ() {
        for zoom in 0..=28 {
            let (meridians, parallels) = lines(shown(f64::from(zoom), -77.5));
            assert!((1..=16).contains(&meridians.len()), "zoom {zoom}: {meridians:?}");
            assert!(parallels.len() <= 12, "zoom {zoom}: {parallels:?}");
            for lines in [&meridians, &parallels] {
                for pair in lines.windows(2) {
                    assert!((pair[0].at - pair[1].at).abs() >= 60.0, "zoom {zoom}: {pair:?}");
                    assert_ne!(pair[0].label, pair[1].label, "zoom {zoom}");
                }
            }
        }
    }

    #[test]
    fn lines_lie_where_their_labels_say() {
        let (meridians, parallels) = lines(shown(8.0, 0.0));
        let middle =
            meridians.iter().find(|line| line.label == "0°" || line.label == "0.0°").expect("Greenwich");
        assert!((middle.at - 500.0).abs() < 1e-6);
        let equator = parallels.iter().find(|line| line.label.starts_with("0")).expect("the equator");
        assert!((equator.at - 300.0).abs() < 1e-6);
        let north = parallels.iter().find(|line| line.label == "1° N").expect("a degree north");
        assert!((equator.at - north.at - 256.0 * 256.0 / 360.0).abs() < 0.1, "{north:?}");
    }

    #[test]
    fn beyond_the_antimeridian_degrees_go_down_again() {
        let (meridians, _) = lines(shown(6.0, 181.0));
        let labels: Vec<&str> = meridians.iter().map(|line| line.label.as_str()).collect();
        assert!(
            labels.contains(&"180°") && labels.contains(&"175° E") && labels.contains(&"175° W"),
            "{labels:?}"
        );
    }

    #[test]
    fn a_map_without_a_size_has_no_lines() {
        let nothing = Shown { size: (0.0, 0.0), ..shown(3.0, 0.0) };
        assert_eq!(lines(nothing), Default::default());
        let broken = Extent { west: f64::NAN, ..shown(3.0, 0.0).extent };
        assert_eq!(lines(Shown { extent: broken, size: (100.0, 100.0) }), Default::default());
        assert_eq!(outline(broken, nothing), "");
    }
}
