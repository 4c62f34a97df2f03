//! Queries with words of place, and their areas against distances by brute force.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;

mod areas;

fn bounds(edges: [f64; 4]) -> Bounds {
    Bounds::try_from(edges).expect("in range")
}

fn gazetteer() -> Gazetteer {
    let entries = [
        ("Leesburg, Virginia, US", [-77.6, 39.0, -77.5, 39.2]),
        ("Yorkshire", [-77.47, 38.78, -77.44, 38.8]),
        ("Saint-Étienne", [4.3, 45.4, 4.4, 45.5]),
        ("12 Main Street", [-77.4, 38.9, -77.4, 38.9]),
        ("York", [-1.1, 53.9, -1.0, 54.0]),
        ("New York", [-74.1, 40.6, -73.8, 40.9]),
    ];
    Gazetteer::new(entries.into_iter().map(|(name, edges)| (name, bounds(edges))))
}

/// Words, phrase, name and relation of a query.
fn told(query: &str) -> (String, Option<(String, String, Relation)>) {
    let Parsed { words, place } = parse(query, &gazetteer());
    (words, place.map(|place| (place.phrase, place.name, place.relation)))
}

#[test]
fn words_of_place_are_taken_from_a_query() {
    let near = |metres| Relation::Near { metres };
    for (query, words, phrase, name, relation) in [
        ("pools near Leesburg", "pools", "near Leesburg", "Leesburg", near(2000.0)),
        ("pools in leesburg", "pools", "in leesburg", "Leesburg", Relation::In),
        ("Pools, at LEESBURG!", "Pools", "at LEESBURG!", "Leesburg", Relation::In),
        ("pools around Leesburg", "pools", "around Leesburg", "Leesburg", near(NEAR_M)),
        ("pools in and around York", "pools", "in and around York", "York", near(NEAR_M)),
        ("red roof close to the Yorkshire", "red roof", "close to the Yorkshire", "Yorkshire", near(NEAR_M)),
        ("pools within 2 km of Leesburg", "pools", "within 2 km of Leesburg", "Leesburg", near(2000.0)),
        ("pools within 1,5km from York", "pools", "within 1,5km from York", "York", near(1500.0)),
        ("a less than 500 m from York", "a", "less than 500 m from York", "York", near(500.0)),
        ("a 1,000 metres away from York", "a", "1,000 metres away from York", "York", near(1000.0)),
        ("a 3 miles from York", "a", "3 miles from York", "York", near(3.0 * 1609.344)),
        ("a within half a mile of York", "a", "within half a mile of York", "York", near(804.672)),
        ("a within a mile of York", "a", "within a mile of York", "York", near(1609.344)),
        ("a no more than ten feet from York", "a", "no more than ten feet from York", "York", near(3.048)),
        ("tanks north of Yorkshire", "tanks", "north of Yorkshire", "Yorkshire", Relation::NorthOf),
        ("tanks to the east of York", "tanks", "to the east of York", "York", Relation::EastOf),
        ("tanks southwest of York", "tanks", "southwest of York", "York", Relation::SouthWestOf),
        ("tanks North-West of York", "tanks", "North-West of York", "York", Relation::NorthWestOf),
        (
            "tanks within 2 km of the river at Yorkshire",
            "tanks within 2 km of the river",
            "at Yorkshire",
            "Yorkshire",
            Relation::In,
        ),
        ("roofs in saint etienne", "roofs", "in saint etienne", "Saint-Étienne", Relation::In),
        ("pools near New York", "pools", "near New York", "New York", near(NEAR_M)),
        ("pools at 12 main street", "pools", "at 12 main street", "12 Main Street", Relation::In),
        ("pools in Main Street", "pools", "in Main Street", "Main Street", Relation::In),
        ("船 in York", "船", "in York", "York", Relation::In),
    ] {
        let expected = (words.to_owned(), Some((phrase.to_owned(), name.to_owned(), relation)));
        assert_eq!(told(query), expected, "{query}");
        let (none, again) = told(phrase);
        assert_eq!((none.as_str(), again), ("", expected.1), "the phrase alone means the same: {phrase}");
    }
}

