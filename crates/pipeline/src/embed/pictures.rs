//! A pass over pictures that are no tiles: each is decoded once for its vectors, its windows and its thumbnails.

use clip_rs_catalog::{Bounds, Crop, Digest, Digester, ListedFile};
use clip_rs_imagery::decode::{DecodeError, Picture, thumbnail};
use clip_rs_imagery::{Entry, Skipped};
use clip_rs_stage::StageError;
use clip_rs_stage::progress::counted;
use image::imageops;
use rayon::prelude::*;

use super::collect::{Collector, Sight};
use super::remarks::Remarks;
use super::{Catalog, Left, Outcome, Shown, ShownPicture, Tools};
use crate::cut::crops::Cutting;
use crate::cut::item::What;
use crate::embeddings::Memory;
use clip_rs_imagery::decode::Note;

/// Longer edges of the thumbnails, pixels.
pub const THUMBNAILS: [u16; 3] = [128, 256, 512];

/// Pictures between two writes to the store.
const STRIDE: usize = 16;
/// Windows of one picture that are prepared for the model at once.
const FEW: usize = 16;

/// A picture of the source, and what the catalog calls it.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// Where the source has it.
    pub entry: &'a Entry,
    /// Its name in the catalog.
    pub name: String,
    /// The ground that it shows.
    pub ground: Option<Bounds>,
}

/// How pictures are treated.
pub struct Treatment {
    /// Which windows they are cut into.
    pub cutting: Cutting,
    /// Whether the pictures themselves go into the catalog.
    pub originals: bool,
}

/// Embeds all pictures and their windows; puts them and their thumbnails into the catalog, if there is one.
pub fn embed<'a>(
    tools: &Tools<'_>,
    wanted: Vec<Wanted<'a>>,
    treatment: &Treatment,
    memory: &mut dyn Memory,
) -> Result<Outcome<'a>, StageError> {
    let progress = tools.progress("Embedding pictures", wanted.len());
    let mut collector = Collector::new(tools.encoder, memory);
    let (mut shown, mut skipped, mut remarks) = (Vec::new(), Vec::new(), Remarks::default());
    for stride in wanted.chunks(STRIDE) {
        let look = |wanted| Look { tools, treatment, collector: &collector }.at(wanted);
        let found: Vec<_> = progress.part("reading", || stride.par_iter().map(look).collect());
        for (wanted, found) in stride.iter().zip(found) {
            match found {
                Ok(found) => {
                    let picture = shown.len() as u32;
                    remarks.add(&wanted.name, &found.notes);
                    for (crop, key, sight) in found.sights {
                        collector.take(What::Picture { picture, crop }, key, sight);
                    }
                    shown.push(found.shown);
                }
                Err(Left::Broken(why)) => skipped.push(Skipped { subject: wanted.entry.id.to_string(), why }),
                Err(Left::Fatal(error)) => return Err(error),
            }
        }
        progress.part("embedding", || collector.compute())?;
        progress.advance(stride.len());
    }
    progress.finish();
    let mut notes = remarks.told();
    let windows = |item: &&crate::cut::item::Item| matches!(item.what, What::Picture { crop: Some(_), .. });
    let windows = collector.items.iter().filter(windows).count();
    if windows > 0 {
        let windows = counted(windows, "window of a large picture", "windows of large pictures");
        notes.push(format!("Searched too: {windows}"));
    }
    let Collector { items, computed, empty, .. } = collector;
    if empty > 0 {
        notes.push(format!(
            "Not searched: {}",
            counted(empty, "window of one colour", "windows of one colour")
        ));
    }
    Ok(Outcome { items, shown: Shown::Pictures(shown), skipped, computed, empty: 0, notes })
}

/// What a thread made of a picture.
struct Found<'a> {
    shown: ShownPicture<'a>,
    /// The whole and its windows.
    sights: Vec<(Option<Crop>, Digest, Sight)>,
    notes: Vec<Note>,
}

impl From<DecodeError> for Left {
    fn from(error: DecodeError) -> Self {
        Self::Broken(error.to_string())
    }
}

struct Look<'p, 'c> {
    tools: &'p Tools<'p>,
    treatment: &'p Treatment,
    collector: &'p Collector<'c>,
}

