//! Imagery in object storage (`s3://bucket/prefix`): tiles named as in folders, or an archive of PMTiles, which is read by
//! ranges. Who may read there is told by the environment (`AWS_ACCESS_KEY_ID` and the like), never by the address.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::TryStreamExt as _;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt as _};
use tokio::runtime::Runtime;
use url::Url;

use crate::format::picture_extension;
use crate::pmtiles::{PmTiles, ReadAt};
use crate::source::Entry;
use crate::tile_folder::TileNames;
use crate::tile_metadata::{TileMetadata, plain_text};
use crate::walk::Found;
use crate::{About, ImageryError, Inventory, Scheme, Source, sampling};

/// Threads that wait for the network, for all threads that read.
const WAITING: usize = 2;
/// The largest file beside tiles that is read, bytes.
const MOST_TEXT: u64 = 16 << 20;

/// Whether a path is the address of a place in object storage.
pub(crate) fn is_address(path: &Path) -> bool {
    path.to_str().is_some_and(|text| text.starts_with("s3://"))
}

/// Opens the tiles below an address, or the archive there.
pub(crate) fn open(address: &Path, asked: Option<Scheme>) -> Result<Box<dyn Source>, ImageryError> {
    let bucket = Arc::new(Bucket::open(address)?);
    let is_archive = address.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("pmtiles"));
    if is_archive {
        return Ok(Box::new(PmTiles::of(address, Box::new(Object(bucket)))?));
    }
    Ok(Box::new(ObjectTiles::open(bucket, asked)?))
}

/// The storage at `url` as the environment says that it is reached, and the key there.
pub fn storage(url: &Url) -> Result<(Box<dyn ObjectStore>, Key), object_store::Error> {
    // Only those that are meant for it: a variable called REGION is somebody else's.
    let options = std::env::vars().filter(|(key, _)| key.starts_with("AWS_"));
    object_store::parse_url_opts(url, options.map(|(key, value)| (key.to_ascii_lowercase(), value)))
}

/// The key of what is called `name` below `prefix`; that itself without a name.
pub fn below(prefix: &Key, name: &str) -> Key {
    let parts = prefix.parts().map(|part| part.as_ref().to_owned());
    Key::from_iter(parts.chain(name.split('/').filter(|part| !part.is_empty()).map(str::to_owned)))
}

/// A place in object storage, for threads that wait for what they ask for.
struct Bucket {
    address: PathBuf,
    store: Box<dyn ObjectStore>,
    prefix: Key,
    runtime: Runtime,
}

impl Bucket {
    fn open(address: &Path) -> Result<Self, ImageryError> {
        let wrong = |error: &dyn std::fmt::Display| ImageryError::source(address, error);
        let url = Url::parse(&address.to_string_lossy()).map_err(|error| wrong(&error))?;
        let (store, prefix) = storage(&url).map_err(|error| wrong(&error))?;
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(WAITING).enable_all().build();
        Ok(Self {
            address: address.to_owned(),
            store,
            prefix,
            runtime: runtime.map_err(|error| wrong(&error))?,
        })
    }

    /// The key of what is called `name` below the address; the address itself without a name.
    fn key(&self, name: &str) -> Key {
        below(&self.prefix, name)
    }

    /// Names below the address, and their lengths in bytes.
    fn list(&self) -> Result<Vec<(String, u64)>, ImageryError> {
        let own = self.prefix.parts().count();
        let listed = self.store.list(Some(&self.prefix)).map_ok(|object| {
            let parts: Vec<String> =
                object.location.parts().skip(own).map(|part| part.as_ref().to_owned()).collect();
            (parts.join("/"), object.size)
        });
        let listed = self.runtime.block_on(listed.try_collect::<Vec<_>>());
        listed.map_err(|error| ImageryError::source(&self.address, error))
    }

    fn get(&self, key: &Key) -> Result<Vec<u8>, object_store::Error> {
        let bytes = self.runtime.block_on(async { self.store.get(key).await?.bytes().await })?;
        Ok(bytes.to_vec())
    }

    /// The text of a file, if it is there.
    fn text(&self, name: &str) -> Result<Option<(PathBuf, Vec<u8>)>, ImageryError> {
        let called = self.address.join(name);
        let wrong = |error: &dyn std::fmt::Display| ImageryError::source(&called, error);
        let key = self.key(name);
        match self.runtime.block_on(self.store.head(&key)) {
            Ok(object) if object.size <= MOST_TEXT => {}
            Ok(object) => return Err(wrong(&format!("{} bytes are too many for such a file", object.size))),
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(wrong(&error)),
        }
        let content = self.get(&key).map_err(|error| wrong(&error))?;
        Ok(Some((called, content)))
    }
}

/// One object, read by ranges.
struct Object(Arc<Bucket>);

