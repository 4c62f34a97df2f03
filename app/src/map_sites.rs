//! The same place in other maps: addresses that open it there, and its coordinates as their search boxes take them.
//!
//! Nothing is fetched: an address is for a person who follows it. Other sites put latitude before longitude.

use std::f64::consts::TAU;

use clip_rs_catalog::LngLat;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Zoom where the one given is no number.
const USUAL_ZOOM: f64 = 17.0;
/// Length of the equator, metres.
const EQUATOR_M: f64 = TAU * 6_378_137.0;
/// Pixels on an edge of a map of the world at zoom 0.
const TILE_PIXELS: f64 = 256.0;
/// Height of a usual window, pixels.
const WINDOW_PIXELS: f64 = 900.0;
/// What Google Earth sees from top to bottom, degrees.
const FIELD_OF_VIEW: f64 = 35.0;
const KEEP: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.');

/// A map that other people run, or whatever a device opens positions with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapSite {
    /// OpenStreetMap's own map.
    OpenStreetMap,
    /// Google Maps, with its aerial imagery.
    GoogleMaps,
    /// Bing Maps, with its aerial imagery.
    BingMaps,
    /// Apple Maps, with its aerial imagery.
    AppleMaps,
    /// Google Earth in the browser.
    GoogleEarth,
    /// The program that the device opens `geo:` addresses with.
    Device,
}

impl MapSite {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::OpenStreetMap,
        Self::GoogleMaps,
        Self::BingMaps,
        Self::AppleMaps,
        Self::GoogleEarth,
        Self::Device,
    ];

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenStreetMap => "OpenStreetMap",
            Self::GoogleMaps => "Google Maps",
            Self::BingMaps => "Bing Maps",
            Self::AppleMaps => "Apple Maps",
            Self::GoogleEarth => "Google Earth",
            Self::Device => "This device's map",
        }
    }

    /// An address that opens this map with the place in the middle. `zoom` is a Web Mercator zoom level (256 pixels around the
    /// Earth at 0); each map shows the nearest of its own.
    ///
    /// By the sites' documentation: <https://wiki.openstreetmap.org/wiki/Browsing>,
    /// <https://developers.google.com/maps/documentation/urls/get-started>,
    /// <https://learn.microsoft.com/en-us/bingmaps/articles/create-a-custom-map-url>,
    /// <https://developer.apple.com/library/archive/featuredarticles/iPhoneURLScheme_Reference/MapLinks/MapLinks.html>;
    /// `geo:` by RFC 5870, which has no zoom.
    pub fn address(self, at: LngLat, zoom: f64) -> String {
        let zoom = if zoom.is_nan() { USUAL_ZOOM } else { zoom };
        let level = |least: f64, most: f64| zoom.round().clamp(least, most);
        let (lng, lat) = (degrees(at.lng()), degrees(at.lat()));
        let comma = encoded(&format!("{lat},{lng}"));
        match self {
            Self::OpenStreetMap => {
                let zoom = level(0.0, 19.0);
                format!("https://www.openstreetmap.org/?mlat={lat}&mlon={lng}#map={zoom}/{lat}/{lng}")
            }
            Self::GoogleMaps => {
                let zoom = level(0.0, 21.0);
                format!(
                    "https://www.google.com/maps/@?api=1&map_action=map&center={comma}&zoom={zoom}&basemap=satellite"
                )
            }
            Self::BingMaps => {
                let (zoom, centre) = (level(1.0, 20.0), encoded(&format!("{lat}~{lng}")));
                let point = encoded(&format!("point.{lat}_{lng}_{lat}, {lng}"));
                format!("https://www.bing.com/maps/default.aspx?cp={centre}&lvl={zoom}&style=h&sp={point}")
            }
            Self::AppleMaps => {
                let zoom = level(2.0, 21.0);
                format!("https://maps.apple.com/?ll={comma}&z={zoom}&t=k&q={comma}")
            }
            Self::GoogleEarth => {
                let distance = viewing_distance_m(at.lat(), level(1.0, 21.0));
                format!(
                    "https://earth.google.com/web/@{lat},{lng},0a,{distance:.0}d,{FIELD_OF_VIEW}y,0h,0t,0r"
                )
            }
            // At a pole the longitude is 0 (section 3.4.2).
            Self::Device if at.lat().abs() == 90.0 => format!("geo:{lat},0"),
            Self::Device => format!("geo:{lat},{lng}"),
        }
    }

    /// The position as the site's search box understands it: all of them take latitude, then longitude; a `geo:` address is its
    /// own text.
    pub fn search_text(self, at: LngLat) -> String {
        match self {
            Self::Device => self.address(at, USUAL_ZOOM),
            _ => format!("{}, {}", degrees(at.lat()), degrees(at.lng())),
        }
    }
}