impl Look<'_, '_> {
    fn at<'a>(&self, wanted: &Wanted<'a>) -> Result<Found<'a>, Left> {
        let content =
            self.tools.source.read(wanted.entry).map_err(|error| Left::Broken(error.to_string()))?;
        let size = self.tools.decoder.dimensions(&content)?;
        let digest = Digest::of(&content);
        let mut sights = self.kept_sights(&digest, size, wanted.ground)?;
        let mut thumbnails = self.kept_thumbnails(&digest, size)?;
        let mut notes = Vec::new();
        let is_new = |sight: &Sight| matches!(sight, Sight::Empty(false));
        let is_missing = |thumbnail: &Thumbnail| matches!(thumbnail, Thumbnail::Missing(..));
        if thumbnails.iter().any(is_missing) || sights.iter().any(|(_, _, sight)| is_new(sight)) {
            self.tools.decoder.with_picture(&content, |picture| {
                notes.clone_from(&picture.notes);
                // Few windows at a time: a large picture may have hundreds.
                let mut new: Vec<_> = sights.iter_mut().filter(|(_, _, sight)| is_new(sight)).collect();
                for few in new.chunks_mut(FEW) {
                    for (crop, _, sight) in few.iter_mut() {
                        *sight = self.sight_of(&picture, *crop)?;
                    }
                    let mut few: Vec<&mut Sight> = few.iter_mut().map(|(_, _, sight)| sight).collect();
                    self.collector.see(&mut few)?;
                }
                thumbnails.iter_mut().try_for_each(|thumbnail| self.make(thumbnail, &picture))
            })??;
        }
        let (original, thumbnails) = self.put(&wanted.name, &content, thumbnails)?;
        let shown =
            ShownPicture { entry: wanted.entry, name: wanted.name.clone(), size, original, thumbnails };
        Ok(Found { shown, sights, notes })
    }

    /// The whole picture and its windows, with what is known of them; what is not is as if it were empty.
    fn kept_sights(
        &self,
        digest: &Digest,
        size: (u32, u32),
        ground: Option<Bounds>,
    ) -> Result<Vec<(Option<Crop>, Digest, Sight)>, StageError> {
        let crops = self.treatment.cutting.crops(size, ground).into_iter();
        let windows = crops.map(|crop| (Some(crop), key_of(digest, crop)));
        let known = |(crop, key)| Ok((crop, key, self.collector.sight::<StageError>(&key, || Ok(None))?));
        std::iter::once((None, *digest)).chain(windows).map(known).collect()
    }

    /// Puts a picture and its thumbnails into the catalog.
    fn put(
        &self,
        name: &str,
        content: &[u8],
        thumbnails: Vec<Thumbnail>,
    ) -> Result<(Option<ListedFile>, Vec<Option<ListedFile>>), Left> {
        let Some(Catalog { edition, .. }) = self.tools.catalog else { return Ok((None, Vec::new())) };
        let mut original = None;
        if self.treatment.originals {
            original = edition.put(&format!("original/{name}"), content)?;
            if original.is_none() {
                return Err(Left::Broken("the file is empty, or has 4 GiB or more".to_owned()));
            }
        }
        let put = |(edge, thumbnail): (&u16, Thumbnail)| match thumbnail {
            Thumbnail::There(content) => edition.put(&format!("{edge}/{name}.jpg"), &content),
            Thumbnail::Missing(..) | Thumbnail::Unwanted => Ok(None),
        };
        let thumbnails = THUMBNAILS.iter().zip(thumbnails).map(put).collect::<Result<_, StageError>>()?;
        Ok((original, thumbnails))
    }

    fn sight_of(&self, picture: &Picture, crop: Option<Crop>) -> Result<Sight, Left> {
        let sight = match crop {
            // A whole picture is an item whatever it shows.
            None => self.collector.look_at(picture, false)?,
            Some(crop) => self.collector.look_at(&part_of(picture, crop), true)?,
        };
        Ok(sight.unwrap_or(Sight::Empty(false)))
    }

    /// The thumbnails of a picture as far as they were made before.
    fn kept_thumbnails(
        &self,
        digest: &Digest,
        (width, height): (u32, u32),
    ) -> Result<Vec<Thumbnail>, StageError> {
        let Some(Catalog { made, .. }) = self.tools.catalog else { return Ok(Vec::new()) };
        let longer = width.max(height);
        let sizes = THUMBNAILS.iter().enumerate();
        let thumbnail = |(at, edge): (usize, &u16)| {
            let smaller = at.checked_sub(1).map_or(0, |before| u32::from(THUMBNAILS[before]));
            // Without originals a small picture is shown by its first thumbnail, at its own size.
            let stands_in = !self.treatment.originals && longer > smaller;
            if longer <= u32::from(*edge) && !stands_in {
                return Ok(Thumbnail::Unwanted);
            }
            let mut key = Digester::default();
            key.update(b"thumbnail 1");
            key.update(&edge.to_le_bytes());
            key.update(digest.as_bytes());
            let key = key.finish();
            Ok(made.get(&key)?.map_or(Thumbnail::Missing(key, *edge), Thumbnail::There))
        };
        sizes.map(thumbnail).collect()
    }

    fn make(&self, missing: &mut Thumbnail, picture: &Picture) -> Result<(), Left> {
        let (Thumbnail::Missing(key, edge), Some(catalog)) = (&*missing, self.tools.catalog) else {
            return Ok(());
        };
        let (key, edge) = (*key, *edge);
        let make = || thumbnail(picture, edge).map_err(|error| Left::Broken(error.to_string()));
        *missing = Thumbnail::There(catalog.made.get_or_make(key, make)?);
        Ok(())
    }
}

/// A thumbnail of one size.
enum Thumbnail {
    /// The picture is no larger.
    Unwanted,
    /// To be kept under this key, with this longer edge.
    Missing(Digest, u16),
    /// The file.
    There(Vec<u8>),
}

/// What a window is kept under.
fn key_of(picture: &Digest, crop: Crop) -> Digest {
    let mut key = Digester::default();
    key.update(b"crop 1");
    key.update(picture.as_bytes());
    [crop.x, crop.y, crop.side].iter().for_each(|number| key.update(&number.to_le_bytes()));
    key.finish()
}

/// A square of a picture, which may have been read at a fraction of its size.
fn part_of(picture: &Picture, Crop { x, y, side }: Crop) -> Picture {
    let by = picture.reduced_by.max(1);
    let side = (side / by).max(1);
    let rgb = imageops::crop_imm(&picture.rgb, x / by, y / by, side, side).to_image();
    let shown =
        picture.shown.as_ref().map(|shown| imageops::crop_imm(shown, x / by, y / by, side, side).to_image());
    Picture { rgb, shown, reduced_by: by, notes: Vec::new() }
}
