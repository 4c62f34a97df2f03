//! The page's state as it stands in the URL's fragment, and stays readable there:
//! `#q=baseball%20field&sel=17/37500/50140&map=17/38.8/-77.4`.
//!
//! | key | value |
//! |---|---|
//! | `q` | the words in the box |
//! | `like` | id of an item that is looked for |
//! | `text` | words that are looked for besides, or not wanted |
//! | `picture`, `concept` | a direction as text ([`crate::vector`]), `~`, its name |
//! | `in` | west, south, east and north edge of the box that is searched, or the longitude and latitude of each corner of an outline; degrees |
//! | `place` | where else to search, in words: `within 2 km of Leesburg` |
//! | `taken` | first and last day of what is searched, `..` for none: `2020-01-01/..` |
//! | `since` | what has changed since then, where nothing is searched for: the address of another catalog as it is listed, or a day |
//! | `sel` | id of the selected item |
//! | `details` | `1` where the details of that item are open |
//! | `panel` | `here` or `saved` where the panel beside the map shows that instead of results |
//! | `map` | zoom, latitude, longitude |
//!
//! Terms may be given several times, each with a weight other than 1 before a `*`: `text=-0.5*large%20ships`.
//!
//! The fragment is the one part of a URL that browsers never send, so a reload tells the server nothing of
//! what was searched. Whatever cannot be understood is left out: a link is made by others.

use clip_rs_catalog::{Bounds, Date};
use clip_rs_search::Polygon;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::ask::{About, Ask, Named, Origin, Part, words};
use crate::protocol::Taken;
use crate::vector::Vector;

const MAX_ID: usize = 512;
/// Longest name of a picture or a concept, characters.
const MAX_NAME: usize = 100;
const KEEP: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'/')
    .remove(b',')
    .remove(b'*')
    .remove(b'~');

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

/// What the panel beside the map is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Side {
    /// The results of a search.
    #[default]
    Results,
    /// Groups of places that look alike.
    Here,
    /// Concepts, saved catalogs and the last searches.
    Saved,
}

impl Side {
    /// As links say it; results go without saying.
    fn name(self) -> Option<&'static str> {
        match self {
            Self::Results => None,
            Self::Here => Some("here"),
            Self::Saved => Some("saved"),
        }
    }
}

/// What a link says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Link {
    /// What is searched for, and where.
    pub ask: Ask,
    /// Id of the selected item.
    pub selected: Option<String>,
    /// Whether its details are open.
    pub details: bool,
    /// What the panel is about.
    pub side: Side,
    /// Where the map looks.
    pub view: Option<MapView>,
}

impl Link {
    /// Reads a fragment, with or without its `#`. Any text is accepted; of a key given twice the last counts, but terms add up.
    pub fn parse(fragment: &str) -> Self {
        let mut link = Self::default();
        for pair in fragment.trim_start_matches('#').split('&') {
            let Some((key, value)) = pair.split_once('=') else { continue };
            let Some(value) = decoded(value) else { continue };
            match key {
                "q" => link.ask.words = words(&value).or(link.ask.words),
                "in" => link.ask.area = area(&value).or(link.ask.area),
                "place" => link.ask.place = words(&value).or(link.ask.place),
                "taken" => link.ask.taken = taken(&value).or(link.ask.taken),
                "since" => link.ask.since = id(&value).or(link.ask.since),
                "sel" => link.selected = id(&value).or(link.selected),
                "details" => link.details = value == "1",
                "panel" => link.side = side(&value).unwrap_or(link.side),
                "map" => link.view = view(&value).or(link.view),
                _ => part(key, &value).into_iter().for_each(|part| link.ask.add(part)),
            }
        }
        link.details &= link.selected.is_some();
        link
    }

    /// The fragment without its `#`; empty when there is nothing to say.
    pub fn to_fragment(&self) -> String {
        let Self { ask, selected, details, side, view } = self;
        let words = ask.words.iter().map(|words| format!("q={}", encoded(words)));
        let mut pairs: Vec<String> = words.chain(ask.parts.iter().map(written)).collect();
        pairs.extend(ask.area.iter().map(|area| format!("in={}", corners(area))));
        pairs.extend(ask.place.iter().map(|place| format!("place={}", encoded(place))));
        pairs.extend(ask.taken.iter().map(days));
        pairs.extend(ask.since().iter().map(|since| format!("since={}", encoded(since))));
        pairs.extend(selected.iter().map(|id| format!("sel={}", encoded(id))));
        if *details && selected.is_some() {
            pairs.push("details=1".to_owned());
        }
        pairs.extend(side.name().map(|side| format!("panel={side}")));
        if let Some(MapView { zoom, lat, lng }) = view {
            // Two decimals of zoom; five of a degree are about a metre.
            let zoom = (zoom * 100.0).round() / 100.0;
            pairs.push(format!("map={zoom}/{lat:.5}/{lng:.5}"));
        }
        pairs.join("&")
    }
}

fn side(name: &str) -> Option<Side> {
    [Side::Here, Side::Saved].into_iter().find(|side| side.name() == Some(name))
}

