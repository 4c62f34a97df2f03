//! From a raster's own coordinate system to longitude and latitude and back, and what is not exact about it.

use proj4rs::Proj;
use proj4rs::transform::transform;

/// A coordinate system on the ground.
pub(crate) struct Projection {
    own: Proj,
    degrees: Proj,
    /// What a person should know of its datum; none when nothing is lost.
    pub caution: Option<String>,
}

impl Projection {
    /// The coordinate system with this EPSG code; the error is a sentence about it.
    pub fn from_epsg(code: u32) -> Result<Self, String> {
        let definition = u16::try_from(code).ok().and_then(crs_definitions::from_code);
        let definition = definition.ok_or_else(|| format!("EPSG:{code} is not known; {CONVERT}"))?;
        Self::from_definition(&format!("EPSG:{code}"), definition.proj4)
    }

    /// The coordinate system that a `.prj` file describes (well-known text, OGC's or Esri's).
    pub fn from_wkt(text: &str) -> Result<Self, String> {
        let name = text.split('"').nth(1).unwrap_or("the system").to_owned();
        let definition = proj4wkt::wkt_to_projstring(text.trim())
            .map_err(|error| format!("{name} is not understood ({error}); {CONVERT}"))?;
        Self::from_definition(&name, &definition)
    }

    /// WGS 84 in degrees.
    pub fn degrees() -> Result<Self, String> {
        Self::from_epsg(4326)
    }

    fn from_definition(name: &str, definition: &str) -> Result<Self, String> {
        let (text, caution) = with_known_shift(definition);
        let wrong = |error| format!("{name} cannot be computed with ({error}); {CONVERT}");
        Ok(Self {
            own: Proj::from_proj_string(&text).map_err(wrong)?,
            degrees: Proj::from_proj_string("+proj=longlat +datum=WGS84 +no_defs").map_err(wrong)?,
            caution: caution.map(|caution| format!("{name}: {caution}")),
        })
    }

    /// Longitude and latitude in degrees of a point of the raster's system; none where it has none.
    pub fn to_degrees(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let (x, y) = if self.own.is_latlong() { (x.to_radians(), y.to_radians()) } else { (x, y) };
        let mut point = (x, y, 0.0);
        transform(&self.own, &self.degrees, &mut point).ok()?;
        finite(point.0.to_degrees(), point.1.to_degrees())
    }

    /// The point of the raster's system at a longitude and latitude in degrees; none where it has none.
    /// In systems of degrees, the longitude nearest to `near` is taken.
    pub fn to_own(&self, lng: f64, lat: f64, near: f64) -> Option<(f64, f64)> {
        let mut point = (lng.to_radians(), lat.to_radians(), 0.0);
        transform(&self.degrees, &self.own, &mut point).ok()?;
        if self.own.is_latlong() {
            let (lng, lat) = (point.0.to_degrees(), point.1.to_degrees());
            return finite(near + around(lng - near), lat);
        }
        finite(point.0, point.1)
    }
}

/// What to do with a raster whose system is not known.
pub(crate) const CONVERT: &str = "convert the file first, such as by gdalwarp -t_srs EPSG:3857";

/// An angle in degrees brought into -180..=180.
pub(crate) fn around(degrees: f64) -> f64 {
    (degrees + 180.0).rem_euclid(360.0) - 180.0
}

fn finite(x: f64, y: f64) -> Option<(f64, f64)> {
    (x.is_finite() && y.is_finite()).then_some((x, y))
}

