//! A catalog of more than a hundred thousand places: what a visit and a search of it fetch, and what a host says that hands out no
//! parts of files.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use clip_rs_sample::repeat;
use clip_rs_tests::{Artifacts, Chromium, Seen, Site};

use crate::anywhere::index;
use crate::damage::copy_all;
use crate::hosts::{free_port, start};
use crate::large::exact;
use crate::{DESKTOP, expect_quiet};

/// How often the sample area lies side by side, each way: 336 x 336 tiles.
const TIMES: u32 = 7;
const ITEMS: &str = "112,896";
/// Most bytes of a visit until the first search can be made, the engine and its model among them.
const VISIT: u64 = 9_500_000;
/// Most bytes and requests of a search, and what the centroids may take.
const SEARCH: (u64, usize) = (1_700_000, 20);
const CENTROIDS: u64 = 30_000;
/// Items that a hit may be one of: each picture lies at some 25 places, all of them as near to the words, so these are the eight
/// nearest of 4,608 pictures.
const NEAREST: usize = 200;

/// The sample area and its mirror image side by side, and the catalog of that; embeddings of the sample area are at hand.
fn repeated(artifacts: &Artifacts, root: &Path) -> Result<(PathBuf, PathBuf)> {
    let (area, out) = (root.join("area"), root.join("catalog"));
    repeat(&artifacts.sample, &area, TIMES, 2, &|_, _| {})?;
    copy_all(&artifacts.catalog.with_extension("work"), &root.join("catalog.work"))?;
    let said = index(artifacts, "--tiles", &area, &out, &[])?;
    assert!(said.contains(&format!("{ITEMS} items")), "{said}");
    Ok((area, out))
}

/// Bytes and number of the requests to URLs with this part.
fn taken(seen: &[Seen], part: &str) -> (u64, usize) {
    let of = || seen.iter().filter(|request| request.url.contains(part));
    (of().map(|request| request.received).sum(), of().count())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn of_a_hundred_thousand_places_a_search_fetches_a_few_parts_of_one_file() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let root = tempfile::tempdir()?;
    let (area, out) = repeated(&artifacts, root.path())?;
    let site = Site::start(&artifacts, &out)?;
    let chromium = Chromium::start(&artifacts, &site)?;
    let page = chromium.open("about:blank", DESKTOP.0, DESKTOP.1)?;
    page.without_service_worker()?;
    page.go(&site.url(""))?;
    page.wait_for_state("ready")?;
    assert!(page.text("[data-testid=status]")?.contains(&format!("{ITEMS} pictures")));
    let visit = chromium.recorder().seen();
    let (bytes, _) = taken(&visit, "");
    assert!(bytes < VISIT, "a visit takes {bytes} bytes");
    let (centroids, requests) = taken(&visit, "/centroids.");
    assert!(requests == 1 && centroids < CENTROIDS, "{centroids} bytes of centroids in {requests} requests");

    let picture = |id: &str| fs::read(area.join(format!("tiles/{id}.jpg"))).with_context(|| id.to_owned());
    let mut before = (0, 0);
    for query in ["pond", "storage tanks", "parked airplanes", "a river with a bridge"] {
        let found = page.search(query)?;
        let now = taken(&chromium.recorder().seen(), "/cells.");
        let (bytes, requests) = (now.0 - before.0, now.1 - before.1);
        before = now;
        assert!(bytes <= SEARCH.0 && requests <= SEARCH.1, "{query}: {bytes} bytes in {requests} requests");
        let said = page.text("[data-testid=looked-at]")?;
        assert!(said.contains(&format!(" of {ITEMS} pictures")), "{said}");
        let shown: HashSet<Vec<u8>> =
            exact(&artifacts, &out, query, NEAREST)?.iter().map(|id| picture(id)).collect::<Result<_>>()?;
        let mut same = 0;
        for card in &found {
            same += usize::from(shown.contains(&picture(&card.id)?));
        }
        println!("{query}: {bytes} bytes, {requests} requests, {same} of {} hits", found.len());
        assert!(found.len() == 20 && same >= 17, "{query}: {same} of {} are among the nearest", found.len());
    }
    page.search("pond")?;
    assert_eq!(taken(&chromium.recorder().seen(), "/cells."), before, "what is here is not fetched again");
    assert_eq!(taken(&chromium.recorder().seen(), "/index.").1, 0, "no shard is loaded");
    expect_quiet(&chromium);

    // A host that sends the whole file where a part is asked for.
    let folder = root.path().join("host");
    copy_all(&artifacts.dist, &folder)?;
    fs::rename(&out, folder.join("catalog"))?;
    let port = free_port()?;
    let mut python = Command::new("python3");
    python.args(["-m", "http.server", "--bind", "127.0.0.1", "--directory"]).arg(&folder);
    let host = start(python.arg(port.to_string()), port)?;
    let chromium = Chromium::start_for(&artifacts, host.address)?;
    let page = chromium.open(&format!("http://{}/", host.address), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("ready")?;
    page.type_words("pond")?;
    page.press("Enter")?;
    page.wait_for_state("failed")?;
    let said: String = page.eval("document.body.innerText")?;
    assert!(said.contains("hands out no parts of files") && said.contains("--cells never"), "{said}");
    Ok(())
}
