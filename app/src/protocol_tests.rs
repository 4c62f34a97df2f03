//! The protocol's JSON is a contract with scripts that are not built with this crate: it must not drift.

use serde_json::{from_str, json, to_value};

use super::*;

fn hit() -> Hit {
    Hit {
        id: "17/37500/50140".into(),
        similarity: 0.875,
        cosine: 0.25,
        footprint: Bounds::new(-77.5, 38.5, -77.25, 38.75).ok(),
        place: Some("Annandale".into()),
        address: Some("12 Mill Road".into()),
        address_m: Some(40),
        captured: None,
        source: None,
        duplicate_of: None,
        duplicates: 2,
    }
}

#[test]
fn every_message_survives_a_round_trip() {
    let failure = Failure {
        kind: FailureKind::Damaged,
        file: Some("text.0.gguf".into()),
        message: "text.0.gguf: 3 bytes long".into(),
    };
    let file = FileProgress { role: "Text model".into(), name: "text.0.gguf".into(), done: 1, total: 9 };
    let messages = [
        Message::Hello { version: VERSION },
        Message::Progress(Progress { files: vec![file], preparing: false }),
        Message::Answer { id: 1, outcome: Outcome::Ok(Response::Opened { items: 5, millis: 0.5 }) },
        Message::Answer {
            id: u32::MAX,
            outcome: Outcome::Ok(Response::Hits {
                hits: vec![hit()],
                missing: vec![failure.clone()],
                likely_from: Some(0.5),
                is_cut: true,
                encode_ms: 9.5,
                search_ms: 0.1,
                looked_at: Some(LookedAt { items: 20, of: 1000, bytes: 5000, requests: 3 }),
            }),
        },
        Message::Answer {
            id: 3,
            outcome: Outcome::Ok(Response::Vectors {
                vectors: vec![vec![0.1, -1.0e-30, 1.0 / 3.0]],
                encode_ms: 1.0,
            }),
        },
        Message::Answer { id: 4, outcome: Outcome::Error(failure) },
        Message::Died { reason: "unreachable".into() },
    ];
    for message in messages {
        let text = serde_json::to_string(&message).expect("plain data");
        assert_eq!(from_str::<Message>(&text).expect("what was written"), message, "{text}");
    }
}

#[test]
fn a_manifest_goes_along_unchanged_or_not_at_all() {
    let open = |manifest: Option<&str>| Request::Open {
        catalog: "http://localhost/catalog/catalog.json".into(),
        manifest: manifest.map(str::to_owned),
    };
    for request in [open(Some("{\"a\": \"\u{1F6A2}\n\"}")), open(None)] {
        let text = serde_json::to_string(&request).expect("plain data");
        assert_eq!(from_str::<Request>(&text).expect("what was written"), request, "{text}");
    }
    assert!(!to_value(open(None)).expect("plain data").to_string().contains("manifest"));
}

#[test]
fn a_script_may_write_calls_by_hand() {
    let open =
        json!({"id": 1, "request": {"type": "open", "catalog": "http://localhost/catalog/catalog.json"}});
    let search = |query: serde_json::Value| json!({"id": 2, "request": {"type": "search", "query": query}});
    let words = json!({"terms": [{"weight": 1.0, "subject": {"text": "a pond"}}], "limit": 5});
    let minus = json!({"terms": [{"weight": 1.0, "subject": {"item": "17/1/2"}},
        {"weight": -0.5, "subject": {"vector": [1.0, 0.0]}}],
        "areas": [[[0.0, 1.0], [2.0, 1.0], [1.0, 2.5]]], "limit": 5});
    let encode = json!({"id": 4, "request": {"type": "encode", "texts": ["a", "b"]}});
    let taken = json!({"id": 5, "request": {"type": "search", "query": words, "taken": {"from": "2020-02-29", "to": null}}});
    for call in [open, search(words.clone()), search(minus), taken, encode] {
        let read: Call = serde_json::from_value(call.clone()).expect("a call");
        assert_eq!(to_value(read).expect("plain data"), call);
    }
}

#[test]
fn an_answer_reads_as_documented() {
    let answer = Message::Answer {
        id: 2,
        outcome: Outcome::Ok(Response::Hits {
            hits: vec![hit()],
            missing: Vec::new(),
            likely_from: None,
            is_cut: false,
            encode_ms: 9.5,
            search_ms: 0.5,
            looked_at: None,
        }),
    };
    let expected = json!({
        "type": "answer", "id": 2, "outcome": {"ok": {
            "type": "hits", "encode_ms": 9.5, "search_ms": 0.5, "hits": [{
                "id": "17/37500/50140", "similarity": 0.875, "cosine": 0.25,
                "footprint": [-77.5, 38.5, -77.25, 38.75],
                "place": "Annandale", "address": "12 Mill Road", "address_m": 40, "captured": null, "source": null,
                "duplicate_of": null, "duplicates": 2,
            }],
            "missing": [], "likely_from": null, "is_cut": false,
        }},
    });
    assert_eq!(to_value(answer).expect("plain data"), expected);
}

#[test]
fn calls_that_make_no_sense_are_refused() {
    for text in [
        "",
        "null",
        "{}",
        r#"{"id":-1,"request":{"type":"open","catalog":""}}"#,
        r#"{"id":1,"request":{"type":"dance"}}"#,
    ] {
        assert!(from_str::<Call>(text).is_err(), "{text}");
    }
}

#[test]
fn days_hold_what_lies_between_them_and_nothing_of_an_unknown_day() {
    let day = |text: &str| text.parse::<Date>().expect("a day");
    let taken = Taken { from: Some(day("2020-03-01")), to: Some(day("2021-02-28")) };
    for (text, held) in
        [("2020-02-29", false), ("2020-03-01", true), ("2021-02-28", true), ("2021-03-01", false)]
    {
        assert_eq!(taken.holds(Some(day(text))), held, "{text}");
    }
    assert!(!taken.holds(None) && Taken::default().holds(None));
}
