//! Geocoders that are known by a word: where they are asked, on which terms, and how their answers are read.

use clip_rs_catalog::LngLat;
use serde_json::Value;

use super::Found;

/// Reads an answer: an address, or that there is none; the error says that it is neither.
pub(super) type Read = fn(&Value) -> Result<Option<Found>, &'static str>;

/// A geocoder.
pub(super) struct Preset {
    pub name: &'static str,
    /// With `{lng}`, `{lat}` and `{token}`.
    pub address: &'static str,
    /// Environment variable with the key, for those that need one.
    pub key: Option<&'static str>,
    pub terms: &'static str,
    pub attribution: &'static str,
    pub requests_a_second: u32,
    /// Whether its operators ask to know who asks, and that nobody asks faster.
    pub is_shared: bool,
    pub read: Read,
}

pub(super) const PRESETS: [Preset; 2] = [
    Preset {
        name: "nominatim",
        address: "https://nominatim.openstreetmap.org/reverse?format=jsonv2&zoom=18&addressdetails=0&lat={lat}&lon={lng}",
        key: None,
        terms: "https://operations.osmfoundation.org/policies/nominatim/",
        attribution: "Addresses: © OpenStreetMap contributors (ODbL)",
        requests_a_second: 1,
        is_shared: true,
        read: of_nominatim,
    },
    Preset {
        name: "mapbox",
        // What is kept has to be asked for as permanent.
        address: "https://api.mapbox.com/search/geocode/v6/reverse?types=address&limit=1&permanent=true&longitude={lng}&latitude={lat}&access_token={token}",
        key: Some("MAPBOX_ACCESS_TOKEN"),
        terms: "https://www.mapbox.com/legal/tos",
        attribution: "Addresses: © Mapbox",
        requests_a_second: 8,
        is_shared: false,
        read: of_mapbox,
    },
];

/// What an answer is that cannot be read.
const NO_ANSWER: &str = "what it sends is no geocoder's answer";

/// Nominatim's `reverse` as `jsonv2` (<https://nominatim.org/release-docs/latest/api/Reverse/>).
fn of_nominatim(answer: &Value) -> Result<Option<Found>, &'static str> {
    if answer["error"] == "Unable to geocode" {
        return Ok(None);
    }
    let number = |key: &str| answer[key].as_str()?.parse::<f64>().ok();
    found(number("lon").zip(number("lat")), answer["display_name"].as_str())
}

/// Mapbox' geocoding, version 6 (<https://docs.mapbox.com/api/search/geocoding/>).
fn of_mapbox(answer: &Value) -> Result<Option<Found>, &'static str> {
    let features = answer["features"].as_array().ok_or(NO_ANSWER)?;
    let Some(first) = features.first() else { return Ok(None) };
    let properties = &first["properties"];
    let number = |key: &str| properties["coordinates"][key].as_f64();
    found(number("longitude").zip(number("latitude")), properties["full_address"].as_str())
}

fn found(at: Option<(f64, f64)>, address: Option<&str>) -> Result<Option<Found>, &'static str> {
    let at = at.and_then(|(lng, lat)| LngLat::new(lng, lat).ok());
    let found = at.zip(address).map(|(at, address)| Found { at, address: address.to_owned() });
    found.map(Some).ok_or(NO_ANSWER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn answers_of_both_services_are_an_address_with_its_own_place_or_nothing_or_neither() {
        let nominatim =
            json!({ "lon": "-77.4753", "lat": "38.7509", "display_name": "9027, Center Street, Manassas" });
        let mapbox = json!({ "features": [{ "properties": {
            "full_address": "9027 Center Street, Manassas, Virginia 20110, United States",
            "coordinates": { "longitude": -77.4753, "latitude": 38.7509 },
        } }] });
        let nothing = [json!({ "error": "Unable to geocode" }), json!({ "features": [] })];
        for (read, answer, nothing) in
            [(of_nominatim as Read, nominatim, &nothing[0]), (of_mapbox, mapbox, &nothing[1])]
        {
            let found = read(&answer).expect("an answer").expect("an address");
            assert!(
                found.address.contains("Center Street") && (found.at.lng() + 77.4753).abs() < 1e-9,
                "{found:?}"
            );
            assert_eq!(read(nothing), Ok(None));
            for neither in [
                json!({ "error": { "code": 500 } }),
                json!({ "message": "Not Authorized" }),
                json!([]),
                json!({ "lon": "200", "lat": "1", "display_name": "a" }),
                json!({ "features": [{}] }),
            ] {
                assert!(read(&neither).is_err(), "{neither}");
            }
        }
    }
}
