//! The page's state as it stands in the URL's fragment: `#q=baseball%20field&sel=17/37500/50140&map=17/38.8/-77.4`. Where
//! only a box is searched, `in=` has its west, south, east and north edge in degrees.
//!
//! The fragment is the one part of a URL that browsers never send, so a reload tells the server nothing of
//! what was searched. Whatever cannot be understood is left out: a link is made by others.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::protocol::Ask;
use clip_rs_catalog::Bounds;

/// Longest query that is taken from a link, characters.
pub const MAX_QUERY: usize = 500;
const MAX_ID: usize = 512;
const KEEP: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'/').remove(b',');

/// Where the map looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MapView {
    /// Zoom level of the map, 0 to 28.
    pub zoom: f64,
    /// Latitude of the middle, degrees.
    pub lat: f64,
    /// Longitude of the middle, degrees from -180 to 180.
    pub lng: f64,
}

/// What a link says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Link {
    /// What is searched for.
    pub ask: Option<Ask>,
    /// Only items in this box are wanted.
    pub within: Option<Bounds>,
    /// Id of the selected item.
    pub selected: Option<String>,
    /// Where the map looks.
    pub view: Option<MapView>,
}

impl Link {
    /// Reads a fragment, with or without its `#`. Any text is accepted; of a key given twice the last counts.
    pub fn parse(fragment: &str) -> Self {
        let mut link = Self::default();
        for pair in fragment.trim_start_matches('#').split('&') {
            let Some((key, value)) = pair.split_once('=') else { continue };
            let Some(value) = decoded(value) else { continue };
            match key {
                "q" => link.ask = query(&value).map(Ask::Text).or(link.ask),
                "like" => link.ask = id(&value).map(Ask::Like).or(link.ask),
                "in" => link.within = area(&value).or(link.within),
                "sel" => link.selected = id(&value).or(link.selected),
                "map" => link.view = view(&value).or(link.view),
                _ => {}
            }
        }
        link
    }

    /// The fragment without its `#`; empty when there is nothing to say.
    pub fn to_fragment(&self) -> String {
        let mut pairs = Vec::new();
        match &self.ask {
            Some(Ask::Text(text)) => pairs.push(format!("q={}", encoded(text))),
            Some(Ask::Like(id)) => pairs.push(format!("like={}", encoded(id))),
            None => {}
        }
        if let Some(within) = self.within {
            let edges = <[f64; 4]>::from(within).map(|degrees| format!("{degrees:.5}"));
            pairs.push(format!("in={}", edges.join(",")));
        }
        if let Some(id) = &self.selected {
            pairs.push(format!("sel={}", encoded(id)));
        }
        if let Some(MapView { zoom, lat, lng }) = self.view {
            // Two decimals of zoom; five of a degree are about a metre.
            let zoom = (zoom * 100.0).round() / 100.0;
            pairs.push(format!("map={zoom}/{lat:.5}/{lng:.5}"));
        }
        pairs.join("&")
    }
}

/// A query as it is searched for: trimmed, white space made single, not longer than [`MAX_QUERY`]; none if empty.
pub fn query(text: &str) -> Option<String> {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    let text: String = words.join(" ").chars().take(MAX_QUERY).collect();
    let text = text.trim_end();
    (!text.is_empty()).then(|| text.to_owned())
}

fn id(text: &str) -> Option<String> {
    let plain = !text.is_empty() && text.len() <= MAX_ID && !text.chars().any(char::is_control);
    plain.then(|| text.to_owned())
}

fn area(text: &str) -> Option<Bounds> {
    let edges: Vec<f64> = text.split(',').map(|edge| edge.parse().ok()).collect::<Option<_>>()?;
    let [west, south, east, north] = edges[..] else { return None };
    Bounds::new(west, south, east, north).ok()
}

