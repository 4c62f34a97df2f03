//! CLIP's tokens for known texts, with the vocabulary that the embedded model carries.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use std::io::Read;

use clip_rs_search::model::{ModelConfig, Tokenizer};

fn clip(context_length: usize) -> Tokenizer {
    let mut config: ModelConfig = common::config(None, "gelu", common::RESNET);
    config.tokenizer.vocab_size = 49_408;
    (config.tokenizer.start, config.tokenizer.end) = (49_406, 49_407);
    config.text.context_length = context_length;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/rs-small/vocabulary.txt");
    let vocabulary = std::fs::read(path).expect("models/rs-small/vocabulary.txt");
    Tokenizer::new(&config, &vocabulary).expect("a tokenizer")
}

#[test]
fn known_texts_have_the_tokens_of_the_reference() {
    // From the reference implementation's own examples and model cards.
    let known: [(&str, &[u32]); 5] = [
        ("a diagram", &[320, 22_697]),
        ("a dog", &[320, 1929]),
        ("a photo of a cat", &[320, 1125, 539, 320, 2368]),
        ("Hi there", &[1883, 997]),
        ("  HELLO   world! ", &[3306, 1002, 256]),
    ];
    let tokenizer = clip(77);
    for (text, body) in known {
        let expected = [&[49_406], body, &[49_407]].concat();
        assert_eq!(tokenizer.tokenize(text), expected, "{text:?}");
    }
}

/// Texts whose tokens differ from the reference's: UTF-8 that was taken for Windows-1250, Windows-1251 or Mac Roman,
/// which ftfy undoes and we do not.
const MOST_DIFFERENT: usize = 17;

#[test]
fn two_thousand_texts_have_the_tokens_of_open_clip() {
    // Made by models/parity/make_fixtures.py: a list a line of the text and its tokens without start and end.
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/parity/fixtures/tokens.jsonl.br");
    let mut lines = String::new();
    brotli::Decompressor::new(std::fs::File::open(path).expect("the fixture"), 1 << 16)
        .read_to_string(&mut lines)
        .expect("a sound fixture");
    let tokenizer = clip(77);
    let mut different = Vec::new();
    let mut count = 0;
    for line in lines.lines() {
        let (text, body): (String, Vec<u32>) = serde_json::from_str(line).expect("a text and its tokens");
        let expected = [&[49_406], body.as_slice(), &[49_407]].concat();
        let found = tokenizer.tokenize(&text);
        assert!(found.len() <= 77 && found.last() == Some(&49_407));
        if found != expected {
            different.push(format!("{text:?}: {found:?}, expected {expected:?}"));
        }
        count += 1;
    }
    assert_eq!(count, 2000);
    let shown = different.iter().take(40).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(different.len() <= MOST_DIFFERENT, "{} of {count} differ:\n{shown}", different.len());
}

#[test]
fn a_tokenizer_knows_whether_it_reads_all_of_a_text() {
    let tokenizer = clip(9);
    for words in 0..12 {
        let text = vec!["river"; words].join(" ");
        let all = clip(77).tokenize(&text).len() <= 9;
        assert_eq!(tokenizer.takes_all(&text), all, "{words} words");
    }
    assert!(!tokenizer.takes_all(&"river ".repeat(100_000)));
}

#[test]
fn a_long_text_is_cut_but_keeps_its_end() {
    let tokenizer = clip(8);
    let tokens = tokenizer.tokenize(&"a dog ".repeat(50));
    assert_eq!(tokens, [49_406, 320, 1929, 320, 1929, 320, 1929, 49_407]);
    assert_eq!(tokenizer.tokenize(""), [49_406, 49_407]);
}

#[test]
fn texts_of_any_length_and_kind_take_no_time_to_speak_of() {
    let tokenizer = clip(77);
    let started = std::time::Instant::now();
    for text in ["x".repeat(5_000_000), "é".repeat(1_000_000), " ".repeat(5_000_000), "🌊".repeat(500_000)]
    {
        let tokens = tokenizer.tokenize(&text);
        assert!(tokens.len() <= 77 && tokens.last() == Some(&49_407));
    }
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn markers_in_a_text_do_not_end_it() {
    let tokens = clip(77).tokenize("a <end_of_text> dog <start_of_text>");
    assert_eq!(tokens, [49_406, 320, 1929, 49_407]);
}

#[test]
fn a_vocabulary_that_does_not_fit_is_refused() {
    let config = common::config(None, "gelu", common::RESNET);
    for vocabulary in [
        &b""[..],
        b"#v\nt h\n",
        b"#v\nt h\nx\n\n\n\n",
        &[0xff; 64],
        b"#v\nno such\npair at\nall in\nhe re\na b\nc d",
    ] {
        let error = Tokenizer::new(&config, vocabulary).err().expect("an error").to_string();
        assert!(error.starts_with("vocabulary: "), "{error}");
    }
    assert!(Tokenizer::new(&config, common::VOCABULARY).is_ok());
}
