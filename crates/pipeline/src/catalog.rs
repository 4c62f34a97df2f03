//! A catalog's folder, read file by file with each file checked before use.

use std::fs;
use std::path::{Path, PathBuf};

use clip_rs_catalog::{ItemId, Items, Listing, MANIFEST_NAME, Manifest, Shard};
use clip_rs_search::model::{ImageEncoder, ModelConfig, TextEncoder};
use clip_rs_search::{Engine, Index, ItemRef};

use clip_rs_stage::{StageError, files};

/// A catalog on the disk; only its manifest is in memory.
pub struct Catalog {
    folder: PathBuf,
    /// What `catalog.json` says.
    pub manifest: Manifest,
}

impl Catalog {
    /// Reads and checks `catalog.json`.
    pub fn open(folder: &Path) -> Result<Self, StageError> {
        let manifest = Manifest::from_json(&files::read(&folder.join(MANIFEST_NAME))?)?;
        Ok(Self { folder: folder.to_owned(), manifest })
    }

    /// The content of a file that the manifest names, with length and digest checked.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, StageError> {
        let content = files::read(&self.folder.join(name))?;
        self.manifest.file(name)?.check(&content)?;
        Ok(content)
    }

    /// The model's description.
    pub fn model_config(&self) -> Result<ModelConfig, StageError> {
        let name = &self.manifest.model.config;
        ModelConfig::from_json(&self.read(name)?).map_err(StageError::engine(name))
    }

    /// The text tower with its tokenizer.
    pub fn text_encoder(&self) -> Result<TextEncoder, StageError> {
        let model = &self.manifest.model;
        let (text, vocabulary) = (self.read(&model.text)?, self.read(&model.tokenizer)?);
        TextEncoder::from_gguf(&self.model_config()?, &text, &vocabulary)
            .map_err(StageError::engine(&model.text))
    }

    /// The image tower.
    pub fn image_encoder(&self) -> Result<ImageEncoder, StageError> {
        let name = &self.manifest.model.image;
        ImageEncoder::from_gguf(&self.model_config()?, &self.read(name)?).map_err(StageError::engine(name))
    }

    /// The search index of a shard.
    pub fn index(&self, shard: &Shard) -> Result<Index, StageError> {
        Index::from_bytes(self.read(&shard.index)?).map_err(StageError::engine(&shard.index))
    }

    /// The metadata of a shard.
    pub fn items(&self, shard: &Shard) -> Result<Items, StageError> {
        Ok(Items::from_bytes(&self.read(&shard.items)?).map_err(|error| error.named(&shard.items))?)
    }

    /// The listing of all pictures.
    pub fn listing(&self) -> Result<Listing, StageError> {
        // The manifest's own check makes sure that there is one.
        let name = self.manifest.listing().unwrap_or_default();
        Ok(Listing::from_bytes(&self.read(name)?).map_err(|error| error.named(name))?)
    }

    /// The engine with all shards.
    pub fn engine(&self) -> Result<Engine, StageError> {
        let shard =
            |shard| Ok(clip_rs_search::Shard { index: self.index(shard)?, items: self.items(shard)? });
        let shards = self.manifest.shards.iter().map(shard).collect::<Result<_, StageError>>()?;
        Engine::new(&self.model_config()?, self.text_encoder()?, shards)
            .map_err(StageError::engine(self.folder.display()))
    }

    /// The pictures' folder relative to the catalog, such as `tiles-0123456789abcdef`.
    pub fn picture_folder(&self) -> &str {
        let tiles = self.manifest.tiles.as_ref().map(|tiles| tiles.url.as_str());
        let url = tiles.or(self.manifest.pictures.as_ref().map(|pictures| pictures.url.as_str()));
        url.and_then(|url| url.split('/').next()).unwrap_or_default()
    }

    /// An item's path in the listing.
    pub fn listed_path(&self, id: &ItemId) -> String {
        match (id, &self.manifest.tiles) {
            (ItemId::Tile(tile), Some(tiles)) => {
                let extension = tiles.url.rsplit('.').next().unwrap_or_default();
                format!("{tile}.{extension}")
            }
            _ => id.to_string(),
        }
    }

    /// All files below the folder, with `/` between the parts of a path.
    pub(crate) fn files_there(&self) -> Result<Vec<String>, StageError> {
        Ok(files::walk(&self.folder)?.into_iter().map(|(name, _)| name).collect())
    }

    /// Content of a file below the folder, unchecked; none if it cannot be read.
    pub(crate) fn raw(&self, path: &str) -> std::io::Result<Vec<u8>> {
        fs::read(self.folder.join(path))
    }
}

/// The item that is called `id` in one of the shards: `17/37487/50141`, or a picture's name.
pub fn find_item(engine: &Engine, id: &str) -> Option<ItemRef> {
    let tile = id.parse().map(ItemId::Tile);
    let picture = ItemId::Picture(id.to_owned());
    engine.shards().iter().enumerate().find_map(|(shard, part)| {
        let tile = tile.as_ref().ok().and_then(|tile| part.items.position(tile));
        let ordinal = tile.or_else(|| part.items.position(&picture))?;
        Some(ItemRef { shard, ordinal })
    })
}
