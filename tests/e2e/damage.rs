//! Damage to any file of a catalog is found and named, by the page and by `clip-rs verify`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use clip_rs_catalog::{MANIFEST_NAME, Manifest};
use clip_rs_tests::{Artifacts, Chromium, Site};

use crate::DESKTOP;

/// A copy of the catalog in which single bytes can be changed and put back.
struct Copy {
    folder: tempfile::TempDir,
    manifest: Manifest,
}

impl Copy {
    fn of(catalog: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        copy_all(catalog, folder.path())?;
        let manifest = Manifest::from_json(&fs::read(catalog.join(MANIFEST_NAME))?)?;
        Ok(Self { folder, manifest })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs `then` while the middle byte of `name` is wrong, also in its compressed copies' absence.
    fn damaged<T>(&self, name: &str, then: impl FnOnce() -> Result<T>) -> Result<T> {
        let path = self.path(name);
        let sound = fs::read(&path)?;
        let mut damaged = sound.clone();
        let middle = damaged.len() / 2;
        *damaged.get_mut(middle).context("an empty file")? ^= 0x01;
        fs::write(&path, &damaged)?;
        let siblings = [format!("{name}.br"), format!("{name}.gz")].map(|name| self.path(&name));
        let hidden: Vec<_> = siblings.iter().filter(|sibling| sibling.exists()).collect();
        let aside = |path: &Path| path.with_file_name(format!("{}.hidden", path.display()));
        for sibling in &hidden {
            fs::rename(sibling, aside(sibling))?;
        }
        let outcome = then();
        for sibling in &hidden {
            fs::rename(aside(sibling), sibling)?;
        }
        fs::write(&path, &sound)?;
        outcome
    }

    /// Runs `then` while a byte of each of these is wrong.
    fn all_damaged(&self, names: &[String], then: &dyn Fn() -> Result<()>) -> Result<()> {
        match names {
            [] => then(),
            [first, others @ ..] => self.damaged(first, || self.all_damaged(others, then)),
        }
    }
}

/// Copies a folder with all that is in it.
pub fn copy_all(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_all(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_wrong_byte_in_a_file_is_named_by_the_page_which_stays_usable() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let copy = Copy::of(&artifacts.catalog)?;
    let model = &copy.manifest.model;
    let shard = copy.manifest.shards.first().context("no shard")?;
    let needed = [MANIFEST_NAME, &model.config, &model.text, &model.tokenizer, &shard.index, &shard.items];
    for name in needed {
        copy.damaged(name, || {
            let site = Site::start(&artifacts, copy.folder.path())?;
            let chromium = Chromium::start(&artifacts, &site)?;
            let page = chromium.open(&site.url(""), DESKTOP.0, DESKTOP.1)?;
            page.wait_for_state("failed").with_context(|| format!("with damage to {name}"))?;
            let said = page.text("[data-testid=error]")?;
            assert!(said.contains(name), "damage to {name}, but the page says {said:?}");
            assert!(page.count("[data-testid=retry]")? >= 1, "{name}: a way to try again");
            Ok(())
        })?;
        println!("{name}: named");
    }
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_wrong_byte_in_the_listing_costs_the_pictures_but_not_the_search() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let copy = Copy::of(&artifacts.catalog)?;
    let listing = &copy.manifest.listing().first().context("no listing")?.file;
    copy.damaged(listing, || {
        let site = Site::start(&artifacts, copy.folder.path())?;
        let chromium = Chromium::start(&artifacts, &site)?;
        let page = chromium.open(&site.url(""), DESKTOP.0, DESKTOP.1)?;
        page.wait_for_state("ready")?;
        let named =
            format!("document.querySelector('[data-testid=notice]')?.innerText.includes('{listing}')");
        page.wait_until("the listing is named", &named)?;
        assert!(!page.search("storage tanks")?.is_empty(), "the search goes on");
        Ok(())
    })
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_retry_after_the_file_is_mended_makes_the_page_ready() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let copy = Copy::of(&artifacts.catalog)?;
    let site = Site::start(&artifacts, copy.folder.path())?;
    let chromium = Chromium::start(&artifacts, &site)?;
    let page = copy.damaged(&copy.manifest.model.text, || {
        let page = chromium.open(&site.url(""), DESKTOP.0, DESKTOP.1)?;
        page.wait_for_state("failed")?;
        Ok(page)
    })?;
    page.click("[data-testid=retry]")?;
    page.wait_for_state("ready")?;
    assert!(!page.search("river")?.is_empty());
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_wrong_byte_in_a_tile_is_named_and_the_search_goes_on() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let copy = Copy::of(&artifacts.catalog)?;
    let site = Site::start(&artifacts, copy.folder.path())?;
    let chromium = Chromium::start(&artifacts, &site)?;
    let page = chromium.open(&site.url(""), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("ready")?;
    let first = page.search("storage tanks")?.first().context("a result")?.id.clone();
    let tiles = copy.manifest.tiles.as_ref().context("tiles")?;
    let tile = format!("{}/{first}.jpg", tiles.folders[0]);
    copy.damaged(&tile, || {
        let page = chromium.open(&site.url("#q=storage%20tanks"), DESKTOP.0, DESKTOP.1)?;
        // The first visit may have left the sound tile in the cache, where it is as good as before.
        page.eval::<serde_json::Value>(&format!(
            "fetch('catalog/{tile}', {{ cache: 'reload' }}).then(r => r.status)"
        ))?;
        let page = chromium.open(&site.url("#q=storage%20tanks"), DESKTOP.0, DESKTOP.1)?;
        page.wait_for_state("results")?;
        page.wait_until(
            "the damaged tile is named",
            &format!("document.querySelector('[data-testid=notice]')?.innerText.includes('{first}')"),
        )?;
        assert!(!page.search("golf course")?.is_empty(), "the search goes on");
        Ok(())
    })
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn verify_finds_a_wrong_byte_in_any_file_and_names_it() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let copy = Copy::of(&artifacts.catalog)?;
    let verify = || -> Result<(Option<i32>, String)> {
        let output = Command::new(&artifacts.clip_rs).arg("verify").arg(copy.folder.path()).output()?;
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        Ok((output.status.code(), said))
    };
    let (code, said) = verify()?;
    assert_eq!(code, Some(0), "a sound catalog: {said}");
    let tiles = copy.manifest.tiles.as_ref().context("tiles")?;
    let zoom = copy.path(&tiles.folders[0]).join(tiles.minzoom.to_string());
    let column = fs::read_dir(zoom)?.next().context("a column")??.path();
    let tile = fs::read_dir(column)?.next().context("a tile")??.path();
    let tile = tile.strip_prefix(copy.folder.path())?.to_string_lossy().into_owned();
    let files = copy.manifest.files.iter().map(|file| file.name.clone()).collect();
    // What says how the others should be is damaged alone: the manifest for all files, one of these for tiles.
    for damaged in [files, vec![tile], vec![MANIFEST_NAME.to_owned()]] {
        copy.all_damaged(&damaged, &|| {
            let (code, said) = verify()?;
            assert_eq!(code, Some(1), "damage to {damaged:?}: {said}");
            let unnamed: Vec<_> = damaged.iter().filter(|name| !said.contains(name.as_str())).collect();
            assert!(unnamed.is_empty(), "damage to {unnamed:?} is not named: {said}");
            Ok(())
        })?;
    }
    Ok(())
}
