//! Reads a whole catalog with what the crate offers, as a stranger would: `catalog.json`, then every file it names, then every
//! tile and picture.

use clip_rs_catalog::index::{IndexHeader, take_list};
use clip_rs_catalog::{
    Bounds, CatalogError, Detail, Details, Items, Manifest, PictureListing, Shard, TileListing,
};

use crate::maker::Files;

/// What a catalog says, without the names of its files.
#[derive(Debug, PartialEq)]
pub struct Summary {
    items: Vec<(String, Option<Bounds>, Option<usize>, Detail)>,
    codes: Vec<Vec<u8>>,
    imagery: Vec<String>,
}

/// Everything that the catalog says, once every file has been checked.
pub fn check(files: &Files) -> Result<Summary, CatalogError> {
    let manifest = Manifest::from_json(&files["catalog.json"])?;
    let mut summary = Summary { items: Vec::new(), codes: Vec::new(), imagery: Vec::new() };
    for file in &manifest.files {
        file.check(&files[&file.name])?;
    }
    for shard in &manifest.shards {
        read_shard(files, shard, &mut summary)?;
    }
    summary.imagery = match (&manifest.tiles, &manifest.pictures) {
        (Some(_), _) => read_tiles(files, &manifest)?,
        _ => read_pictures(files, &manifest)?,
    };
    Ok(summary)
}

fn read_shard(files: &Files, shard: &Shard, summary: &mut Summary) -> Result<(), CatalogError> {
    let items = Items::from_bytes(&files[&shard.items])?;
    summary.codes.push(read_index(&files[&shard.index], items.len())?);
    assert_eq!(items.len(), shard.count);
    for (ordinal, id) in items.ids().enumerate() {
        let (page, at) = shard.page_of(ordinal).expect("a page for every item");
        let detail = Details::from_bytes(&files[page])?.get(at).expect("a row for every item");
        assert_eq!(items.position(&id), Some(ordinal));
        summary.items.push((id.to_string(), items.footprint(ordinal), items.duplicate_of(ordinal), detail));
    }
    Ok(())
}

/// The codes of an index that is read to its end.
pub fn read_index(bytes: &[u8], items: usize) -> Result<Vec<u8>, CatalogError> {
    let (header, end) = IndexHeader::read(bytes)?;
    assert_eq!(header.count as usize, items);
    let (mut graph, mut entrances, mut neighbours) = (&bytes[end..], Vec::new(), Vec::new());
    let cut = || CatalogError::content("index", "its graph is damaged");
    take_list(&mut graph, header.count, items, &mut entrances).ok_or_else(cut)?;
    for _ in 0..items {
        take_list(&mut graph, header.count, header.neighbours as usize, &mut neighbours).ok_or_else(cut)?;
    }
    assert_eq!((graph.len(), neighbours.len()), (0, header.neighbours as usize));
    Ok(bytes[IndexHeader::LENGTH..end].to_vec())
}

fn read_tiles(files: &Files, manifest: &Manifest) -> Result<Vec<String>, CatalogError> {
    let set = manifest.tiles.as_ref().expect("tiles");
    let mut paths = Vec::new();
    for page in &set.listing {
        let listing = TileListing::from_bytes(&files[&page.file])?;
        assert_eq!(listing.iter().next().map(|first| first.tile.to_string()), Some(page.first.clone()));
        for listed in listing.iter() {
            let path = set.path(listed.tile, listed.kind, &listed.file).expect("a folder");
            listed.file.check(&path, &files[&path])?;
            paths.push(path);
        }
    }
    assert_eq!(paths.len(), set.count);
    Ok(paths)
}

fn read_pictures(files: &Files, manifest: &Manifest) -> Result<Vec<String>, CatalogError> {
    let set = manifest.pictures.as_ref().expect("pictures");
    let mut paths = Vec::new();
    let mut count = 0;
    for page in &set.listing {
        let listing = PictureListing::from_bytes(&files[&page.file])?;
        assert_eq!(listing.iter().next().map(|first| &first.name), Some(&page.first));
        for picture in listing.iter() {
            let original = picture
                .original
                .iter()
                .map(|file| (set.original_path(&picture.name, file).expect("a folder"), *file));
            let thumbnails = picture.thumbnails.iter().enumerate().filter_map(|(size, file)| {
                let file = (*file)?;
                Some((set.thumbnail_path(&picture.name, size, &file).expect("a size"), file))
            });
            for (path, file) in original.chain(thumbnails) {
                file.check(&path, &files[&path])?;
                paths.push(path);
            }
            count += 1;
        }
    }
    assert_eq!(count, set.count);
    Ok(paths)
}
