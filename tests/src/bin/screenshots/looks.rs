//! Sizes and colour schemes that pictures are taken in, and a page at rest.

use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};
use clip_rs_tests::{Chromium, Page};

/// Width and height of a phone, CSS pixels.
pub const PHONE: (u32, u32) = (390, 844);
/// Of a tablet.
pub const TABLET: (u32, u32) = (820, 1180);
/// Of a desktop.
pub const DESKTOP: (u32, u32) = (1440, 900);
/// Of a frame in another page.
pub const FRAME: (u32, u32) = (320, 400);

/// A colour scheme by its name in CSS.
pub const LIGHT: &str = "light";
/// The other one.
pub const DARK: &str = "dark";

/// How often the page is looked at until it is at rest.
const LOOKS: usize = 40;
/// How long between two looks.
const BETWEEN: Duration = Duration::from_millis(150);

/// Whether everything on the screen has arrived that will.
const ARRIVED: &str = "(() => { const seen = element => { const box = element.getBoundingClientRect(); \
     return box.width > 0 && box.bottom > 0 && box.top < innerHeight; }; \
     return [...document.images].filter(seen).every(image => image.complete) \
     && ![...document.querySelectorAll('.picture.coming')].some(seen) \
     && !document.querySelector('.leaflet-zoom-anim, .leaflet-pan-anim, .leaflet-tile:not(.leaflet-tile-loaded), [data-testid=exploring]'); })()";
/// A caret that blinks is never at rest. A sheet of the document's own, as the page's policy lets no other in.
const STEADY: &str = "(() => { const sheet = new CSSStyleSheet(); sheet.replaceSync('* { caret-color: transparent !important }'); \
     document.adoptedStyleSheets.push(sheet); return true; })()";

/// How a page is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Width and height, CSS pixels.
    pub size: (u32, u32),
    /// [`LIGHT`] or [`DARK`].
    pub scheme: &'static str,
}

impl Look {
    /// What tells it from others in a file's name.
    pub fn name(self) -> String {
        format!("{}-{}", self.size.0, self.scheme)
    }

    /// An empty page that looks like this.
    pub fn open(self, chromium: &Chromium) -> Result<Page> {
        let page = chromium.open("about:blank", self.size.0, self.size.1)?;
        page.prefer("prefers-color-scheme", self.scheme)?;
        Ok(page)
    }
}

/// A picture of a page.
pub struct Shot {
    /// All of it, as a PNG file.
    pub png: Vec<u8>,
    /// Left, top, width and height of the part to show, pixels; none for all of it.
    pub part: Option<[f64; 4]>,
}

/// A picture of the page once it is at rest: two in a row are the same. `crop` selects the element to show a part of it.
pub fn shoot(page: &Page, crop: Option<&str>) -> Result<Shot> {
    page.eval::<bool>(STEADY)?;
    page.wait_until("everything has arrived", ARRIVED)?;
    let part = match crop {
        Some(selector) => {
            let selector = serde_json::to_string(selector)?;
            Some(page.eval(&format!(
                "(({{ left, top, width, height }}) => [left, top, width, height])(document.querySelector({selector}).getBoundingClientRect())"
            ))?)
        }
        None => None,
    };
    let mut before = page.png()?;
    for _ in 0..LOOKS {
        thread::sleep(BETWEEN);
        let png = page.png()?;
        if png == before {
            return Ok(Shot { png, part });
        }
        before = png;
    }
    bail!("the page does not come to rest")
}
