//! What a person sees of the map: where its footprints are, and which colours lie below them.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clip_rs_catalog::{LngLat, TileSquare};
use image::RgbImage;
use serde::Deserialize;

use crate::land::Land;
use crate::{Mouse, Page};

/// Longest wait for the map's tiles.
const PATIENCE: Duration = Duration::from_secs(30);
/// How far a colour may be off: JPEG, scaling and reprojection blur, a tile in the wrong place is further off.
const TOLERANCE: f64 = 11.0;
/// Where a footprint is looked at, as parts of its width and height; its rank stands in the middle.
const LOOKS: [(f64, f64); 4] = [(0.2, 0.2), (0.8, 0.2), (0.2, 0.8), (0.8, 0.8)];
/// Hides what is drawn over the tiles, and the controls.
const BARE: &str = "(on => { for (const pane of document.querySelectorAll('.leaflet-overlay-pane, .leaflet-tooltip-pane, \
                    .leaflet-control-container, .map-tools, .map-said')) pane.style.visibility = on ? 'hidden' : ''; return true; })";

/// A footprint on the screen, CSS pixels.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Footprint {
    /// The item's id.
    pub id: String,
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// The map of a page.
pub struct MapView<'a> {
    page: &'a Page,
}

impl Page {
    /// The page's map.
    pub fn map(&self) -> MapView<'_> {
        MapView { page: self }
    }
}

impl MapView<'_> {
    /// The footprints that lie wholly inside the map's frame.
    pub fn footprints(&self) -> Result<Vec<Footprint>> {
        self.page.eval(
            "(() => { const frame = document.querySelector('[data-testid=map]').getBoundingClientRect(); \
             const boxes = [...document.querySelectorAll('[data-testid=footprint]')].map(shape => { \
             const { x, y, width, height } = shape.getBoundingClientRect(); \
             return { id: shape.dataset.id, x, y, width, height }; }); \
             return boxes.filter(b => b.x >= frame.left && b.y >= frame.top && b.x + b.width <= frame.right \
             && b.y + b.height <= frame.bottom); })()",
        )
    }

    /// Waits until so many footprints lie wholly inside the map's frame.
    pub fn wait_for_footprints(&self, count: usize) -> Result<()> {
        let start = Instant::now();
        let mut found = 0;
        while start.elapsed() < PATIENCE {
            found = self.footprints()?.len();
            if found >= count {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(100));
        }
        bail!("{found} footprints lie inside the map, not {count}")
    }

    /// Presses the map's button for a zoom further in or out and waits until it has come to rest.
    pub fn zoom(&self, inward: bool) -> Result<()> {
        let button = if inward { "in" } else { "out" };
        self.page.click(&format!(".leaflet-control-zoom-{button}"))?;
        self.page.wait_until(
            "the map has zoomed",
            "!document.querySelector('.leaflet-zoom-anim') && !document.querySelector('.leaflet-pan-anim')",
        )
    }

    /// The place in the window, CSS pixels, at these parts of the map's width and height.
    fn at(&self, (across, down): (f64, f64)) -> Result<(f64, f64)> {
        let [left, top, width, height]: [f64; 4] = self.page.eval(
            "(() => { const { left, top, width, height } = document.querySelector('[data-testid=map]').getBoundingClientRect(); \
             return [left, top, width, height]; })()",
        )?;
        Ok((left + across * width, top + down * height))
    }

    /// Clicks on the map at these parts of its width and height; twice for a double click.
    pub fn click(&self, at: (f64, f64), times: u32) -> Result<()> {
        let at = self.at(at)?;
        self.page.mouse(Mouse::Move, at, 0)?;
        for click in 1..=times {
            self.page.mouse(Mouse::Press, at, click)?;
            self.page.mouse(Mouse::Release, at, click)?;
        }
        Ok(())
    }

    /// Drags with the mouse from one place of the map to another, each as parts of its width and height.
    pub fn drag(&self, from: (f64, f64), to: (f64, f64)) -> Result<()> {
        let (from, to) = (self.at(from)?, self.at(to)?);
        let between = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0);
        self.page.mouse(Mouse::Move, from, 0)?;
        self.page.mouse(Mouse::Press, from, 1)?;
        self.page.mouse(Mouse::Drag, between, 0)?;
        self.page.mouse(Mouse::Drag, to, 0)?;
        self.page.mouse(Mouse::Release, to, 1)
    }

    /// The screen with nothing over the map's tiles.
    fn bare(&self) -> Result<RgbImage> {
        self.page.eval::<bool>(&format!("{BARE}(true)"))?;
        let png = self.page.png();
        self.page.eval::<bool>(&format!("{BARE}(false)"))?;
        Ok(image::load_from_memory(&png?)?.to_rgb8())
    }

    /// Waits until what lies below every footprint inside the frame is what `land` shows there. Ids must be squares of
    /// tiles. Returns how many footprints were looked at.
    pub fn expect_land_below_footprints(&self, land: Land) -> Result<usize> {
        let start = Instant::now();
        loop {
            let (looked, wrong) = self.compare(land)?;
            match wrong {
                None if looked > 0 => return Ok(looked),
                wrong if start.elapsed() > PATIENCE => {
                    bail!("{}", wrong.unwrap_or_else(|| "no footprint lies inside the map".to_owned()))
                }
                _ => thread::sleep(Duration::from_millis(150)),
            }
        }
    }

    /// The number of footprints looked at, and the first colour that is wrong.
    fn compare(&self, land: Land) -> Result<(usize, Option<String>)> {
        // The screen first: footprints that move meanwhile make the comparison fail, not pass.
        let screen = self.bare()?;
        let footprints = self.footprints()?;
        let mut looked = 0;
        for footprint in footprints.iter().filter(|one| one.width >= 8.0) {
            let square: TileSquare = footprint.id.parse()?;
            for (across, down) in LOOKS {
                let found = patch(&screen, footprint, across, down)
                    .with_context(|| format!("{footprint:?} is off the screen"))?;
                let at = within(square, across, down)?;
                // A window at the edge of the land goes on beyond it.
                let Some(expected) = land.red_green(at) else { continue };
                if (0..2).any(|channel| (found[channel] - expected[channel]).abs() > TOLERANCE) {
                    let why = format!(
                        "below {} the map shows red and green {found:.0?} where {expected:.0?} belong",
                        footprint.id
                    );
                    return Ok((looked, Some(why)));
                }
            }
            looked += 1;
        }
        Ok((looked, None))
    }
}

