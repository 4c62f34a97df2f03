//! What executors are told of a request: where the imagery is, how it is cut, and which model sees it.

use std::path::{Path, PathBuf};

use clip_rs_catalog::Digest;
use clip_rs_imagery::Scheme;
use clip_rs_package::{CONFIG_FILE, Package};
use clip_rs_pipeline::index::Request;
use clip_rs_stage::{StageError, files};
use serde::{Deserialize, Serialize};

use crate::ClusterError;
use crate::exchange::Exchange;

/// A request's part for executors. It travels in each query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    tiles: Vec<PathBuf>,
    images: Vec<PathBuf>,
    /// Whether rows are counted from the south, where the request says it.
    from_south: Option<bool>,
    scales: Vec<f64>,
    no_originals: bool,
    locations: Option<PathBuf>,
    memory_bytes: Option<u64>,
    /// Where the catalog is written, which is no imagery.
    out: PathBuf,
    work: PathBuf,
    /// Address of the exchange; the model lies there.
    exchange: String,
    /// Names of the model's files there.
    model: Vec<String>,
    /// What [`clip_rs_pipeline::ahead::Ahead::fingerprint`] is here, and must be there.
    pub fingerprint: String,
}

impl Job {
    /// The job of a request whose imagery has this fingerprint; its model is put into the exchange.
    pub async fn of(
        request: &Request,
        fingerprint: Digest,
        exchange: &Exchange,
    ) -> Result<Self, ClusterError> {
        let mut model = Vec::new();
        let package = Package::read(&request.model)?;
        let folder = format!("model-{}", package.digest().short());
        let own = package.config.clone();
        let files = [
            (CONFIG_FILE.to_owned(), package.config_json),
            (own.text.file, package.text),
            (own.image.file, package.image),
            (own.tokenizer.file, package.vocabulary),
        ];
        for (name, content) in files {
            let name = format!("{folder}/{name}");
            exchange.put(&name, content).await?;
            model.push(name);
        }
        Ok(Self {
            tiles: whole(&request.tiles)?,
            images: whole(&request.images)?,
            from_south: request.scheme.map(|scheme| scheme == Scheme::Tms),
            scales: request.scales.clone(),
            no_originals: request.no_originals,
            locations: request.locations.as_deref().map(absolute).transpose()?,
            memory_bytes: request.memory_bytes,
            out: absolute(&request.out)?,
            work: absolute(&request.work()?)?,
            exchange: exchange.address(""),
            model,
            fingerprint: fingerprint.to_string(),
        })
    }

    /// The request again, in another process; its model is got from the exchange into `folder`.
    pub async fn request(&self, folder: &Path) -> Result<Request, ClusterError> {
        let exchange = Exchange::open(&self.exchange)?;
        for name in &self.model {
            let content = exchange.get(name).await?;
            let file = name.rsplit('/').next().unwrap_or_default();
            files::write_quickly(&folder.join(file), &content)?;
        }
        Ok(Request {
            tiles: self.tiles.clone(),
            images: self.images.clone(),
            scheme: self.from_south.map(|south| if south { Scheme::Tms } else { Scheme::Xyz }),
            scales: self.scales.clone(),
            no_originals: self.no_originals,
            locations: self.locations.clone(),
            memory_bytes: self.memory_bytes,
            model: folder.to_owned(),
            out: self.out.clone(),
            work: Some(self.work.clone()),
            ..Request::default()
        })
    }
}

/// The same paths from the root: other processes begin elsewhere. Addresses are whole as they are.
fn whole(paths: &[PathBuf]) -> Result<Vec<PathBuf>, ClusterError> {
    let whole = |path: &PathBuf| match path.to_str() {
        Some(address) if address.contains("://") => Ok(path.clone()),
        _ => absolute(path),
    };
    paths.iter().map(whole).collect()
}

fn absolute(path: &Path) -> Result<PathBuf, ClusterError> {
    std::path::absolute(path).map_err(|error| StageError::io("find", path)(error).into())
}
