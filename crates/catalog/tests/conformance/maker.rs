//! Puts small catalogs together out of what is said of their items; imagery and model are texts that say what they are.

use std::collections::BTreeMap;

use clip_rs_catalog::index::{IndexHeader, put_list};
use clip_rs_catalog::{
    Bounds, Detail, Details, FileRef, ItemId, Items, ItemsBuilder, ListedPicture, ListedTile, Manifest,
    ModelRef, Page, PictureListing, PictureSet, Shard, TileListing, TileSet,
};

/// The files of a catalog by their paths.
pub type Files = BTreeMap<String, Vec<u8>>;

/// An item of a catalog to be made.
pub struct Made {
    pub id: &'static str,
    /// West, south, east, north of a picture.
    pub footprint: Option<[f64; 4]>,
    pub code: [i8; 4],
    /// Ordinal of the earlier item that it looks like.
    pub duplicate_of: Option<usize>,
    pub detail: Detail,
}

/// An item with this name and code in a place that is called after it.
pub fn item(id: &'static str, code: [i8; 4]) -> Made {
    let detail = Detail { place: Some(format!("Place of {id}")), ..Detail::default() };
    Made { id, footprint: None, code, duplicate_of: None, detail }
}

/// A catalog in the making.
pub struct Maker {
    pub files: Files,
    refs: Vec<FileRef>,
}

impl Maker {
    /// A catalog with nothing but a model, of texts that are none.
    pub fn new() -> Self {
        Self { files: Files::new(), refs: Vec::new() }
    }

    /// Adds a file that is named by its content.
    pub fn put(&mut self, content: &[u8], stem: &str, extension: &str) -> String {
        let file = FileRef::of(content, stem, extension);
        let name = file.name.clone();
        if !self.files.contains_key(&name) {
            self.refs.push(file);
        }
        self.files.insert(name.clone(), content.to_vec());
        name
    }

    /// Adds a shard with pages of so many details.
    pub fn shard(&mut self, items: &[Made], page_rows: usize, bounds: Option<[f64; 4]>) -> Shard {
        let index = self.put(&index_of(items), "index", "bin");
        let built = items_of(items).to_bytes().expect("small");
        let pages = items.chunks(page_rows).map(|page| {
            let details: Vec<Detail> = page.iter().map(|made| made.detail.clone()).collect();
            Details::new(&details).and_then(|page| page.to_bytes()).expect("small")
        });
        let pages: Vec<Vec<u8>> = pages.collect();
        let names: Vec<String> = pages.iter().map(|page| self.put(page, "details", "bin")).collect();
        Shard {
            count: items.len(),
            bounds: bounds.map(|edges| edges.try_into().expect("on Earth")),
            centroid: vec![0.5; 4],
            index,
            items: self.put(&built, "items", "bin"),
            details: names,
            page_rows,
        }
    }

    /// The pages of a listing of tiles, so many on a page; their files are there already.
    pub fn tile_pages(&mut self, tiles: Vec<ListedTile>, page_rows: usize) -> Vec<Page> {
        let sorted: Vec<ListedTile> = TileListing::new(tiles).expect("tiles").iter().copied().collect();
        let mut pages = Vec::new();
        for page in sorted.chunks(page_rows) {
            let bytes = TileListing::new(page.to_vec()).and_then(|page| page.to_bytes()).expect("small");
            pages.push(Page { first: page[0].tile.to_string(), file: self.put(&bytes, "listing", "bin") });
        }
        pages
    }

    /// The pages of a listing of pictures.
    pub fn picture_pages(&mut self, pictures: Vec<ListedPicture>, page_rows: usize) -> Vec<Page> {
        let sorted: Vec<ListedPicture> =
            PictureListing::new(pictures).expect("pictures").iter().cloned().collect();
        let mut pages = Vec::new();
        for page in sorted.chunks(page_rows) {
            let bytes = PictureListing::new(page.to_vec()).and_then(|page| page.to_bytes()).expect("small");
            pages.push(Page { first: page[0].name.clone(), file: self.put(&bytes, "listing", "bin") });
        }
        pages
    }

    /// Writes `catalog.json` and gives all files.
    pub fn finish(
        mut self,
        id: &str,
        tiles: Option<TileSet>,
        pictures: Option<PictureSet>,
        shards: Vec<Shard>,
    ) -> Files {
        let mut model = |stem: &str, extension: &str| self.put(stem.as_bytes(), stem, extension);
        let model = ModelRef {
            name: "none".into(),
            embed_dim: 4,
            config: model("model", "json"),
            text: model("text", "gguf"),
            image: model("image", "gguf"),
            tokenizer: model("vocabulary", "txt"),
        };
        let manifest = Manifest {
            format: 2,
            id: id.into(),
            title: format!("Fixture {id}"),
            attribution: "nobody".into(),
            licence: "CC0".into(),
            synthetic: true,
            bounds: Bounds::around(shards.iter().filter_map(|shard| shard.bounds)),
            captured: None,
            tiles,
            pictures,
            model,
            shards,
            cells: None,
            files: self.refs.into(),
            examples: Vec::new(),
            digest: String::new(),
        };
        let text = manifest.to_json().expect("a manifest that holds together");
        self.files.insert("catalog.json".into(), text.into_bytes());
        self.files
    }
}

fn items_of(items: &[Made]) -> Items {
    let mut builder = ItemsBuilder::default();
    for (ordinal, made) in items.iter().enumerate() {
        let id: ItemId = made.id.parse().expect("a name");
        let footprint = made.footprint.map(|edges| edges.try_into().expect("on Earth"));
        builder.push(&id, footprint).expect("an item");
        if let Some(earlier) = made.duplicate_of {
            builder.mark_duplicate(ordinal, earlier).expect("an earlier item");
        }
    }
    builder.build()
}

/// An index in whose graph everybody is an entrance and knows everybody else.
fn index_of(items: &[Made]) -> Vec<u8> {
    let count = items.len() as u32;
    let neighbours = count * count.saturating_sub(1);
    let mut bytes = IndexHeader { dim: 4, count, ef_search: 128, neighbours }.to_bytes();
    bytes.extend(items.iter().flat_map(|made| made.code).map(|component| component as u8));
    put_list(&(0..count).collect::<Vec<_>>(), &mut bytes);
    for ordinal in 0..count {
        put_list(&(0..count).filter(|other| *other != ordinal).collect::<Vec<_>>(), &mut bytes);
    }
    bytes
}
