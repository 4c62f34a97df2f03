//! A catalog into object storage, from where a static host hands it out: what is not there yet, and `catalog.json` last, so that
//! whoever reads meanwhile has the former one whole. Nothing there is deleted.

use std::collections::HashMap;
use std::fs;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use clip_rs_catalog::{ImageKind, MANIFEST_NAME, Manifest};
use clip_rs_imagery::object_storage::{below, storage};
use clip_rs_stage::progress::Progress;
use clip_rs_stage::{StageError, files};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use object_store::buffered::BufWriter;
use object_store::path::Path;
use object_store::{Attribute, Attributes, ObjectStore, ObjectStoreExt as _, PutOptions};
use tokio::io::AsyncWriteExt as _;
use tokio::runtime::Runtime;
use url::Url;

use crate::ClusterError;

/// Files on their way at once.
const AT_ONCE: usize = 16;
/// What a host tells of files whose names say what is in them, and of the one that changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";
/// Endings of copies for servers that choose between them, which object storage does not.
const COMPRESSED: [&str; 2] = [".br", ".gz"];

/// What became of a catalog's files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Published {
    /// Files that were written.
    pub written: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Files that were there before.
    pub known: usize,
}

/// Puts the catalog in a folder below `address`, `s3://bucket/prefix`. Refuses a place whose `catalog.json` is no catalog's.
pub fn publish(catalog: &FilePath, address: &str) -> Result<Published, ClusterError> {
    let manifest = files::read(&catalog.join(MANIFEST_NAME))?;
    Manifest::from_json(&manifest).map_err(|error| StageError::content(catalog, error.to_string()))?;
    let url = Url::parse(address).map_err(|error| ClusterError::Request(format!("{address}: {error}")))?;
    let (store, prefix) = storage(&url).map_err(ClusterError::storage(address))?;
    let place = Place { address: address.to_owned(), store: Arc::from(store), prefix };
    let runtime = Runtime::new().map_err(|error| ClusterError::Request(error.to_string()))?;
    runtime.block_on(async {
        place.check().await?;
        let there = place.names().await?;
        let (mut missing, mut published) = (Vec::new(), Published::default());
        for (name, path) in files::walk(catalog)? {
            if name == MANIFEST_NAME || COMPRESSED.iter().any(|ending| name.ends_with(ending)) {
                continue;
            }
            let length = fs::metadata(&path).map_err(StageError::io("measure", &path))?.len();
            if there.get(&name) == Some(&length) {
                published.known += 1;
                continue;
            }
            published.written += 1;
            published.bytes += length;
            missing.push((name, path));
        }
        let progress = Progress::start("Publishing", missing.len());
        let put = |(name, path): (String, PathBuf)| {
            let (place, progress) = (&place, &progress);
            async move {
                place.put(&name, &path).await?;
                progress.advance(1);
                Ok::<(), ClusterError>(())
            }
        };
        stream::iter(missing).map(put).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
        progress.finish();
        place.put_manifest(manifest).await?;
        Ok(published)
    })
}

/// Where a catalog goes.
struct Place {
    address: String,
    store: Arc<dyn ObjectStore>,
    prefix: Path,
}

impl Place {
    /// Refuses a `catalog.json` of somebody else.
    async fn check(&self) -> Result<(), ClusterError> {
        let key = below(&self.prefix, MANIFEST_NAME);
        let former = async { self.store.get(&key).await?.bytes().await };
        match former.await {
            Ok(bytes) => Manifest::from_json(&bytes).map(drop).map_err(|error| {
                let why = format!(
                    "{}: its {MANIFEST_NAME} is no catalog's ({error}); choose another place",
                    self.address
                );
                ClusterError::Request(why)
            }),
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed(MANIFEST_NAME)(error)),
        }
    }

    /// What is there, by name, with its bytes.
    async fn names(&self) -> Result<HashMap<String, u64>, ClusterError> {
        let own = self.prefix.parts().count();
        let listed = self.store.list(Some(&self.prefix)).map_ok(|object| {
            let parts: Vec<String> =
                object.location.parts().skip(own).map(|part| part.as_ref().to_owned()).collect();
            (parts.join("/"), object.size)
        });
        listed.try_collect().await.map_err(self.failed(""))
    }

    /// Writes a file, in parts if it is large.
    async fn put(&self, name: &str, path: &FilePath) -> Result<(), ClusterError> {
        let key = below(&self.prefix, name);
        let mut writer =
            BufWriter::new(Arc::clone(&self.store), key).with_attributes(attributes(name, FOR_EVER));
        let copied = async {
            let mut file = tokio::fs::File::open(path).await?;
            tokio::io::copy(&mut file, &mut writer).await?;
            writer.shutdown().await
        };
        let copied: std::io::Result<()> = copied.await;
        copied.map_err(|error| ClusterError::Request(format!("{}/{name}: {error}", self.address)))
    }

    async fn put_manifest(&self, text: Vec<u8>) -> Result<(), ClusterError> {
        let options =
            PutOptions { attributes: attributes(MANIFEST_NAME, ASK_AGAIN), ..PutOptions::default() };
        let key = below(&self.prefix, MANIFEST_NAME);
        let put = self.store.put_opts(&key, text.into(), options).await;
        put.map(drop).map_err(self.failed(MANIFEST_NAME))
    }

    fn failed(&self, name: &str) -> impl FnOnce(object_store::Error) -> ClusterError + use<> {
        ClusterError::storage(format!("{}/{name}", self.address))
    }
}

/// What a host says of a file.
fn attributes(name: &str, caching: &'static str) -> Attributes {
    let ending = name.rsplit('.').next().unwrap_or_default();
    let picture = ImageKind::ALL.into_iter().find(|kind| kind.extension().eq_ignore_ascii_case(ending));
    let kind = picture.map(ImageKind::media_type).unwrap_or(match ending {
        "jpeg" | "JPEG" => "image/jpeg",
        "json" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    });
    Attributes::from_iter([(Attribute::ContentType, kind), (Attribute::CacheControl, caching)])
}