fn written(part: &Part) -> String {
    let (key, value) = match &part.about {
        About::Words(words) => ("text", words.clone()),
        About::Item(id) => ("like", id.clone()),
        About::Named(Named { origin, name, vector }) => {
            (key_of(*origin), format!("{}~{name}", vector.as_str()))
        }
    };
    // What looks like a weight and is none is told apart by one.
    let weight = if part.weight == Part::PLUS && weighed(&value).is_none() {
        String::new()
    } else {
        format!("{}*", (part.weight * 100.0).round() / 100.0)
    };
    format!("{key}={weight}{}", encoded(&value))
}

fn part(key: &str, value: &str) -> Option<Part> {
    let (weight, value) = weighed(value).unwrap_or((Part::PLUS, value));
    let named = |origin| {
        let (vector, name) = value.split_once('~')?;
        let name = words(name)?.chars().take(MAX_NAME).collect();
        Some(About::Named(Named { origin, name, vector: Vector::parse(vector)? }))
    };
    let about = match key {
        "text" => About::Words(words(value)?),
        "like" => About::Item(id(value)?),
        "picture" => named(Origin::Picture)?,
        "concept" => named(Origin::Concept)?,
        _ => return None,
    };
    Some(Part { weight, about })
}

fn key_of(origin: Origin) -> &'static str {
    match origin {
        Origin::Picture => "picture",
        Origin::Concept => "concept",
    }
}

/// A weight before a `*`, and what it is the weight of.
fn weighed(text: &str) -> Option<(f32, &str)> {
    let (weight, rest) = text.split_once('*')?;
    let weight = weight.parse().ok().filter(|weight: &f32| (0.01..=Part::MOST).contains(&weight.abs()))?;
    Some((weight, rest))
}

fn id(text: &str) -> Option<String> {
    let plain = !text.is_empty() && text.len() <= MAX_ID && !text.chars().any(char::is_control);
    plain.then(|| text.to_owned())
}

fn area(text: &str) -> Option<Polygon> {
    let numbers: Vec<f64> = text.split(',').map(|edge| edge.parse().ok()).collect::<Option<_>>()?;
    if let [west, south, east, north] = numbers[..] {
        return Bounds::new(west, south, east, north).ok().map(Polygon::from);
    }
    let corners = numbers.chunks(2).map(|pair| pair.try_into().ok()).collect::<Option<_>>()?;
    Polygon::new(corners).ok()
}

/// The edges of a box, or all corners.
fn corners(area: &Polygon) -> String {
    let numbers: Vec<f64> = match area.edges() {
        Some(bounds) => <[f64; 4]>::from(bounds).to_vec(),
        None => area.corners().iter().flatten().copied().collect(),
    };
    numbers.iter().map(|degrees| format!("{degrees:.5}")).collect::<Vec<_>>().join(",")
}

/// Two days as ISO 8601 writes an interval that may be open: `2020-01-01/..`.
fn taken(text: &str) -> Option<Taken> {
    let (from, to) = text.split_once('/')?;
    let day = |text: &str| if text == ".." { Some(None) } else { text.parse().ok().map(Some) };
    let taken = Taken { from: day(from)?, to: day(to)? };
    (taken != Taken::default()).then_some(taken)
}