impl ReadAt for Object {
    fn length(&self) -> io::Result<u64> {
        let Self(bucket) = self;
        Ok(bucket.runtime.block_on(bucket.store.head(&bucket.prefix)).map_err(io::Error::other)?.size)
    }

    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        let Self(bucket) = self;
        let wanted = offset..offset + bytes.len() as u64;
        let got = bucket
            .runtime
            .block_on(bucket.store.get_range(&bucket.prefix, wanted))
            .map_err(io::Error::other)?;
        if got.len() != bytes.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.copy_from_slice(&got);
        Ok(())
    }
}

/// Tiles, an object each.
struct ObjectTiles {
    bucket: Arc<Bucket>,
    /// Folder of the zooms below the address; nothing, or ends with `/`.
    root: String,
    names: TileNames,
}

impl ObjectTiles {
    fn open(bucket: Arc<Bucket>, asked: Option<Scheme>) -> Result<Self, ImageryError> {
        let listed = bucket.list()?;
        let root = root_of(listed.iter().map(|(name, _)| name.as_str()));
        let mut metadata = TileMetadata::default();
        let folders = if root.is_empty() { vec![""] } else { vec![root.as_str(), ""] };
        for folder in folders {
            metadata.read(|name| match bucket.text(&format!("{folder}{name}"))? {
                Some((path, bytes)) => Ok(Some((path.clone(), plain_text(&path, bytes)?))),
                None => Ok(None),
            })?;
        }
        let mut names = TileNames::new(about(&bucket, &metadata)?);
        let mut inventory = std::mem::take(&mut names.inventory);
        for (name, length) in listed {
            // What lies beside the pyramid is none of it.
            let Some(name) = name.strip_prefix(&root) else { continue };
            if name.split('/').any(|part| part.starts_with('.')) {
                inventory.hidden += 1;
                continue;
            }
            names.add(&Found { name: name.to_owned(), path: PathBuf::from(name), length }, &mut inventory);
        }
        names.inventory = inventory;
        names.settle(&bucket.address, asked, &metadata)?;
        let mut tiles = Self { bucket, root, names };
        let (_, sizes) = sampling::look(&tiles);
        sampling::note_edge(&mut tiles.names.inventory, sizes.into_iter());
        tiles.names.say_where(asked, &metadata);
        Ok(tiles)
    }
}

/// The folder that the zooms are in: none, or the first one with tiles in it.
fn root_of<'a>(names: impl Iterator<Item = &'a str> + Clone) -> String {
    let is_tile = |name: &str| {
        let mut parts = name.split('/');
        let number =
            |part: Option<&str>| part.is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        number(parts.next())
            && number(parts.next())
            && parts.next().is_some_and(|row| picture_extension(Path::new(row)).is_some())
            && parts.next().is_none()
    };
    if names.clone().any(is_tile) {
        return String::new();
    }
    let folder_of =
        |name: &'a str| name.split_once('/').filter(|(_, rest)| is_tile(rest)).map(|(folder, _)| folder);
    names.filter_map(folder_of).min().map_or_else(String::new, |folder| format!("{folder}/"))
}

/// What the place says of itself: a sample area's own words, else the metadata's.
fn about(bucket: &Bucket, metadata: &TileMetadata) -> Result<About, ImageryError> {
    match bucket.text("sample.json")? {
        Some((path, content)) => {
            About::from_json(&path, &content).map_err(|error| ImageryError::Request(error.to_string()))
        }
        None => Ok(About {
            title: metadata.title.clone(),
            attribution: metadata.attribution.clone(),
            ..About::default()
        }),
    }
}

impl Source for ObjectTiles {
    fn inventory(&self) -> &Inventory {
        &self.names.inventory
    }

    fn read(&self, entry: &Entry) -> Result<Vec<u8>, ImageryError> {
        let wrong = |why: &dyn std::fmt::Display| ImageryError::entry(&self.bucket.address, &entry.id, why);
        let name = self.names.name(entry).ok_or_else(|| wrong(&"it is no tile of this place"))?;
        let key = self.bucket.key(&format!("{}{name}", self.root));
        self.bucket.get(&key).map_err(|error| wrong(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zooms_lie_at_the_address_or_in_one_folder_below() {
        let root = |names: &[&str]| root_of(names.iter().copied());
        assert_eq!(root(&["14/1/2.jpg", "tiles/14/1/2.jpg"]), "");
        assert_eq!(root(&["sample.json", "labels/1/2/3.json.gz", "tiles/14/1/2.jpg"]), "tiles/");
        assert_eq!(root(&["sample.json", "tiles/14/1/2.jpg"]), "tiles/");
        assert_eq!(root(&["a.txt", "b/c.jpg"]), "");
    }
}