#[test]
fn what_follows_a_place_after_a_comma_is_ignored() {
    for (query, name) in [
        ("pools near Leesburg, Virginia", "Leesburg, Virginia"),
        ("pools near Leesburg, VA", "Leesburg"),
        ("pools near Yorkshire, Prince William County", "Yorkshire"),
        ("pools near Leesburg, Virginia, US", "Leesburg, Virginia, US"),
    ] {
        let (words, place) = told(query);
        assert_eq!((words.as_str(), place.expect("a place").1.as_str()), ("pools", name), "{query}");
    }
    assert_eq!(told("pools near York, in Leesburg").0, "pools near York", "what is known is not ignored");
    assert_eq!(told("pools near York, with one two three").1, None, "four words are more than a county");
}

#[test]
fn a_place_alone_leaves_no_words() {
    for query in ["Leesburg", " leesburg ", "the York", "in Leesburg", "12 Main Street", "Leesburg, Virginia"]
    {
        let Parsed { words, place } = parse(query, &gazetteer());
        assert_eq!(words, "", "{query}");
        assert_eq!(place.map(|place| place.phrase), Some(query.trim().to_owned()));
    }
}

#[test]
fn no_words_are_taken_where_no_known_place_follows_or_something_else_is_said() {
    for query in [
        "bridge near water",
        "York pools",
        "pools York",
        "pools not in York",
        "pools more than 2 km from York",
        "pools at least 2 km from York",
        "pools 2 to 3 km from York",
        "pools 5 km north of York",
        "pools in the north of York",
        "pools within 0 km of York",
        "pools within 5000 km of York",
        "pools within x km of York",
        "pools near Yorks",
        "in",
        "within 2 km of",
        "of York",
        "",
    ] {
        assert_eq!(told(query), (query.to_owned(), None));
    }
    let long = format!("{} near York", "pool ".repeat(120));
    assert_eq!(told(&long).1, None, "longer than a query may be");
    assert_eq!(parse("pools near York", &Gazetteer::default()).place, None);
}

#[test]
fn a_name_that_is_being_typed_is_completed() {
    let complete = |query: &str| complete(query, &gazetteer(), 2);
    assert_eq!(complete("pools near sàint e"), ["pools near Saint-Étienne"]);
    assert_eq!(
        complete("Tanks within 2 km of the YORK"),
        ["Tanks within 2 km of the York", "Tanks within 2 km of the Yorkshire"]
    );
    assert_eq!(complete("yor"), ["York", "Yorkshire"]);
    assert_eq!(complete("house at 12 m"), ["house at 12 Main Street"]);
    for query in ["", "near", "pools near ", "pools york", "pools not in york", "pools near x"] {
        assert!(complete(query).is_empty(), "{query}");
    }
}

#[test]
fn any_text_is_taken_apart_without_a_loss() {
    let seed = 11;
    let mut dice = StdRng::seed_from_u64(seed);
    let pieces = [
        "near", "york", "York", "new", "within", "2", "km", "of", "the", "north", " ", ", ", "é", "船",
        "\u{301}", "'", "1,5", ".", "0.", "main", "street", "12", "half", "a", "mile", "-", "\n", "to",
        "from",
    ];
    let places = gazetteer();
    let mut found = 0;
    for round in 0..20_000 {
        let count = dice.random_range(0..9);
        let mut query = String::new();
        for _ in 0..count {
            query.push_str(pieces[dice.random_range(0..pieces.len())]);
            if dice.random_bool(0.8) {
                query.push(' ');
            }
        }
        let Parsed { words, place } = parse(&query, &places);
        let Some(place) = place else {
            assert_eq!(words, query.trim(), "seed {seed}, round {round}");
            continue;
        };
        found += 1;
        assert!(
            query.starts_with(&words) || query.trim_start().starts_with(&words),
            "seed {seed}: {query:?}"
        );
        assert!(query.trim_end().ends_with(&place.phrase), "seed {seed}, round {round}: {query:?}");
        assert!(places.find(&place.name).is_some(), "seed {seed}, round {round}: {query:?}");
    }
    assert!(found > 300, "seed {seed}: only {found} places");
}