fn days(taken: &Taken) -> String {
    let day = |day: Option<Date>| day.map_or("..".to_owned(), |day| day.to_string());
    format!("taken={}/{}", day(taken.from), day(taken.to))
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
    use clip_rs_search::Embedding;

    use super::*;

    fn vector() -> Vector {
        Vector::new(&Embedding::new(vec![0.25, -1.0, 0.5]).expect("a direction"))
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
            "0.5*half",
            "~tilde~",
        ];
        for text in nasty {
            let named = |origin| Named { origin, name: text.to_owned(), vector: vector() };
            let part = |weight, about| Part { weight, about };
            let bounds = Bounds::new(179.5, -18.0, -179.25, -17.5).expect("a box");
            let ask = Ask {
                words: words(text),
                parts: vec![
                    part(1.0, About::Words(text.to_owned())),
                    part(-0.5, About::Words(text.to_owned())),
                    part(1.0, About::Item("picture (1), part+2.png".into())),
                    part(-1.25, About::Item("17/37500/50140".into())),
                    part(1.0, About::Named(named(Origin::Picture))),
                    part(-0.5, About::Named(named(Origin::Concept))),
                ],
                area: Some(bounds.into()),
                place: Some(text.to_owned()),
                taken: Some(Taken { from: "2020-02-29".parse().ok(), to: None }),
                since: None,
            };
            let link = Link {
                ask,
                selected: Some("picture (1), part+2.png".into()),
                details: true,
                side: Side::Here,
                view: Some(MapView { zoom: 16.5, lat: 38.8, lng: -77.4 }),
            };
            let fragment = link.to_fragment();
            assert!(fragment.is_ascii() && !fragment.contains([' ', '#', '<', '"']), "{fragment}");
            assert_eq!(Link::parse(&fragment), link, "{fragment}");
            assert_eq!(Link::parse(&format!("#{fragment}")), link);
        }
        let like = Link { ask: Ask::like("17/37500/50140"), ..Link::default() };
        assert_eq!(like.to_fragment(), "like=17/37500/50140");
        assert_eq!(Link::parse("like=17/37500/50140"), like);
    }

    #[test]
    fn the_documented_form_is_written() {
        let link = Link {
            ask: Ask::words("baseball field"),
            selected: Some("17/37500/50140".into()),
            details: false,
            side: Side::Results,
            view: Some(MapView { zoom: 17.0, lat: 38.8, lng: -77.4 }),
        };
        assert_eq!(link.to_fragment(), "q=baseball%20field&sel=17/37500/50140&map=17/38.80000/-77.40000");
        assert_eq!(Link::default().to_fragment(), "");
        let within =
            |area| Link { ask: Ask { area: Some(area), ..Ask::default() }, ..Link::default() }.to_fragment();
        let bounds = Bounds::new(-77.5, 38.5, -77.25, 38.75).expect("a box");
        assert_eq!(within(bounds.into()), "in=-77.50000,38.50000,-77.25000,38.75000");
        let triangle = Polygon::new(vec![[179.0, 1.0], [181.0, 1.0], [180.0, 2.5]]).expect("a triangle");
        let written = within(triangle.clone());
        assert_eq!(written, "in=179.00000,1.00000,181.00000,1.00000,180.00000,2.50000");
        assert_eq!(Link::parse(&written).ask.area, Some(triangle));
        let mut ask = Ask::words("harbour");
        ask.add(Part::minus(About::Words("large ships".into())));
        let link = Link { ask, ..Link::default() };
        assert_eq!(link.to_fragment(), "q=harbour&text=-0.5*large%20ships");
    }

    #[test]
    fn another_date_is_written_where_nothing_else_is_asked() {
        for (since, written) in [
            ("2019-05-01", "since=2019-05-01"),
            ("catalogs/then/catalog.json", "since=catalogs/then/catalog.json"),
            ("https://maps.example/a b/catalog.json", "since=https%3A//maps.example/a%20b/catalog.json"),
        ] {
            let mut ask = Ask { since: Some(since.to_owned()), ..Ask::default() };
            let link = Link { ask: ask.clone(), ..Link::default() };
            assert_eq!(link.to_fragment(), written);
            assert_eq!(Link::parse(written), link);
            ask.words = words("pond");
            assert_eq!(Link { ask, ..Link::default() }.to_fragment(), "q=pond");
        }
        assert_eq!(Link::parse("since=%00").ask.since, None);
    }

    #[test]
    fn details_are_of_a_selected_item() {
        let mut link = Link { selected: Some("a.png".into()), details: true, ..Link::default() };
        assert_eq!(link.to_fragment(), "sel=a.png&details=1");
        assert_eq!(Link::parse("details=1&sel=a.png"), link);
        for other in ["sel=a.png", "sel=a.png&details=0", "sel=a.png&details=yes", "details=1"] {
            assert!(!Link::parse(other).details, "{other}");
        }
        link.selected = None;
        assert_eq!(link.to_fragment(), "");
    }

    #[test]
    fn a_link_may_open_what_was_saved() {
        let link = Link { side: Side::Saved, ..Link::default() };
        assert_eq!(link.to_fragment(), "panel=saved");
        assert_eq!(Link::parse("#panel=saved"), link);
        for other in ["panel=", "panel=results", "panel=Saved", "saved"] {
            assert_eq!(Link::parse(other).side, Side::Results, "{other}");
        }
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
        for place in
            ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "0,60,1,50", "0,0,1,91", "nan,0,1,1", "0,0,1,0,1,91"]
        {
            assert_eq!(Link::parse(&format!("in={place}")).ask.area, None, "{place}");
        }
        for term in
            ["text=", "text=%20", "like=%00", "picture=AAAA~x", "picture=fw", "concept=~x", "Text=pond"]
        {
            assert_eq!(Link::parse(term).ask, Ask::default(), "{term}");
        }
        for days in ["", "2020", "../..", "2021-02-29/..", "2020-01-01", "a/b"] {
            assert_eq!(Link::parse(&format!("taken={days}")).ask.taken, None, "{days}");
        }
        for weight in ["9", "-9", "0", "nan", "inf"] {
            let part = Part::plus(About::Words(format!("{weight}*pond")));
            assert_eq!(
                Link::parse(&format!("text={weight}*pond")).ask.parts,
                [part],
                "{weight} is no weight"
            );
        }
        let searched = |fragment: &str| Link::parse(fragment).ask;
        assert_eq!(searched("q=pond&q=%ff"), Ask::words("pond"), "a broken key leaves the good one");
        assert_eq!(searched("q=tennis+court"), Ask::words("tennis court"));
    }

    #[test]
    fn names_are_bounded() {
        assert_eq!(Link::parse(&format!("sel={}", "a".repeat(MAX_ID + 1))).selected, None);
        let link = Link::parse(&format!("picture={}~{}", vector().as_str(), "a".repeat(1000)));
        assert!(matches!(&link.ask.parts[0].about, About::Named(named) if named.name.len() == MAX_NAME));
    }
}
