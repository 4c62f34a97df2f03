//! A pass over tiles and their windows, in an order that keeps neighbours near each other: each tile is decoded once, or
//! a few times where windows are large and memory is small.

use std::sync::Arc;

use clip_rs_catalog::{Digest, ImageKind, ListedFile, ListedTile, TileSquare};
use clip_rs_imagery::Skipped;
use clip_rs_imagery::decode::{Note, Picture};
use clip_rs_stage::StageError;
use clip_rs_stage::progress::counted;
use rayon::prelude::*;

use super::collect::{Collector, Sight};
use super::remarks::Remarks;
use super::{Catalog, Left, Outcome, Shown, Tools};
use crate::cut::compose::Window;
use crate::cut::item::What;
use crate::cut::overviews::Overviews;
use crate::cut::plan::Plan;
use crate::cut::tiles::{Tile, Tiles, Unusable};
use crate::embeddings::Memory;
use crate::publish::Edition;

/// Tiles and windows between two writes to the store: what an interruption costs at most.
const STRIDE: usize = 64;
/// Memory for decoded tiles that neighbours may still need, bytes.
const KEPT_BYTES: u64 = 192 << 20;

/// Embeds what the plan says; puts every tile into the catalog, if there is one, and makes the overviews that are missing.
pub fn embed<'a>(
    tools: &Tools<'_>,
    plan: &Plan<'a>,
    memory: &mut dyn Memory,
) -> Result<Outcome<'a>, StageError> {
    let tiles =
        Tiles::new(tools.source, plan.pyramid, tools.decoder, if plan.windows { KEPT_BYTES } else { 0 });
    let mut pass = Pass {
        tools,
        plan,
        tiles: &tiles,
        collector: Collector::new(tools.encoder, memory),
        files: vec![None; if tools.catalog.is_some() { plan.pyramid.entries().len() } else { 0 }],
        skipped: Vec::new(),
        remarks: Remarks::default(),
        empty: 0,
    };
    pass.squares()?;
    let mut overviews = Vec::new();
    if let Some(Catalog { edition, made }) = tools.catalog {
        pass.others(edition)?;
        overviews = Overviews { tiles: &tiles, files: &pass.files, edge: plan.edge, made, edition }.make()?;
    }
    let Pass { collector, files, skipped, remarks, empty, .. } = pass;
    let rows = plan.pyramid.entries().iter().zip(&files);
    let mut listed: Vec<ListedTile> = rows
        .filter_map(|(entry, file)| {
            let (file, kind) = (*file)?;
            Some(ListedTile { tile: entry.id.tile()?, kind, file })
        })
        .collect();
    let mut notes = remarks.told();
    notes.extend(told(empty, collector.empty - empty, overviews.len()));
    listed.extend(overviews);
    let Collector { items, computed, .. } = collector;
    let shown = Shown::Tiles { listed, zoom: plan.pyramid.zoom(), edge: plan.edge };
    Ok(Outcome { items, shown, skipped, computed, empty, notes })
}

fn told(empty: usize, windows: usize, overviews: usize) -> Vec<String> {
    let told = [
        ("On the map and not searched", empty, "empty tile", "empty tiles"),
        ("Not searched", windows, "window that shows nothing", "windows that show nothing"),
        ("Made for the map", overviews, "overview", "overviews"),
    ];
    let told = told.into_iter().filter(|(_, number, ..)| *number > 0);
    told.map(|(what, number, one, many)| format!("{what}: {}", counted(number, one, many))).collect()
}

/// Where a tile lies below the catalog's folder of tiles.
fn path_of(square: TileSquare, tile: &Tile) -> String {
    format!("{}.{}", square.tile(), tile.kind)
}

struct Pass<'p> {
    tools: &'p Tools<'p>,
    plan: &'p Plan<'p>,
    tiles: &'p Tiles<'p>,
    collector: Collector<'p>,
    /// Tiles that can be shown, by the numbers of their entries; nothing without a catalog.
    files: Vec<Option<(ListedFile, ImageKind)>>,
    skipped: Vec<Skipped>,
    remarks: Remarks,
    empty: usize,
}

/// What a thread found out about a square.
struct Found {
    key: Digest,
    sight: Sight,
    /// The tile that it is, with its entry's number.
    tile: Option<(usize, ListedFile, ImageKind)>,
    notes: Vec<Note>,
}

