//! The ground that is wanted: a box, outlines from a GeoJSON file, or what lies around a place.

use std::path::Path;

use clip_rs_catalog::{Bounds, LngLat};
use clip_rs_locate::Places;
use clip_rs_stage::files;
use geojson::{GeoJson, GeometryValue, Position};

use crate::FetchError;

/// The largest GeoJSON file that is read, bytes.
const MOST_BYTES: u64 = 64 << 20;
/// Corners of all outlines together.
const MOST_CORNERS: usize = 1_000_000;
/// Metres of a degree of latitude.
const DEGREE_M: f64 = 111_320.0;

/// Rings of corners (longitude, latitude; WGS 84 degrees). What lies in an odd number of them is inside, so a hole is a ring.
pub(crate) type Outline = Vec<Vec<[f64; 2]>>;

/// An area on the ground.
#[derive(Debug, Clone, PartialEq)]
pub struct Area {
    name: String,
    outlines: Vec<Outline>,
}

impl Area {
    /// Reads `WEST,SOUTH,EAST,NORTH` in degrees, the path of a GeoJSON file, or the name of a place, of which what lies within
    /// `around_km` kilometres to each side is taken.
    pub fn parse(text: &str, around_km: f64) -> Result<Self, FetchError> {
        if let Some(edges) = four_numbers(text) {
            let [west, south, east, north] = edges;
            let bounds =
                Bounds::new(west, south, east, north).map_err(|error| FetchError::area(text, error))?;
            return Ok(Self::of_box(bounds));
        }
        let path = Path::new(text);
        let is_file = path.extension().is_some_and(|extension| {
            ["geojson", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
        });
        if is_file || path.is_file() {
            return Self::of_file(path);
        }
        Self::of_place(text, around_km)
    }

    /// A box.
    pub fn of_box(bounds: Bounds) -> Self {
        let (west, south, east, north) = (bounds.west(), bounds.south(), bounds.east(), bounds.north());
        let ring =
            |west: f64, east: f64| vec![vec![[west, south], [east, south], [east, north], [west, north]]];
        let outlines = if bounds.crosses_antimeridian() {
            vec![ring(west, 180.0), ring(-180.0, east)]
        } else {
            vec![ring(west, east)]
        };
        Self { name: format!("{west},{south},{east},{north}"), outlines }
    }

    /// The polygons in a GeoJSON file (RFC 7946).
    fn of_file(path: &Path) -> Result<Self, FetchError> {
        let wrong = |why: String| FetchError::area(path.display(), why);
        let text = String::from_utf8(files::read_at_most(path, MOST_BYTES)?)
            .map_err(|error| wrong(error.to_string()))?;
        let json: GeoJson = text
            .trim_start_matches('\u{feff}')
            .parse()
            .map_err(|error| wrong(format!("no GeoJSON: {error}")))?;
        let mut outlines = Vec::new();
        match json {
            GeoJson::Geometry(geometry) => gather(&geometry.value, &mut outlines),
            GeoJson::Feature(feature) => {
                feature.geometry.iter().for_each(|geometry| gather(&geometry.value, &mut outlines));
            }
            GeoJson::FeatureCollection(collection) => {
                let geometries = collection.features.iter().filter_map(|feature| feature.geometry.as_ref());
                geometries.for_each(|geometry| gather(&geometry.value, &mut outlines));
            }
        }
        if outlines.is_empty() {
            return Err(wrong("there is no polygon in it".to_owned()));
        }
        let corners: usize = outlines.iter().flatten().map(Vec::len).sum();
        if corners > MOST_CORNERS {
            return Err(wrong(format!(
                "its outlines have {corners} corners, more than {MOST_CORNERS}: simplify them"
            )));
        }
        let on_earth = |[lng, lat]: &[f64; 2]| lng.abs() <= 180.0 && lat.abs() <= 90.0;
        if let Some([lng, lat]) = outlines.iter().flatten().flatten().find(|corner| !on_earth(corner)) {
            return Err(wrong(format!(
                "the corner {lng}, {lat} is not on Earth: GeoJSON has longitude before latitude, in degrees (EPSG:4326)"
            )));
        }
        Ok(Self { name: path.display().to_string(), outlines })
    }

    /// What lies around a place of that name.
    fn of_place(text: &str, around_km: f64) -> Result<Self, FetchError> {
        let wrong = |why: String| FetchError::area(text, why);
        if !(around_km > 0.0 && around_km <= 500.0) {
            return Err(wrong(format!("{around_km} km around it is not between 0 and 500")));
        }
        let found = Places::load().named(text);
        let [(name, at)] = found.as_slice() else {
            let named: Vec<&str> = found.iter().take(8).map(|(name, _)| name.as_str()).collect();
            return Err(wrong(match named.as_slice() {
                [] => {
                    "no place of that name is known; give WEST,SOUTH,EAST,NORTH in degrees or a GeoJSON file"
                        .to_owned()
                }
                several => format!("there are several, say which: {}", several.join("; ")),
            }));
        };
        let bounds =
            around(*at, around_km * 1000.0).ok_or_else(|| wrong("it is too near a pole".to_owned()))?;
        Ok(Self { name: name.clone(), ..Self::of_box(bounds) })
    }

    /// What to call it: the place, the file, or its edges.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its parts.
    pub(crate) fn outlines(&self) -> &[Outline] {
        &self.outlines
    }
}

/// The box that reaches `reach_m` metres to each side.
fn around(at: LngLat, reach_m: f64) -> Option<Bounds> {
    let up = reach_m / DEGREE_M;
    let across = up / at.lat().to_radians().cos().max(0.01);
    let turned = |lng: f64| (lng + 540.0).rem_euclid(360.0) - 180.0;
    Bounds::new(turned(at.lng() - across), at.lat() - up, turned(at.lng() + across), at.lat() + up).ok()
}

fn four_numbers(text: &str) -> Option<[f64; 4]> {
    let numbers: Option<Vec<f64>> = text.split(',').map(|number| number.trim().parse().ok()).collect();
    numbers?.try_into().ok()
}

/// Adds the polygons of a geometry.
fn gather(geometry: &GeometryValue, outlines: &mut Vec<Outline>) {
    let outline = |rings: &Vec<Vec<Position>>| -> Outline {
        let corner = |position: &Position| match position.as_slice() {
            [lng, lat, ..] => [*lng, *lat],
            // Nowhere on Earth.
            _ => [f64::NAN; 2],
        };
        rings.iter().map(|ring| ring.iter().map(corner).collect()).collect()
    };
    match geometry {
        GeometryValue::Polygon { coordinates } => outlines.push(outline(coordinates)),
        GeometryValue::MultiPolygon { coordinates } => outlines.extend(coordinates.iter().map(outline)),
        GeometryValue::GeometryCollection { geometries } => {
            geometries.iter().for_each(|geometry| gather(&geometry.value, outlines));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Result<Area, FetchError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("area.geojson");
        std::fs::write(&path, text).expect("a file");
        Area::parse(path.to_str().expect("a path"), 5.0)
    }

    #[test]
    fn an_area_is_a_box_a_file_or_a_place() {
        let one = Area::parse("-77.5, 38.7, -77.4, 38.8", 5.0).expect("a box");
        assert_eq!(one.outlines(), [vec![vec![[-77.5, 38.7], [-77.4, 38.7], [-77.4, 38.8], [-77.5, 38.8]]]]);
        let over = Area::parse("179.5,-18,-179.5,-17", 5.0).expect("a box over the antimeridian");
        assert_eq!(over.outlines().len(), 2);
        let polygon = r#"{"type": "Polygon", "coordinates": [[[1, 2], [3, 2], [3, 4], [1, 2]]]}"#;
        let feature = format!(r#"{{"type": "Feature", "properties": null, "geometry": {polygon}}}"#);
        for text in [
            polygon.to_owned(),
            feature.clone(),
            format!(r#"{{"type": "FeatureCollection", "features": [{feature}]}}"#),
            format!(
                r#"{{"type": "GeometryCollection", "geometries": [{polygon}, {{"type": "Point", "coordinates": [0, 0]}}]}}"#
            ),
        ] {
            let area = file(&text).expect(&text);
            assert_eq!(
                area.outlines(),
                [vec![vec![[1.0, 2.0], [3.0, 2.0], [3.0, 4.0], [1.0, 2.0]]]],
                "{text}"
            );
        }
        let place = Area::parse("Manassas, Virginia", 5.0).expect("a place");
        assert_eq!(place.name(), "Manassas, Virginia, US");
        let [[west, south], _, [east, north], _] = place.outlines()[0][0][..] else { panic!("{place:?}") };
        assert!((north - south - 0.09).abs() < 0.01 && (east - west - 0.115).abs() < 0.01, "{place:?}");
        assert!(west < -77.475 && east > -77.475 && south < 38.751 && north > 38.751, "{place:?}");
    }

    #[test]
    fn what_is_no_area_is_an_error_that_says_what_to_do() {
        for (text, word) in [
            ("0,60,1,50", "0,60,1,50"),
            ("Xyzzyville", "no place"),
            ("Springfield", "several"),
            ("missing.geojson", "missing.geojson"),
        ] {
            let said = Area::parse(text, 5.0).expect_err(text).to_string();
            assert!(said.contains(word), "{said}");
        }
        for (text, word) in [
            ("{}", "GeoJSON"),
            (r#"{"type": "Point", "coordinates": [0, 0]}"#, "no polygon"),
            (
                r#"{"type": "Polygon", "coordinates": [[[38, -477], [39, -477], [39, -478]]]}"#,
                "longitude before",
            ),
            (r#"{"type": "Polygon", "coordinates": [[[38]]]}"#, ""),
        ] {
            let said = file(text).expect_err(text).to_string();
            assert!(said.contains(word), "{text}: {said}");
        }
    }
}
