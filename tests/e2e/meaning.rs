//! Words find what they mean, on an area that the model has never seen: judged by the generator's ground truth.

use anyhow::Result;
use clip_rs_tests::GroundTruth;

use crate::Visit;

/// What is typed, and the classes any of which makes a tile a right answer.
const QUERIES: [(&str, &[&str]); 12] = [
    ("baseball field", &["baseball_field"]),
    ("storage tanks", &["storage_tank"]),
    ("parked airplanes", &["airplane"]),
    ("river with a bridge", &["bridge"]),
    ("solar panels", &["solar_farm"]),
    ("running track", &["running_track"]),
    ("houses with swimming pools", &["swimming_pool"]),
    ("boats in a marina", &["marina", "boat"]),
    ("golf course", &["golf_course"]),
    ("stadium", &["stadium"]),
    ("cars in a parking lot", &["car_park"]),
    ("dense forest", &["forest"]),
];

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn words_find_tiles_of_the_right_ground_truth() -> Result<()> {
    let visit = Visit::ready("")?;
    let truth = GroundTruth::read(&visit.artifacts.sample)?;
    let mut wrong = Vec::new();
    for (query, classes) in QUERIES {
        assert!(truth.count(classes) >= 5, "{query}: the area has only {} such tiles", truth.count(classes));
        let results = visit.page.search(query)?;
        assert!(results.len() >= 5, "{query}: only {} results", results.len());
        let right = results[..5].iter().filter(|card| truth.shows(&card.id, classes)).count();
        let of_all = truth.count(classes) as f64 / truth.len() as f64;
        println!("{query}: {right} of the first 5 (chance {of_all:.3})");
        if right < 4 {
            wrong.push(format!(
                "{query}: {right} of 5: {:?}",
                results[..5].iter().map(|c| &c.id).collect::<Vec<_>>()
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    visit.expect_quiet_console();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn more_like_this_finds_the_item_first_and_its_class_after() -> Result<()> {
    let visit = Visit::ready("")?;
    let truth = GroundTruth::read(&visit.artifacts.sample)?;
    for (query, classes) in [("storage tanks", &["storage_tank"][..]), ("solar panels", &["solar_farm"])] {
        let results = visit.page.search(query)?;
        let first =
            results.iter().find(|card| truth.shows(&card.id, classes)).expect("found by words").id.clone();
        visit.page.click(&format!("[data-testid=result][data-id='{first}'] [data-testid=like-button]"))?;
        let shown = format!(
            "document.querySelector('[data-testid=result]')?.dataset.id === '{first}' && decodeURIComponent(location.hash).includes('like')"
        );
        visit.page.wait_until("the item itself comes first", &shown)?;
        let similar = visit.page.results()?;
        let right = similar[1..6].iter().filter(|card| truth.shows(&card.id, classes)).count();
        assert!(
            right >= 3,
            "{query}: {right} of the 5 after {first}: {:?}",
            similar[1..6].iter().map(|c| &c.id).collect::<Vec<_>>()
        );
    }
    visit.expect_quiet_console();
    Ok(())
}