impl Pass<'_> {
    /// Embeds all squares of the plan.
    fn squares(&mut self) -> Result<(), StageError> {
        let progress = self.tools.progress("Embedding tiles", self.plan.squares.len());
        for (round, stride) in (0..).zip(self.plan.squares.chunks(STRIDE)) {
            let look = || stride.par_iter().map(|square| self.look(*square, round)).collect();
            let found: Vec<_> = progress.part("reading", look);
            for (square, found) in stride.iter().zip(found) {
                match found {
                    Ok(found) => self.take(*square, found),
                    Err(Left::Broken(why)) => self.skip(square.tile(), why),
                    Err(Left::Fatal(error)) => return Err(error),
                }
            }
            progress.part("embedding", || self.collector.compute())?;
            self.tiles.let_go();
            progress.advance(stride.len());
        }
        progress.finish();
        Ok(())
    }

    fn take(&mut self, square: TileSquare, found: Found) {
        let Found { key, sight, tile, notes } = found;
        if !notes.is_empty() {
            self.remarks.add(&square.to_string(), &notes);
        }
        if let Some((at, file, kind)) = tile {
            if let Some(shown) = self.files.get_mut(at) {
                *shown = Some((file, kind));
            }
            self.empty += usize::from(matches!(sight, Sight::Empty(_)));
        }
        self.collector.take(What::Square(square), key, sight);
    }

    fn skip(&mut self, subject: impl ToString, why: String) {
        self.skipped.push(Skipped { subject: subject.to_string(), why });
    }

    /// Looks at a tile or window.
    fn look(&self, square: TileSquare, round: u64) -> Result<Found, Left> {
        let at = self.plan.pyramid.find(square.tile()).filter(|_| square.span() == 1);
        match at {
            Some(at) => self.look_at_tile(square, at, round),
            None => Ok(self.look_at_window(square, round)?),
        }
    }

    fn look_at_tile(&self, square: TileSquare, at: usize, round: u64) -> Result<Found, Left> {
        let tile = self.tiles.get(square.tile(), round);
        let tile = tile.ok_or_else(|| Left::Broken("the source has it no more".to_owned()))?;
        let tile = tile.map_err(Left::Broken)?;
        let mut notes = Vec::new();
        let sight = self.collector.sight(&tile.digest, || match tile.picture(self.tools.decoder) {
            Ok(picture) => {
                notes.clone_from(&picture.notes);
                // Half-empty tiles at the edge of an area are nothing to tell.
                notes.retain(|note| !matches!(note, Note::Hidden { .. }));
                self.sight_of(&picture)
            }
            Err(Unusable::Empty) => Ok(None),
            Err(Unusable::Broken(why)) => Err(Left::Broken(why)),
        })?;
        let file = self.put(square, &tile)?;
        Ok(Found { key: tile.digest, sight, tile: Some((at, file, tile.kind)), notes })
    }

    fn sight_of(&self, picture: &Arc<Picture>) -> Result<Option<Sight>, Left> {
        Ok(self.collector.look_at(picture, true)?)
    }

    fn look_at_window(&self, square: TileSquare, round: u64) -> Result<Found, StageError> {
        let window = Window::new(square, self.tiles, round);
        let key = window.key();
        let sight = self.collector.sight(&key, || match window.picture(self.tiles, self.plan.edge) {
            Some(picture) => self.collector.look_at(&picture, true),
            None => Ok(None),
        })?;
        Ok(Found { key, sight, tile: None, notes: Vec::new() })
    }

    /// Puts a tile into the catalog, if there is one.
    fn put(&self, square: TileSquare, tile: &Tile) -> Result<ListedFile, Left> {
        let Some(Catalog { edition, .. }) = self.tools.catalog else { return Ok(tile.listed) };
        let file = edition.put(&path_of(square, tile), &tile.bytes)?;
        file.ok_or_else(|| Left::Broken("the file is empty, or has 4 GiB or more".to_owned()))
    }

    /// Puts the tiles that are only shown into the catalog.
    fn others(&mut self, edition: &Edition) -> Result<(), StageError> {
        let entries = self.plan.pyramid.entries();
        let shown = |at: &usize| entries[*at].id.tile().is_some_and(|tile| !self.plan.pyramid.is_item(tile));
        let others: Vec<usize> = (0..entries.len()).filter(shown).collect();
        if others.is_empty() {
            return Ok(());
        }
        let progress = self.tools.progress("Reading tiles for the map", others.len());
        for stride in others.chunks(STRIDE) {
            let put = |at: &usize| {
                let tile = self.tiles.read(*at).map_err(Left::Broken)?;
                let id = entries[*at].id.tile().ok_or_else(|| Left::Broken("it is no tile".to_owned()))?;
                // What the former catalog shows was looked at then.
                if !edition.lists(&path_of(id.into(), &tile), tile.listed) {
                    tile.check(self.tools.decoder).map_err(Left::Broken)?;
                }
                Ok((self.put(id.into(), &tile)?, tile.kind))
            };
            let put: Vec<Result<(ListedFile, ImageKind), Left>> = stride.par_iter().map(put).collect();
            for (at, put) in stride.iter().zip(put) {
                match put {
                    Ok(file) => self.files[*at] = Some(file),
                    Err(Left::Broken(why)) => self.skip(&entries[*at].id, why),
                    Err(Left::Fatal(error)) => return Err(error),
                }
            }
            progress.advance(stride.len());
        }
        progress.finish();
        Ok(())
    }
}
