//! The place that all processes of a run share: a folder that every machine sees, or a bucket of an object storage
//! (`s3://bucket/prefix`). Who may read and write there is told by the environment (`AWS_ACCESS_KEY_ID`,
//! `AWS_SECRET_ACCESS_KEY`, `AWS_ENDPOINT_URL`, `AWS_REGION`, `AWS_ALLOW_HTTP`), never by the address or the plan.

use std::collections::HashMap;
use std::path::Path as FilePath;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use clip_rs_imagery::object_storage;
use datafusion::error::DataFusionError;
use datafusion::execution::object_store::ObjectStoreRegistry;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode, PutOptions};
use url::Url;

use crate::ClusterError;

/// A place in object storage.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Ends with `/`.
    url: Url,
    store: Arc<dyn ObjectStore>,
    prefix: Path,
}

impl Exchange {
    /// The place at `address`: a URL, or a folder, which is made if it is missing.
    pub fn open(address: &str) -> Result<Self, ClusterError> {
        let url = match Url::parse(address) {
            Ok(url) if url.scheme().len() > 1 => url,
            _ => folder_url(FilePath::new(address))?,
        };
        let mut url = url;
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        let (store, prefix) = object_storage::storage(&url).map_err(ClusterError::storage(&url))?;
        Ok(Self { url, store: Arc::from(store), prefix })
    }

    /// The address of what is called `name` here.
    pub fn address(&self, name: &str) -> String {
        format!("{}{name}", self.url)
    }

    /// Writes `content` under `name`, unless it is there: what is called the same has the same content.
    pub async fn put(&self, name: &str, content: Vec<u8>) -> Result<(), ClusterError> {
        let mode = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.store.put_opts(&self.path(name), content.into(), mode).await {
            Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(()),
            Err(error) => Err(ClusterError::storage(self.address(name))(error)),
        }
    }

    /// The content of what is called `name`.
    pub async fn get(&self, name: &str) -> Result<Bytes, ClusterError> {
        let got = async { self.store.get(&self.path(name)).await?.bytes().await };
        got.await.map_err(ClusterError::storage(self.address(name)))
    }

    fn path(&self, name: &str) -> Path {
        object_storage::below(&self.prefix, name)
    }
}

fn folder_url(folder: &FilePath) -> Result<Url, ClusterError> {
    clip_rs_stage::files::make_folder(folder)?;
    let whole = folder.canonicalize().map_err(clip_rs_stage::StageError::io("find the folder", folder))?;
    Url::from_directory_path(&whole)
        .map_err(|()| ClusterError::Request(format!("{}: no address for this folder", whole.display())))
}

/// The storages that a process has used, for the engine: it asks by URL.
#[derive(Debug, Default)]
pub struct Storages(Mutex<HashMap<String, Arc<dyn ObjectStore>>>);

impl Storages {
    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<dyn ObjectStore>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ObjectStoreRegistry for Storages {
    fn register_store(&self, url: &Url, store: Arc<dyn ObjectStore>) -> Option<Arc<dyn ObjectStore>> {
        self.known().insert(origin(url), store)
    }

    fn get_store(&self, url: &Url) -> datafusion::error::Result<Arc<dyn ObjectStore>> {
        if let Some(store) = self.known().get(&origin(url)) {
            return Ok(Arc::clone(store));
        }
        let (store, _) =
            object_storage::storage(url).map_err(|error| DataFusionError::ObjectStore(Box::new(error)))?;
        let store: Arc<dyn ObjectStore> = Arc::from(store);
        self.known().insert(origin(url), Arc::clone(&store));
        Ok(store)
    }
}

/// What storages are told apart by.
fn origin(url: &Url) -> String {
    url[..url::Position::BeforePath].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_written_once_is_read_by_its_name_and_never_replaced() -> Result<(), ClusterError> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = folder.path().join("new place");
        let exchange = Exchange::open(place.to_str().expect("Unicode"))?;
        exchange.put("parts/1.bin", b"first".to_vec()).await?;
        exchange.put("parts/1.bin", b"second".to_vec()).await?;
        assert_eq!(exchange.get("parts/1.bin").await?, "first");
        assert!(place.join("parts/1.bin").is_file(), "{}", exchange.address("parts/1.bin"));
        let missing = exchange.get("parts/2.bin").await.expect_err("nothing there").to_string();
        assert!(missing.contains("parts/2.bin"), "{missing}");
        let unknown = Exchange::open("gopher://somewhere/").expect_err("no storage").to_string();
        assert!(unknown.contains("gopher"), "{unknown}");
        Ok(())
    }
}