fn view(text: &str) -> Option<MapView> {
    let mut numbers =
        text.split('/').map(|part| part.parse::<f64>().ok().filter(|number| number.is_finite()));
    let (Some(Some(zoom)), Some(Some(lat)), Some(Some(lng)), None) =
        (numbers.next(), numbers.next(), numbers.next(), numbers.next())
    else {
        return None;
    };
    let on_earth =
        (0.0..=28.0).contains(&zoom) && (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lng);
    on_earth.then_some(MapView { zoom, lat, lng })
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, KEEP).to_string()
}

fn decoded(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(|text| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn searched(fragment: &str) -> Option<Ask> {
        Link::parse(fragment).ask
    }

    #[test]
    fn any_state_survives_the_fragment() {
        let nasty = [
            "a & b = c # d ? 100% + 1/2",
            "ﬂuß mit Brücke",
            "船",
            "<script>alert('x')</script>",
            "a\"b\\c",
            "%41",
        ];
        for text in nasty {
            let link = Link {
                ask: Some(Ask::Text(text.to_owned())),
                within: Bounds::new(179.5, -18.0, -179.25, -17.5).ok(),
                selected: Some("picture (1), part+2.png".into()),
                view: Some(MapView { zoom: 16.5, lat: 38.8, lng: -77.4 }),
            };
            let fragment = link.to_fragment();
            assert!(fragment.is_ascii() && !fragment.contains([' ', '#', '<', '"']), "{fragment}");
            assert_eq!(Link::parse(&fragment), link, "{fragment}");
            assert_eq!(Link::parse(&format!("#{fragment}")), link);
        }
        let like = Link { ask: Some(Ask::Like("17/37500/50140".into())), ..Link::default() };
        assert_eq!(like.to_fragment(), "like=17/37500/50140");
        assert_eq!(Link::parse("like=17/37500/50140"), like);
    }

    #[test]
    fn the_documented_form_is_written() {
        let link = Link {
            ask: Some(Ask::Text("baseball field".into())),
            within: None,
            selected: Some("17/37500/50140".into()),
            view: Some(MapView { zoom: 17.0, lat: 38.8, lng: -77.4 }),
        };
        assert_eq!(link.to_fragment(), "q=baseball%20field&sel=17/37500/50140&map=17/38.80000/-77.40000");
        assert_eq!(Link::default().to_fragment(), "");
        let within = Link { within: Bounds::new(-77.5, 38.5, -77.25, 38.75).ok(), ..Link::default() };
        assert_eq!(within.to_fragment(), "in=-77.50000,38.50000,-77.25000,38.75000");
    }

    #[test]
    fn what_cannot_be_understood_is_left_out() {
        for fragment in
            ["", "#", "&&&", "q", "q=", "q=%20%09", "q=%ff%fe", "=x", "map=", "sel=%00", "unknown=1", "#q=+"]
        {
            assert_eq!(Link::parse(fragment), Link::default(), "{fragment}");
        }
        for place in [
            "17/38.8",
            "17/38.8/-77.4/1",
            "99/0/0",
            "17/91/0",
            "17/0/181",
            "NaN/0/0",
            "inf/0/0",
            "17/a/b",
            "-1/0/0",
        ] {
            assert_eq!(Link::parse(&format!("map={place}")).view, None, "{place}");
        }
        for place in ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "0,60,1,50", "0,0,1,91", "nan,0,1,1"] {
            assert_eq!(Link::parse(&format!("in={place}")).within, None, "{place}");
        }
        assert_eq!(
            searched("q=pond&q=%ff"),
            Some(Ask::Text("pond".into())),
            "a broken key leaves the good one"
        );
        assert_eq!(searched("q=tennis+court"), Some(Ask::Text("tennis court".into())));
    }

    #[test]
    fn a_query_is_trimmed_and_bounded() {
        assert_eq!(query("  a\n\tpond \u{0} "), Some("a pond".into()));
        assert_eq!(query(" \n"), None);
        let long = "船".repeat(MAX_QUERY * 3);
        assert_eq!(query(&long).map(|q| q.chars().count()), Some(MAX_QUERY));
        assert_eq!(Link::parse(&format!("sel={}", "a".repeat(MAX_ID + 1))).selected, None);
    }
}
