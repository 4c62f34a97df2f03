//! Words of place inside a query: `pools near Leesburg` asks for pools, and only where Leesburg is near.
//!
//! The place is the longest end of the query that the [`Gazetteer`] knows and that a preposition stands before: `tanks
//! within 2 km of the river at Yorkshire` asks for "tanks within 2 km of the river", in Yorkshire. A place alone asks for
//! whatever is there. No word is taken away from a query that ends in no known place, nor from one that says something
//! about it which is not understood (`not in Leesburg`, `5 km north of Leesburg`). The words are English.

mod area;
mod gazetteer;
mod relation;
mod words;

use clip_rs_catalog::Bounds;

pub use area::{IN_ROOM_M, MAX_CORNERS};
pub use gazetteer::{Gathering, Gazetteer, MAX_NAMES, Place};
pub use relation::{MAX_METRES, NEAR_M, Relation};
pub use words::key;

/// Longer queries are not searched for places, characters.
pub const MAX_QUERY: usize = 500;
/// Most words of what is ignored after a place and a comma: `Leesburg, Virginia, USA`.
const MAX_QUALIFIER: usize = 3;

/// A query in two.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// What is looked for, as typed; empty where only a place is named.
    pub words: String,
    /// Where.
    pub place: Option<Where>,
}

/// Words of place and what they mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Where {
    /// As typed, such as `within 2 km of Leesburg`; to [`parse`] this alone means the same place.
    pub phrase: String,
    /// The place's name in the gazetteer.
    pub name: String,
    /// Where from there.
    pub relation: Relation,
}

impl Where {
    /// The area that is meant, as corners (longitude, latitude) in degrees of a counter-clockwise ring, the last joined to the
    /// first by an edge straight in longitude and latitude. Longitudes go on beyond 180 degrees where it crosses the
    /// antimeridian, and lie around the middle of `whole`, the area of all imagery.
    ///
    /// At most [`MAX_CORNERS`]. Rounded corners lie on the true outline; edges between them are off by at most a hundredth of the
    /// distance, within five degrees of a pole by a twentieth, and by a tenth where the area reaches or almost reaches it. In a
    /// place of less extent than [`IN_ROOM_M`] is what is that near to it. What lies north of a place is a box: what `whole` has
    /// north of the place's north edge.
    ///
    /// Empty where `gazetteer` does not know the place, and where `whole` has nothing on that side of it.
    pub fn area(&self, gazetteer: &Gazetteer, whole: &Bounds) -> Vec<[f64; 2]> {
        let place = gazetteer.find(&self.name);
        place.map(|place| area::ring(&place.bounds, self.relation, whole)).unwrap_or_default()
    }
}

/// Takes a query apart. Any text is accepted; one longer than [`MAX_QUERY`] stays whole.
pub fn parse(query: &str, gazetteer: &Gazetteer) -> Parsed {
    let whole = Parsed { words: query.trim().to_owned(), place: None };
    if query.chars().nth(MAX_QUERY).is_some() {
        return whole;
    }
    let words = words::split(query);
    let keys: Vec<&str> = words.iter().map(|word| word.key.as_str()).collect();
    let most = gazetteer.most_words();
    let commas = words.iter().rev().take(MAX_QUALIFIER + 1).skip(1).filter(|word| word.comma);
    let ends: Vec<usize> = std::iter::once(words.len()).chain(commas.map(|word| word.index + 1)).collect();
    // A known end of all words counts more than one with something ignored after it.
    for end in ends {
        for start in end.saturating_sub(most)..end {
            let (Some(before), Some(name)) = (keys.get(..start), keys.get(start..end)) else { continue };
            let Some(place) = gazetteer.find_key(&name.join(" ")) else { continue };
            let found = match before {
                [] | ["the"] => Some((0, Relation::In)),
                _ => relation::before(before),
            };
            let Some((begin, relation)) = found else { continue };
            let Some(begin) = words.get(begin).map(|word| word.start) else { continue };
            let (rest, phrase) = query.split_at(begin);
            let rest = rest.trim().trim_end_matches([',', ';', ':']).trim_end();
            let place = Where { phrase: phrase.trim_end().to_owned(), name: place.name.to_owned(), relation };
            return Parsed { words: rest.to_owned(), place: Some(place) };
        }
    }
    whole
}

/// At most `most` queries in which the name at the end, of which only the beginning is typed, is a whole one: of `pools near
/// lees`, `pools near Leesburg`. Shorter names come first; none where no name of a place can stand.
pub fn complete(query: &str, gazetteer: &Gazetteer, most: usize) -> Vec<String> {
    if query.chars().nth(MAX_QUERY).is_some() {
        return Vec::new();
    }
    let words = words::split(query);
    let keys: Vec<&str> = words.iter().map(|word| word.key.as_str()).collect();
    for word in words.iter().skip(words.len().saturating_sub(gazetteer.most_words())) {
        let before = keys.get(..word.index).unwrap_or_default();
        if !matches!(before, [] | ["the"]) && relation::before(before).is_none() {
            continue;
        }
        let (typed, name) = query.split_at(word.start);
        let names = gazetteer.suggest(name, most);
        if !names.is_empty() {
            return names.into_iter().map(|name| format!("{typed}{name}")).collect();
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests;