/// Degrees with six decimals, a tenth of a metre.
fn degrees(value: f64) -> String {
    let text = format!("{value:.6}");
    if text == "-0.000000" { "0.000000".to_owned() } else { text }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, KEEP).to_string()
}

/// How far above the ground as much is seen as in a window at this whole zoom, metres.
fn viewing_distance_m(lat: f64, zoom: f64) -> f64 {
    let pixel_m = EQUATOR_M / TILE_PIXELS / 2.0_f64.powi(zoom as i32) * lat.to_radians().cos();
    let half_m = pixel_m * WINDOW_PIXELS / 2.0;
    (half_m / (FIELD_OF_VIEW / 2.0).to_radians().tan()).clamp(50.0, 20_000_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lng: f64, lat: f64) -> LngLat {
        LngLat::new(lng, lat).expect("in range")
    }

    #[test]
    fn each_site_gets_its_own_order_of_numbers() {
        let expected = [
            "https://www.openstreetmap.org/?mlat=38.801444&mlon=-77.403028#map=17/38.801444/-77.403028",
            "https://www.google.com/maps/@?api=1&map_action=map&center=38.801444%2C-77.403028&zoom=17&basemap=satellite",
            "https://www.bing.com/maps/default.aspx?cp=38.801444%7E-77.403028&lvl=17&style=h\
             &sp=point.38.801444%5F-77.403028%5F38.801444%2C%20-77.403028",
            "https://maps.apple.com/?ll=38.801444%2C-77.403028&z=17&t=k&q=38.801444%2C-77.403028",
            "https://earth.google.com/web/@38.801444,-77.403028,0a,1328d,35y,0h,0t,0r",
            "geo:38.801444,-77.403028",
        ];
        for (site, expected) in MapSite::ALL.into_iter().zip(expected) {
            assert_eq!(site.address(at(-77.403_027_8, 38.801_444_4), 17.2), expected, "{}", site.name());
        }
    }

    #[test]
    fn any_zoom_and_place_makes_an_address_of_plain_characters() {
        for site in MapSite::ALL {
            for zoom in [f64::NAN, f64::NEG_INFINITY, f64::INFINITY, -3.0, 0.0, 28.0] {
                for (lng, lat) in [(180.0, 90.0), (-180.0, -90.0), (-1e-9, -1e-9)] {
                    let address = site.address(at(lng, lat), zoom);
                    assert!(address.is_ascii() && address.len() < 200, "{address}");
                    assert!(!address.contains([' ', '"', '<', '>']), "{address}");
                    assert!(!address.contains("inf") && !address.contains("NaN"), "{address}");
                    assert!(!address.contains("-0.000000"), "{address}");
                }
            }
        }
        let far = MapSite::OpenStreetMap.address(at(0.0, 0.0), f64::INFINITY);
        assert!(far.ends_with("#map=19/0.000000/0.000000"), "{far}");
    }

    #[test]
    fn search_boxes_take_latitude_first() {
        for site in [MapSite::OpenStreetMap, MapSite::GoogleMaps, MapSite::GoogleEarth] {
            assert_eq!(site.search_text(at(-77.4, 38.8)), "38.800000, -77.400000");
        }
        assert_eq!(MapSite::Device.search_text(at(-77.4, 38.8)), "geo:38.800000,-77.400000");
        assert_eq!(MapSite::Device.address(at(12.0, -90.0), 3.0), "geo:-90.000000,0", "RFC 5870, 3.4.2");
    }
}
