//! What a person does to the box and the terms, and what is then asked.

use super::*;

fn asking(text: &str) -> Asking {
    Asking::about(Ask::words(text))
}

#[test]
fn what_is_erased_again_is_not_taken_for_what_was_confirmed() {
    let mut one = asking("pond");
    one.typed("po".into());
    assert_eq!((one.draft(), one.wanted()), (None, Ask::words("pond")), "two letters are no query yet");
    one.leave();
    assert_eq!((one.text(), one.confirmed()), ("pond", &Ask::words("pond")), "the box says what is asked");
    one.typed("po".into());
    one.confirm();
    assert_eq!((one.text(), one.confirmed()), ("po", &Ask::words("po")), "Enter means it");
    one.typed("  ".into());
    one.leave();
    assert_eq!((one.text(), one.confirmed()), ("", &Ask::default()), "an empty box asks nothing");
}

#[test]
fn a_draft_has_three_characters_at_least_and_is_another_question() {
    for (text, draft) in
        [("ri", None), (" r \t ", None), ("riv ", Some("riv")), ("a  b", Some("a b")), ("pond", None)]
    {
        let mut one = asking("pond");
        one.typed(text.into());
        assert_eq!(one.draft(), draft.map(Ask::words), "{text:?}");
    }
    let mut one = asking("");
    one.typed("船舶港".into());
    assert_eq!(one.wanted(), Ask::words("船舶港"));
}

#[test]
fn words_become_a_term_and_the_next_ones_are_not_wanted() {
    let mut one = asking("harbour");
    one.begin_next(true);
    assert_eq!((one.text(), one.is_unwanted()), ("", true));
    let harbour = Part::plus(About::Words("harbour".into()));
    let ships = Part::minus(About::Words("large ships".into()));
    one.typed("large ships".into());
    assert_eq!(one.wanted().parts, [harbour.clone(), ships.clone()], "answered as it is typed");
    one.confirm();
    assert_eq!((one.text(), one.is_unwanted()), ("", false));
    assert_eq!(one.confirmed(), &Ask { parts: vec![harbour, ships], ..Ask::default() });
}

#[test]
fn a_minus_before_words_makes_them_unwanted() {
    let mut one = asking("harbour");
    for minus in ["-", "\u{2212}", "- "] {
        one.typed(format!("{minus}large ships"));
        let wanted = one.wanted();
        assert_eq!(wanted.words.as_deref(), Some("harbour"));
        assert_eq!(wanted.parts, [Part::minus(About::Words("large ships".into()))]);
    }
    one.typed("---".into());
    one.typed("-".into());
    one.confirm();
    assert_eq!(one.confirmed().words.as_deref(), Some("-"), "a mere minus is words");
}

#[test]
fn the_engine_is_asked_for_words_and_terms_with_their_weights() {
    let area = Polygon::new(vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]).expect("a triangle");
    let ask = Ask {
        parts: vec![Part { weight: -0.75, about: About::Item("17/1/2".into()) }],
        area: Some(area.clone()),
        ..Ask::words("pond")
    };
    let query = ask.query(Some(&area), 40).expect("a query");
    assert_eq!((query.limit, query.areas.len()), (40, 2));
    let weights: Vec<f32> = query.terms.iter().map(|term| term.weight).collect();
    assert_eq!(weights, [1.0, -0.75]);
    assert_eq!(query.terms[0].subject, Subject::Text("pond".into()));
    assert!(Ask::default().query(None, 20).is_none());
    assert!(Ask::like("").query(None, 20).is_none(), "no item is called nothing");
}

#[test]
fn there_is_room_for_as_many_terms_as_the_engine_takes() {
    let mut ask = Ask::words("pond");
    (0..100).for_each(|_| ask.add(Part::plus(About::Words("river".into()))));
    assert_eq!(ask.query(None, 1).map(|query| query.terms.len()), Some(MAX_TERMS));
}

#[test]
fn words_are_trimmed_bounded_and_have_a_sign_that_shows() {
    assert_eq!(words("  a\n\tpond \u{0} "), Some("a pond".into()));
    for nothing in ["", " \n", "\u{200b}", "\u{feff} \u{2060}", "\u{3164}", "\u{e0041}"] {
        assert_eq!(words(nothing), None, "{nothing:?}");
    }
    let long = "船".repeat(MAX_WORDS * 3);
    assert_eq!(words(&long).map(|words| words.chars().count()), Some(MAX_WORDS));
}