/// The position at these parts of the width and height of a square, which are equal steps on the screen.
fn within(square: TileSquare, across: f64, down: f64) -> Result<LngLat> {
    let n = f64::from(1_u32 << square.tile().z());
    let span = f64::from(square.span());
    let x = (f64::from(square.tile().x()) + across * span) / n;
    let y = (f64::from(square.tile().y()) + down * span) / n;
    let lat = (std::f64::consts::PI * (1.0 - 2.0 * y)).sinh().atan().to_degrees();
    Ok(LngLat::new(x.rem_euclid(1.0) * 360.0 - 180.0, lat)?)
}

/// Mean red and green of a few pixels; none off the screen.
fn patch(screen: &RgbImage, footprint: &Footprint, across: f64, down: f64) -> Option<[f64; 2]> {
    let reach = if footprint.width > 40.0 { 3 } else { 1 };
    let x = (footprint.x + across * footprint.width).round() as i64;
    let y = (footprint.y + down * footprint.height).round() as i64;
    let mut sum = [0.0; 2];
    for (dx, dy) in (-reach..=reach).flat_map(|dx| (-reach..=reach).map(move |dy| (dx, dy))) {
        let pixel = screen.get_pixel_checked(u32::try_from(x + dx).ok()?, u32::try_from(y + dy).ok()?)?;
        sum.iter_mut().zip(pixel.0).for_each(|(sum, value)| *sum += f64::from(value));
    }
    let count = ((2 * reach + 1) * (2 * reach + 1)) as f64;
    Some(sum.map(|sum| sum / count))
}
