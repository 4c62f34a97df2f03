//! What the words before a place say about where from it something is.

/// How far away from a place's edges is still near it, metres.
pub const NEAR_M: f64 = 2000.0;
/// Longer distances are not understood, metres.
pub const MAX_METRES: f64 = 1_000_000.0;

/// Where from a place something is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Relation {
    /// In the box around it.
    In,
    /// In that box or at most so far from it; [`NEAR_M`] where no distance is said.
    Near {
        /// More than 0 and at most [`MAX_METRES`].
        metres: f64,
    },
    /// North of its north edge.
    NorthOf,
    /// South of its south edge.
    SouthOf,
    /// East of its east edge.
    EastOf,
    /// West of its west edge.
    WestOf,
    /// Both north and east of it.
    NorthEastOf,
    /// Both north and west of it.
    NorthWestOf,
    /// Both south and east of it.
    SouthEastOf,
    /// Both south and west of it.
    SouthWestOf,
}

const NEAR: Relation = Relation::Near { metres: NEAR_M };

/// Words right before a place. Of two that fit, the first counts.
const PLAIN: [(&[&str], Relation); 14] = [
    (&["in", "and", "around"], NEAR),
    (&["in", "the", "vicinity", "of"], NEAR),
    (&["close", "to"], NEAR),
    (&["next", "to"], NEAR),
    (&["near", "to"], NEAR),
    (&["inside", "of"], Relation::In),
    (&["near"], NEAR),
    (&["nearby"], NEAR),
    (&["around"], NEAR),
    (&["by"], NEAR),
    (&["in"], Relation::In),
    (&["at"], Relation::In),
    (&["inside"], Relation::In),
    (&["within"], Relation::In),
];
/// Words before a distance that leave its meaning: at most so far.
const AT_MOST: [&[&str]; 9] = [
    &["no", "more", "than"],
    &["not", "more", "than"],
    &["less", "than"],
    &["at", "most"],
    &["up", "to"],
    &["within"],
    &["under"],
    &["about"],
    &["some"],
];
/// Words before all that which turn its meaning into another.
const TURNING: [&str; 13] = [
    "not",
    "than",
    "over",
    "beyond",
    "least",
    "exceeding",
    "except",
    "excluding",
    "outside",
    "but",
    "to",
    "and",
    "or",
];
const UNITS: [(&[&str], f64); 6] = [
    (&["m", "metre", "metres", "meter", "meters"], 1.0),
    (&["km", "kms", "kilometre", "kilometres", "kilometer", "kilometers"], 1000.0),
    (&["mi", "mile", "miles"], 1609.344),
    (&["yd", "yard", "yards"], 0.9144),
    (&["ft", "foot", "feet"], 0.3048),
    (&["nmi"], 1852.0),
];
const NUMBERS: [(&str, f64); 12] = [
    ("a", 1.0),
    ("an", 1.0),
    ("one", 1.0),
    ("two", 2.0),
    ("three", 3.0),
    ("four", 4.0),
    ("five", 5.0),
    ("six", 6.0),
    ("seven", 7.0),
    ("eight", 8.0),
    ("nine", 9.0),
    ("ten", 10.0),
];

/// Words that are left, and what those taken away mean.
type Understood<'a, T> = Option<(&'a [&'a str], T)>;

/// What `words`, folded, say right before a place: the number of the first word that says it, and what. None where they say
/// nothing, or what is not understood.
pub fn before(words: &[&str]) -> Option<(usize, Relation)> {
    let words = words.strip_suffix(&["the"]).unwrap_or(words);
    let (rest, relation) = distance(words).or_else(|| direction(words)).or_else(|| plain(words))?;
    let turned = rest.last().is_some_and(|word| TURNING.contains(word));
    (!turned).then_some((rest.len(), relation))
}

fn plain<'a>(words: &'a [&'a str]) -> Understood<'a, Relation> {
    PLAIN.iter().find_map(|(said, relation)| Some((words.strip_suffix(*said)?, *relation)))
}

/// `within 2 km of`, `3 miles away from`.
fn distance<'a>(words: &'a [&'a str]) -> Understood<'a, Relation> {
    let words = words.strip_suffix(&["of"]).or_else(|| words.strip_suffix(&["from"]))?;
    let words = words.strip_suffix(&["away"]).unwrap_or(words);
    let (words, metres) = length(words)?;
    let rest = AT_MOST.iter().find_map(|said| words.strip_suffix(*said)).unwrap_or(words);
    let near = metres > 0.0 && metres <= MAX_METRES;
    near.then_some((rest, Relation::Near { metres }))
}

/// A number with its unit, as one word or more, in metres.
fn length<'a>(words: &'a [&'a str]) -> Understood<'a, f64> {
    let (last, words) = words.split_last()?;
    let digits = last.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let of_unit =
        |name: &str| UNITS.iter().find(|(names, _)| names.contains(&name)).map(|(_, metres)| *metres);
    let metres = of_unit(last.get(digits.len()..)?)?;
    if !digits.is_empty() {
        return Some((words, number(digits)? * metres));
    }
    if let Some(rest) = words.strip_suffix(&["half", "a"]).or_else(|| words.strip_suffix(&["half"])) {
        let rest = rest.strip_suffix(&["a"]).unwrap_or(rest);
        return Some((rest, 0.5 * metres));
    }
    let (count, rest) = words.split_last()?;
    let in_words = NUMBERS.iter().find(|(name, _)| name == count).map(|(_, number)| *number);
    Some((rest, in_words.or_else(|| number(count))? * metres))
}

/// `2`, `1.5`, `1,000`; and `1,5`, which no thousands could be written as.
fn number(text: &str) -> Option<f64> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let thousands = text.split(',').skip(1).all(|group| group.len() == 3);
    let text = if thousands { text.replace(',', "") } else { text.replace(',', ".") };
    text.parse().ok()
}

/// `north of`, `to the south west of`.
fn direction<'a>(words: &'a [&'a str]) -> Understood<'a, Relation> {
    let words = words.strip_suffix(&["of"])?;
    let (last, before) = words.split_last()?;
    let (rest, relation) = match (before.split_last(), *last) {
        (_, "northeast") => (before, Relation::NorthEastOf),
        (_, "northwest") => (before, Relation::NorthWestOf),
        (_, "southeast") => (before, Relation::SouthEastOf),
        (_, "southwest") => (before, Relation::SouthWestOf),
        (Some((&"north", rest)), "east") => (rest, Relation::NorthEastOf),
        (Some((&"north", rest)), "west") => (rest, Relation::NorthWestOf),
        (Some((&"south", rest)), "east") => (rest, Relation::SouthEastOf),
        (Some((&"south", rest)), "west") => (rest, Relation::SouthWestOf),
        (_, "north") => (before, Relation::NorthOf),
        (_, "south") => (before, Relation::SouthOf),
        (_, "east") => (before, Relation::EastOf),
        (_, "west") => (before, Relation::WestOf),
        _ => return None,
    };
    // "In the north of" a place is inside it, and "5 km north of" it is a distance too: neither is said here.
    let other = rest.ends_with(&["in", "the"]) || rest.ends_with(&["the"]) && !rest.ends_with(&["to", "the"]);
    if other || length(rest).is_some() {
        return None;
    }
    let rest = rest.strip_suffix(&["to", "the"]).unwrap_or(rest);
    Some((rest.strip_suffix(&["just"]).unwrap_or(rest), relation))
}
