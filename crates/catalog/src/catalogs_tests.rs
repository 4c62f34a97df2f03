//! What `catalogs.json` may say, and what it may not.

use super::*;

fn url(text: &str) -> CatalogUrl {
    text.parse().expect(text)
}

fn list(urls: &[&str]) -> Result<Catalogs, CatalogError> {
    Catalogs::new(urls.iter().map(|text| ListedCatalog::new("A title", url(text))).collect())
}

#[test]
fn a_list_is_read_as_it_was_written_and_unknown_keys_are_passed_over() {
    let catalogs = vec![
        ListedCatalog::new("The county", url(OWN_CATALOG)),
        ListedCatalog::new("Its neighbour", url("https://maps.example/catalog/catalog.json")),
    ];
    let written = Catalogs::new(catalogs).expect("a list");
    assert_eq!(Catalogs::from_json(written.to_json().expect("text").as_bytes()), Ok(written.clone()));
    let more = r#"{"new": 1, "catalogs": [{"title": "The county", "url": "catalog/catalog.json", "new": 2},
        {"url": "https://maps.example/catalog/catalog.json", "title": "Its neighbour"}]}"#;
    assert_eq!(Catalogs::from_json(more.as_bytes()), Ok(written));
}

#[test]
fn addresses_are_below_the_page_or_absolute() {
    for good in [
        "catalog/catalog.json",
        "catalog.json",
        "catalogs/river-2_a/catalog.json",
        "https://maps.example/catalog.json",
        "http://127.0.0.1:8080/a%20b/(c)/catalog.json",
        "HTTPS://Maps.Example:443/x/catalog.json",
    ] {
        assert_eq!(url(good).as_str(), good);
    }
    let long = format!("https://a/{}/catalog.json", "a".repeat(MOST_URL));
    for bad in [
        "",
        "catalog/",
        "catalog",
        "/catalog/catalog.json",
        "//elsewhere.example/catalog.json",
        "../catalog.json",
        "a/../catalog.json",
        "a/./catalog.json",
        "a//catalog.json",
        "%2e%2e/catalog.json",
        "a\\b/catalog.json",
        "data:x/catalog.json",
        "javascript:a/catalog.json",
        "file:///a/catalog.json",
        "ftp://a/catalog.json",
        "https:///catalog.json",
        "https://user@a/catalog.json",
        "https://a/catalog.json?x",
        "https://a?/catalog.json",
        "https://a/#/catalog.json",
        "https://a b/catalog.json",
        "https://a/b c/catalog.json",
        "https://a; script-src */catalog.json",
        "https://a/\"/catalog.json",
        "https://a/other.json",
        "https://a/xcatalog.json",
        "https://[::1]/catalog.json",
        long.as_str(),
    ] {
        let error = bad.parse::<CatalogUrl>().expect_err(bad);
        let named: String = bad.chars().take(200).collect();
        assert!(error.to_string().contains(&named), "{error}");
    }
}

#[test]
fn origins_are_told_once_and_only_of_other_sites() {
    let told = list(&[
        OWN_CATALOG,
        "https://Maps.Example:443/a/catalog.json",
        "https://maps.example/b/catalog.json",
        "http://maps.example:8080/catalog.json",
    ]);
    let told: Vec<String> = told.expect("a list").origins().iter().map(Origin::to_string).collect();
    assert_eq!(told, ["http://maps.example:8080", "https://maps.example"]);
}

