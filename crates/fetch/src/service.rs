//! Where tiles are had and on which terms: a preset, an address with places for a tile's numbers, or a description of a
//! service in TileJSON or WMTS.

mod described;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;

use clip_rs_catalog::{Bounds, TileId};

use crate::address::{Secret, Template, at_origin, shown};
use crate::client::Client;
use crate::{Area, Cover, FetchError};

/// A tile service.
#[derive(Debug)]
pub struct Service {
    /// What to call it in messages; no key is in it.
    pub name: String,
    /// Its imagery, as people call it.
    pub title: String,
    /// Zooms that it has.
    pub zooms: RangeInclusive<u8>,
    /// Ground that it has, where it says so.
    pub bounds: Option<Bounds>,
    /// Whom to name beside its imagery.
    pub attribution: Option<String>,
    /// Where its terms are.
    pub terms: Option<String>,
    /// The licence of its imagery.
    pub licence: Option<String>,
    /// About how many bytes one of its tiles has.
    pub tile_bytes: u64,
    /// Requests a second that it is asked at most, unless told otherwise.
    pub requests_a_second: NonZeroU32,
    pub(crate) template: Template,
}

/// A service that is known by a word.
struct Preset {
    name: &'static str,
    title: &'static str,
    address: &'static str,
    /// Environment variable with the key, for those that need one.
    key: Option<&'static str>,
    zooms: RangeInclusive<u8>,
    attribution: &'static str,
    terms: &'static str,
    licence: Option<&'static str>,
    tile_bytes: u64,
    requests_a_second: u32,
}

const PRESETS: [Preset; 2] = [
    Preset {
        name: "usgs",
        title: "USGS National Map imagery",
        address: "https://basemap.nationalmap.gov/arcgis/rest/services/USGSImageryOnly/MapServer/tile/{z}/{y}/{x}",
        key: None,
        // What its tile cache holds; further in it enlarges.
        zooms: 0..=16,
        attribution: "USGS The National Map: Orthoimagery",
        terms: "https://www.usgs.gov/information-policies-and-instructions/copyrights-and-credits",
        licence: Some("public domain"),
        tile_bytes: 16_000,
        requests_a_second: 8,
    },
    Preset {
        name: "mapbox",
        title: "Mapbox Satellite",
        address: "https://api.mapbox.com/v4/mapbox.satellite/{z}/{x}/{y}@2x.jpg90?access_token={token}",
        key: Some("MAPBOX_ACCESS_TOKEN"),
        zooms: 0..=22,
        attribution: "© Mapbox © Maxar",
        terms: "https://www.mapbox.com/legal/tos",
        licence: None,
        tile_bytes: 80_000,
        requests_a_second: 8,
    },
];

/// Bytes of a tile of whose service nothing is known.
const USUAL_BYTES: u64 = 20_000;
/// Requests a second to a service of which nothing is known.
const USUAL_PACE: NonZeroU32 = NonZeroU32::new(4).expect("it is not zero");

impl Service {
    /// The service that `source` means: `usgs`, `mapbox`, an address with `{z}`, `{x}` and `{y}`, or the address or path of a
    /// TileJSON or WMTS document, which is asked for with `client`. `at` is an origin (`http://host:port`) that is asked in the
    /// place of a preset's own.
    pub fn open(source: &str, at: Option<&str>, client: &Client) -> Result<Self, FetchError> {
        if let Some(preset) = PRESETS.iter().find(|preset| preset.name == source) {
            return preset.service(at);
        }
        if at.is_some() {
            return Err(FetchError::service(shown(source), "another origin can be asked for a preset only"));
        }
        if Template::is_one(source) {
            let template = Template::parse(source, BTreeMap::new(), None)?;
            return Ok(Self::of_template(template));
        }
        described::open(source, client)
    }

