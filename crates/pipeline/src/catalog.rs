//! A catalog's folder, read file by file with each file checked before use.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use clip_rs_catalog::{
    Detail, Details, Items, ListedFile, MANIFEST_NAME, Manifest, PictureListing, Shard, TileListing,
};
use clip_rs_package::{Processor, image_tower, text_tower};
use clip_rs_search::model::{ImageTower, ModelConfig, TextTower};
use clip_rs_search::{Engine, Index};

use clip_rs_stage::{StageError, files};

/// A catalog on the disk; only its manifest is in memory.
pub struct Catalog {
    folder: PathBuf,
    /// What `catalog.json` says.
    pub manifest: Manifest,
}

/// A page of the listing.
#[derive(Debug)]
pub enum ListingPage {
    /// Of map tiles.
    Tiles(TileListing),
    /// Of pictures that are no tiles.
    Pictures(PictureListing),
}

impl Catalog {
    /// Reads and checks `catalog.json`.
    pub fn open(folder: &Path) -> Result<Self, StageError> {
        let path = folder.join(MANIFEST_NAME);
        let content = files::read_at_most(&path, Manifest::MAX_BYTES)?;
        Ok(Self::of(folder, Manifest::from_json(&content)?))
    }

    /// The catalog in `folder` whose `catalog.json` says this.
    pub(crate) fn of(folder: &Path, manifest: Manifest) -> Self {
        Self { folder: folder.to_owned(), manifest }
    }

    /// The content of a file that the manifest names, with length and digest checked.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, StageError> {
        let file = self.manifest.file(name)?;
        let path = self.folder.join(name);
        // A file that is longer than it should be is not read whole to find that out.
        let found = fs::metadata(&path).map_err(StageError::io("read", &path))?.len();
        file.check_length(found)?;
        let content = files::read(&path)?;
        file.check(&content)?;
        Ok(content)
    }

    /// The model's description.
    pub fn model_config(&self) -> Result<ModelConfig, StageError> {
        let name = &self.manifest.model.config;
        ModelConfig::from_json(&self.read(name)?).map_err(StageError::engine(name))
    }

    /// The text tower with its tokenizer.
    pub fn text_encoder(&self) -> Result<Box<dyn TextTower>, StageError> {
        let model = &self.manifest.model;
        let (text, vocabulary) = (self.read(&model.text)?, self.read(&model.tokenizer)?);
        text_tower(&self.model_config()?, text, &vocabulary).map_err(StageError::engine(&model.text))
    }

    /// The image tower.
    pub fn image_encoder(&self) -> Result<Box<dyn ImageTower>, StageError> {
        let name = &self.manifest.model.image;
        image_tower(&self.model_config()?, self.read(name)?, Processor::Cpu).map_err(StageError::engine(name))
    }

    /// The search index of a shard.
    pub fn index(&self, shard: &Shard) -> Result<Index, StageError> {
        Index::from_bytes(self.read(&shard.index)?).map_err(StageError::engine(&shard.index))
    }

    /// Names and footprints of a shard's items.
    pub fn items(&self, shard: &Shard) -> Result<Items, StageError> {
        Ok(Items::from_bytes(&self.read(&shard.items)?).map_err(|error| error.named(&shard.items))?)
    }

    /// A page of what else is known of items.
    pub fn details(&self, page: &str) -> Result<Details, StageError> {
        Ok(Details::from_bytes(&self.read(page)?).map_err(|error| error.named(page))?)
    }

    /// What else is known of an item of a shard.
    pub fn detail(&self, shard: &Shard, ordinal: usize) -> Result<Detail, StageError> {
        let Some((page, at)) = shard.page_of(ordinal) else { return Ok(Detail::default()) };
        let detail = self.details(page)?.get(at);
        detail.ok_or_else(|| StageError::content(page, format!("it has no item {at}")))
    }

    /// A page of the listing.
    pub fn listing_page(&self, page: &str) -> Result<ListingPage, StageError> {
        let content = self.read(page)?;
        let read = match self.manifest.tiles {
            Some(_) => TileListing::from_bytes(&content).map(ListingPage::Tiles),
            None => PictureListing::from_bytes(&content).map(ListingPage::Pictures),
        };
        Ok(read.map_err(|error| error.named(page))?)
    }

    /// Every file of tiles or pictures: its path below its folder, and its entry in the listing.
    pub fn listed_files(&self) -> Result<HashMap<String, ListedFile>, StageError> {
        let mut found = HashMap::new();
        for page in self.manifest.listing() {
            found.extend(self.listing_page(&page.file)?.files(&self.manifest));
        }
        Ok(found)
    }

    /// The engine with all shards.
    pub fn engine(&self) -> Result<Engine, StageError> {
        let shard =
            |shard| Ok(clip_rs_search::Shard { index: self.index(shard)?, items: self.items(shard)? });
        let shards = self.manifest.shards.iter().map(shard).collect::<Result<_, StageError>>()?;
        Engine::new(&self.model_config()?, self.text_encoder()?, shards)
            .map_err(StageError::engine(self.folder.display()))
    }

    /// Content of a file below the folder, unchecked; none if it cannot be read.
    pub(crate) fn raw(&self, path: &str) -> std::io::Result<Vec<u8>> {
        fs::read(self.folder.join(path))
    }
}

impl ListingPage {
    /// Number of tiles or pictures.
    pub fn len(&self) -> usize {
        match self {
            Self::Tiles(page) => page.len(),
            Self::Pictures(page) => page.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Paths of the page's files, relative to `catalog.json`; files in folders that the manifest does not name are left out.
    pub fn paths(&self, manifest: &Manifest) -> impl Iterator<Item = String> {
        let path = |(path, file): (String, ListedFile)| {
            let folder = manifest.folders().get(usize::from(file.folder()))?;
            Some(format!("{folder}/{path}"))
        };
        self.files(manifest).into_iter().filter_map(path)
    }

    /// The files of the page, with their paths below their folders.
    pub fn files(&self, manifest: &Manifest) -> Vec<(String, ListedFile)> {
        match self {
            Self::Tiles(page) => page.iter().map(|listed| (listed.path(), listed.file)).collect(),
            Self::Pictures(page) => {
                let edges = manifest.pictures.as_ref().map(|pictures| pictures.thumbnails.as_slice());
                let edges = edges.unwrap_or_default();
                let mut files = Vec::new();
                for picture in page.iter() {
                    let name = &picture.name;
                    files.extend(picture.original.map(|file| (format!("original/{name}"), file)));
                    for (edge, file) in edges.iter().zip(&picture.thumbnails) {
                        files.extend(file.map(|file| (format!("{edge}/{name}.jpg"), file)));
                    }
                }
                files
            }
        }
    }
}