/// The definition with a shift to WGS 84 that needs no grid files, and how far off that may be.
fn with_known_shift(definition: &str) -> (String, Option<&'static str>) {
    let has = |part: &str| definition.split_whitespace().any(|token| token == part);
    let begins = |part: &str| definition.split_whitespace().any(|token| token.starts_with(part));
    if has("+datum=NAD27") {
        // The mean shift of the contiguous United States (EPSG:1173).
        let text = definition.replace("+datum=NAD27", "+ellps=clrk66 +towgs84=-8,160,176,0,0,0,0");
        let caution = "NAD27 is shifted by the mean of the United States, without grids: places may be off by 10 m \
                       or more";
        return (text, Some(caution));
    }
    let text: Vec<&str> = definition
        .split_whitespace()
        .filter(|token| !token.starts_with("+nadgrids=") || *token == "+nadgrids=@null")
        .collect();
    let dropped = text.len() < definition.split_whitespace().count();
    let caution = if dropped {
        Some("its datum's shift needs a grid that is not at hand: places may be off by some metres")
    } else if has("+datum=WGS84") || has("+nadgrids=@null") {
        None
    } else if has("+datum=NAD83") || has("+ellps=GRS80") {
        Some("its datum is taken as WGS 84, which is right within 2 m")
    } else if begins("+towgs84=") || begins("+datum=") {
        Some("its datum is shifted by one shift for the whole country: places may be off by some metres")
    } else {
        Some("no shift of its datum is known: places may be off by some hundred metres")
    };
    (text.join(" "), caution)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values by PROJ 9 (pyproj), degrees.
    #[test]
    fn known_points_of_several_systems_come_out_where_they_are() {
        let cases = [
            (26914, (500_000.0, 5_200_000.0), (-99.0, 46.953_529_203), 1e-8),
            (3857, (-8_575_605.0, 4_707_175.0), (-77.035_970_421, 38.898_723_863), 1e-8),
            (4326, (151.2, -33.86), (151.2, -33.86), 1e-9),
            (32633, (500_000.0, 0.0), (15.0, 0.0), 1e-9),
        ];
        for (code, (x, y), (lng, lat), within) in cases {
            let projection = Projection::from_epsg(code).expect("a known system");
            let (found_lng, found_lat) = projection.to_degrees(x, y).expect("a point");
            assert!(
                (found_lng - lng).abs() < within && (found_lat - lat).abs() < within,
                "{code}: {found_lng} {found_lat}"
            );
            let (back_x, back_y) = projection.to_own(found_lng, found_lat, lng).expect("a point");
            assert!((back_x - x).abs() < 1e-3 && (back_y - y).abs() < 1e-3, "{code}: {back_x} {back_y}");
        }
    }

    #[test]
    fn feet_are_feet_and_an_old_datum_is_shifted_aloud() {
        let carolina = Projection::from_epsg(2264).expect("a known system");
        let (lng, lat) = carolina.to_degrees(2_000_000.0, 600_000.0).expect("a point");
        assert!((lng + 79.0).abs() < 1e-6 && (lat - 35.398_607_987).abs() < 1e-7, "{lng} {lat}");
        assert!(carolina.caution.as_deref().is_some_and(|caution| caution.contains("within 2 m")));
        let old = Projection::from_epsg(4267).expect("a known system");
        let (lng, lat) = old.to_degrees(-100.0, 40.0).expect("a point");
        // By the grids of NADCON: -100.0004156, 39.9999969.
        assert!((lng + 100.000_415_6).abs() < 2e-4 && (lat - 39.999_996_9).abs() < 2e-4, "{lng} {lat}");
        assert!(old.caution.as_deref().is_some_and(|caution| caution.contains("NAD27")));
        assert!(Projection::from_epsg(65_000).is_err());
    }

    #[test]
    fn systems_are_read_from_well_known_text() {
        let esri = r#"PROJCS["NAD_1983_UTM_Zone_14N",GEOGCS["GCS_North_American_1983",DATUM["D_North_American_1983",SPHEROID["GRS_1980",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",-99.0],PARAMETER["Scale_Factor",0.9996],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]"#;
        let projection = Projection::from_wkt(esri).expect("a known system");
        let (lng, lat) = projection.to_degrees(500_500.0, 5_199_650.0).expect("a point");
        assert!((lng + 98.993_429_35).abs() < 1e-7 && (lat - 46.950_379_42).abs() < 1e-7, "{lng} {lat}");
        assert!(Projection::from_wkt("not a system").is_err());
    }

    #[test]
    fn longitudes_are_taken_near_the_raster() {
        let degrees = Projection::from_epsg(4326).expect("a known system");
        let (lng, _) = degrees.to_own(-179.0, 10.0, 180.0).expect("a point");
        assert!((lng - 181.0).abs() < 1e-9, "{lng}");
    }
}