    fn of_template(template: Template) -> Self {
        let name = template.shown();
        let host = template.one().and_then(|url| Some(url.host_str()?.to_owned()));
        Self {
            title: host.unwrap_or_else(|| name.clone()),
            name,
            zooms: 0..=TileId::MAX_ZOOM,
            bounds: None,
            attribution: None,
            terms: None,
            licence: None,
            tile_bytes: USUAL_BYTES,
            requests_a_second: USUAL_PACE,
            template,
        }
    }

    /// The tiles that an area touches, as far as the service says that it has ground there, and how many of the area's lie outside
    /// of that. An area of which it has nothing is an error.
    pub fn cover(&self, area: &Area, zooms: RangeInclusive<u8>) -> Result<(Cover, u64), FetchError> {
        let all = Cover::of(area, zooms)?;
        let Some(bounds) = self.bounds else { return Ok((all, 0)) };
        let part = all.within(bounds);
        if part.count() == 0 {
            let (west, south, east, north) = (bounds.west(), bounds.south(), bounds.east(), bounds.north());
            let why = format!(
                "it has imagery from {west} to {east} degrees of longitude and {south} to {north} of latitude, and the area {} lies \
                 outside of that",
                area.name()
            );
            return Err(FetchError::service(&self.name, why));
        }
        let outside = all.count() - part.count();
        Ok((part, outside))
    }

    /// The addresses of its tiles, without a key.
    pub fn shown(&self) -> String {
        self.template.shown()
    }

    /// An error about it, in which no key is.
    pub(crate) fn error(&self, why: &str) -> FetchError {
        FetchError::service(&self.name, self.template.hidden_in(why))
    }
}

impl Preset {
    fn service(&self, at: Option<&str>) -> Result<Service, FetchError> {
        let wrong = |why: &str| FetchError::service(self.name, why);
        let address = match at {
            None => self.address.to_owned(),
            Some(at) => at_origin(self.address, at)
                .ok_or_else(|| wrong("the other origin is not of the form http://host:port"))?,
        };
        let key = self.key.map(Secret::from_environment).transpose()?;
        let pace = NonZeroU32::new(self.requests_a_second).unwrap_or(USUAL_PACE);
        Ok(Service {
            name: self.name.to_owned(),
            title: self.title.to_owned(),
            zooms: self.zooms.clone(),
            attribution: Some(self.attribution.to_owned()),
            terms: Some(self.terms.to_owned()),
            licence: self.licence.map(str::to_owned),
            tile_bytes: self.tile_bytes,
            requests_a_second: pace,
            ..Service::of_template(Template::parse(&address, BTreeMap::new(), key)?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_says_whom_to_name_and_may_be_asked_elsewhere() {
        let client = Client::new(None);
        let usgs = Service::open("usgs", Some("http://127.0.0.1:81"), &client).expect("a service");
        let tile = TileId::new(16, 18_744, 25_072).expect("a tile");
        let url = usgs.template.url(tile).expect("an address");
        assert_eq!(
            url.as_str(),
            "http://127.0.0.1:81/arcgis/rest/services/USGSImageryOnly/MapServer/tile/16/25072/18744"
        );
        assert_eq!(usgs.licence.as_deref(), Some("public domain"));
        assert!(usgs.attribution.is_some_and(|who| who.contains("USGS")));
        for at in ["127.0.0.1", "http://127.0.0.1/path", "http://127.0.0.1/?a=b"] {
            assert!(Service::open("usgs", Some(at), &client).is_err(), "{at}");
        }
    }

    #[test]
    fn every_preset_has_an_address_of_tiles() {
        for preset in PRESETS {
            let address = preset.address.replace("{token}", "key");
            let template = Template::parse(&address, BTreeMap::new(), None).expect(preset.name);
            let url = template.one().expect(preset.name);
            assert_eq!(url.scheme(), "https");
            assert_eq!(preset.key.is_some(), preset.address.contains("{token}"), "{}", preset.name);
        }
    }
}