#[test]
fn what_is_out_of_bounds_is_refused_with_the_reason() {
    let many: Vec<String> = (0..=Catalogs::MOST).map(|n| format!("catalogs/{n}/catalog.json")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(list(&many[1..]).is_ok());
    for (urls, why) in [(&many[..], "101 catalogs"), (&[], "0 catalogs"), (&[OWN_CATALOG; 2], "twice")] {
        let error = list(urls).expect_err(why).to_string();
        assert!(error.starts_with(CATALOGS_NAME) && error.contains(why), "{error}");
    }
    let titled = |title: &str| {
        let text = serde_json::json!({ "catalogs": [{ "title": title, "url": OWN_CATALOG }] }).to_string();
        Catalogs::from_json(text.as_bytes())
    };
    assert!(titled(&"é".repeat(MOST_TITLE)).is_ok());
    for bad in [String::new(), " ".into(), "a\nb".into(), "a".repeat(MOST_TITLE + 1)] {
        assert!(titled(&bad).is_err(), "{bad:?}");
    }
    for text in
        ["", "<!doctype html>", "[]", "{}", r#"{"catalogs": [{"title": "a", "url": "../catalog.json"}]}"#]
    {
        assert!(Catalogs::from_json(text.as_bytes()).is_err(), "{text}");
    }
    let padded = titled("a").and_then(|list| list.to_json()).expect("text") + &" ".repeat(64 << 10);
    assert!(Catalogs::from_json(padded.as_bytes()).is_err(), "longer than is read");
}

#[test]
fn any_title_becomes_one_that_may_be_listed() {
    for (title, expected) in [
        ("The  county\n2024", "The county 2024".to_owned()),
        (" \u{7} ", OWN_CATALOG.to_owned()),
        (&"x".repeat(500), "x".repeat(MOST_TITLE)),
    ] {
        let listed = ListedCatalog::new(title, url(OWN_CATALOG));
        assert_eq!(listed.title, expected);
        assert!(Catalogs::new(vec![listed]).is_ok());
    }
}

/// A manifest over this ground with a model of this name.
fn manifest(bounds: [f64; 4], model: &str) -> Manifest {
    let bounds = serde_json::to_value(bounds).expect("numbers");
    let model = serde_json::json!({
        "name": "m", "embed_dim": 4, "config": "c", "text": "t", "image": model, "tokenizer": "v"
    });
    let all = serde_json::json!({
        "format": 2, "id": "a", "title": "The county", "attribution": "", "licence": "", "synthetic": false,
        "bounds": bounds, "captured": ["2019-05-01", "2019-05-03"], "model": model, "shards": [], "files": [],
        "examples": [], "digest": ""
    });
    serde_json::from_value(all).expect("a manifest")
}

#[test]
fn catalogs_of_the_same_ground_and_model_can_be_compared() {
    let own = manifest([7.0, 50.0, 7.2, 50.2], "image.a.gguf");
    let listed =
        |bounds, model| ListedCatalog::of(&manifest(bounds, model), url("catalogs/then/catalog.json"));
    let same = listed([7.1, 50.1, 7.4, 50.4], "image.a.gguf");
    assert!(same.can_be_compared_with(&own));
    assert!(!listed([8.0, 50.0, 8.2, 50.2], "image.a.gguf").can_be_compared_with(&own), "other ground");
    assert!(!listed([7.1, 50.1, 7.4, 50.4], "image.b.gguf").can_be_compared_with(&own), "another model");
    let untold = ListedCatalog { holds: None, ..same.clone() };
    assert!(!untold.can_be_compared_with(&own), "nobody said what it holds");
    let written = Catalogs::new(vec![same]).expect("a list").to_json().expect("text");
    let read = Catalogs::from_json(written.as_bytes()).expect("a list");
    let days =
        read.entries()[0].holds.as_ref().and_then(|holds| holds.captured).map(|days| days.map(String::from));
    assert_eq!(days, Some(["2019-05-01".to_owned(), "2019-05-03".to_owned()]));
}

#[test]
fn a_list_that_would_be_too_long_says_no_more_than_it_has_to() {
    let own = manifest([7.0, 50.0, 7.2, 50.2], &"x".repeat(500));
    let many = |n| ListedCatalog::of(&own, url(&format!("catalogs/{n}/{}/catalog.json", "p".repeat(300))));
    let list = Catalogs::new((0..Catalogs::MOST).map(many).collect()).expect("a list");
    let text = list.to_json().expect("it fits without");
    let read = Catalogs::from_json(text.as_bytes()).expect("a list");
    assert!(read.entries().iter().all(|listed| listed.holds.is_none()));
    assert_eq!(read.entries().len(), Catalogs::MOST);
}
