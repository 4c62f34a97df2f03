//! What is no longer wanted, what breaks, and what is not there.

use anyhow::{Context, Result};
use clip_rs_catalog::{MANIFEST_NAME, Manifest};
use clip_rs_tests::Artifacts;
use serde_json::{Value, json};

use super::Host;
use crate::damage::copy_all;

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_damaged_picture_is_named_and_not_shown() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let folder = tempfile::tempdir()?;
    copy_all(&artifacts.catalog, folder.path())?;
    let manifest = Manifest::from_json(&std::fs::read(folder.path().join(MANIFEST_NAME))?)?;
    let host = Host::with_area_of(folder.path())?;
    let (id, further): (String, String) = host.run(
        "const [{ id }] = await area.items({ limit: 1 }); const [z, x, y] = id.split('/').map(Number); \
         return [id, `${z - 1}/${x >> 1}/${y >> 1}`]",
    )?;
    let tiles = manifest.folders().first().context("a folder of tiles")?;
    let name = ["jpg", "webp"].map(|kind| format!("{tiles}/{id}.{kind}"));
    let name = name.iter().find(|name| folder.path().join(name).is_file()).context("the tile's file")?;
    let mut content = std::fs::read(folder.path().join(name))?;
    let middle = content.len() / 2;
    *content.get_mut(middle).context("an empty file")? ^= 0x01;
    std::fs::write(folder.path().join(name), content)?;
    let error = host.error(&format!("area.picture('{id}')"))?;
    assert_eq!((&error["kind"], &error["file"]), (&"damaged".into(), &name.as_str().into()), "{error}");
    assert!(
        host.run::<u32>(&format!("return (await area.picture('{further}')).size"))? > 0,
        "others are shown"
    );
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn what_is_no_longer_wanted_ends_and_what_breaks_says_so() -> Result<()> {
    let host = Host::with_area()?;
    let maps = host.site.url("");
    let aborted: Vec<String> = host.run(&format!(
        "const name = (promise) => promise.then(() => 'no error', (error) => error.name); \
         const stop = new AbortController(); const asked = name(area.search('a road', {{ signal: stop.signal }})); stop.abort(); \
         const loading = new AbortController(); \
         const opening = name(library.open('{maps}catalog/', {{ signal: loading.signal, onProgress: () => loading.abort() }})); \
         return [await asked, await opening, await name(area.embed(new Blob(), {{ signal: stop.signal }}))]"
    ))?;
    assert_eq!(aborted, ["AbortError"; 3]);
    assert_eq!(host.run::<u32>("return alive.size")?, 1, "an area that was not opened leaves no worker");
    assert_eq!(
        host.run::<usize>("return (await area.search('a road')).length")?,
        20,
        "the area still answers"
    );

    // Two at once do not know of each other.
    let two: Vec<Value> = host.run(&format!(
        "window.told = []; window.other = await library.open(new URL('{maps}catalog/catalog.json'), {{ onProgress: (news) => told.push(news) }}); \
         const [a, b] = await Promise.all([area.search('a road'), other.search('a road')]); \
         const last = told.at(-1); \
         return [a.map((hit) => hit.id).join() === b.map((hit) => hit.id).join(), alive.size, last.preparing && last.loaded === last.total]"
    ))?;
    assert_eq!(two, [json!(true), json!(2), json!(true)]);
    let closed: Vec<String> = host.run(
        "await other.items({ limit: 1 }); const before = alive.size; const waiting = other.search('a pond'); other.close(); \
         const kind = (promise) => promise.then(() => 'no error', (error) => error.kind); \
         return [await kind(waiting), await kind(other.search('a pond')), await kind(other.item('17/0/0')), `${before} ${alive.size}`]",
    )?;
    assert_eq!(closed, ["closed", "closed", "closed", "3 1"], "both of its workers end");

    // A worker that breaks fails what waits for it; the next call starts another.
    let broken: Vec<Value> = host.run(
        "const waiting = area.search('a pond').catch(({ kind, message }) => ({ kind, message })); \
         for (let turn = 0; turn < 10; turn++) await null; \
         [...alive][0].dispatchEvent(new ErrorEvent('error', { message: 'out of memory' })); \
         return [await waiting, (await area.search('a pond')).length, alive.size]",
    )?;
    assert_eq!(broken[0]["kind"], "worker", "{broken:?}");
    let said = broken[0]["message"].as_str().unwrap_or_default();
    assert!(said.contains("stopped working") && said.contains("out of memory"), "{said}");
    assert_eq!(broken[1..], [json!(20), json!(1)]);
    host.expect_quiet();

    // What is not there is named; the browser tells the console of it, too.
    let missing = host.error(&format!("library.open('{maps}nothing/')"))?;
    assert_eq!(
        (&missing["kind"], &missing["file"]),
        (&"missing".into(), &"catalog.json".into()),
        "{missing}"
    );
    let said = missing["message"].as_str().unwrap_or_default();
    assert!(said.contains(&format!("{maps}nothing/catalog.json")) && said.contains("404"), "{said}");
    let elsewhere = host.error(&format!("library.open('{maps}catalog/', {{ assets: '{maps}catalog/' }})"))?;
    assert_eq!((&elsewhere["kind"], &elsewhere["file"]), (&"missing".into(), &"engine.json".into()));
    let refused = host.error("library.open('http://127.0.0.1:1/catalog/')")?;
    assert_eq!(refused["kind"], "network", "{refused}");
    assert_eq!(host.run::<u32>("return alive.size")?, 1, "failures leave no worker");
    Ok(())
}
