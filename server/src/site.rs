//! The app's side: its one page, and the files that its build lists.

use std::{collections::HashSet, io, path::PathBuf, sync::Arc};

use axum::{
    body::Bytes,
    http::{HeaderValue, request::Parts},
    response::Response,
};
use serde::Deserialize;

use crate::{
    allowed::{Elsewhere, Made, PAGE, SERVICE_WORKER, Sources},
    content_policy,
    files::{self, Keep},
    folder::Folder,
    packing::Packer,
    refusal::Refusal,
    remembered::Remembered,
    request_path::RequestPath,
};

/// The file in which `cargo xtask dist` says what it has made.
pub(crate) const BUILD: &str = "build.json";

/// A folder with a built app. Clones share what is remembered of it.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    folder: Folder,
    build: Remembered<Build>,
    page: Remembered<Bytes>,
    service_worker: Remembered<Bytes>,
    elsewhere: Elsewhere,
    packer: Packer,
}

/// What a build says of itself.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Build {
    /// Paths of the files whose names change with their content, relative to the folder.
    immutable: HashSet<String>,
}

impl Build {
    /// Whether the file `name` never changes.
    pub(crate) fn lists(&self, name: &str) -> bool {
        self.immutable.contains(name)
    }
}

/// Why a build's list is of no use.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("{BUILD} cannot be read: {0}")]
    Read(#[from] io::Error),
    #[error("{BUILD}: {0}. `cargo xtask dist` makes it anew")]
    Content(#[from] serde_json::Error),
}

impl Site {
    /// The app in the folder `root`, which may show the catalogs `elsewhere`.
    pub(crate) fn new(root: PathBuf, elsewhere: Elsewhere, packer: Packer) -> Self {
        let folder = Folder::new(root);
        let [build, page, service_worker] = [BUILD, PAGE, SERVICE_WORKER].map(|name| folder.path_of(name));
        let (page, service_worker) = (Remembered::new(page), Remembered::new(service_worker));
        Self { build: Remembered::new(build), page, service_worker, elsewhere, folder, packer }
    }

    /// Page and service worker as they are for the catalogs elsewhere. Blocks.
    pub(crate) fn made(&self) -> Result<Arc<Made>, io::Error> {
        let read =
            |file: &Remembered<Bytes>| file.get(|bytes| Ok::<_, io::Error>(Bytes::copy_from_slice(bytes)));
        let service_worker = match read(&self.service_worker) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            read => Some(Bytes::clone(&*read?)),
        };
        let sources = Sources { page: Bytes::clone(&*read(&self.page)?), service_worker };
        self.elsewhere.make(sources).map_err(io::Error::other)
    }

    /// How long caches may keep a file; nothing is kept for ever that the build does not list. Blocks.
    fn keep(&self, path: &RequestPath) -> Keep {
        match self.build.get(|bytes| Ok::<Build, Unusable>(serde_json::from_slice(bytes)?)) {
            Ok(build) if build.lists(&path.joined()) => Keep::ForEver,
            Ok(_) => Keep::Revalidate,
            // A build of another kind than `dist` has no list.
            Err(Unusable::Read(error)) if error.kind() == io::ErrorKind::NotFound => Keep::Revalidate,
            Err(error) => {
                tracing::warn!(%error, "caches keep nothing of the app");
                Keep::Revalidate
            }
        }
    }

    /// Answers with a file of the app; `/` is its page. The page's own addresses are relative, so it is nowhere else.
    pub(crate) async fn send(&self, request: &Parts) -> Result<Response, Refusal> {
        let path = RequestPath::parse(request.uri.path())?;
        let path = if path.is_root() { RequestPath::of_file(PAGE) } else { path };
        let name = path.joined();
        let site = self.clone();
        if self.elsewhere.changes(&name) {
            let made = tokio::task::spawn_blocking(move || site.made()).await;
            let made = made.map_err(|_| Refusal::Unreadable)?.map_err(Refusal::of)?;
            let bytes = made.file(&name).ok_or(Refusal::NotFound)?.clone();
            return files::send_made(bytes.clone(), &name, policy_of(&name, &bytes)?, request, &self.packer)
                .await;
        }
        let resolve = move |path| {
            let keep = site.keep(&path);
            (path, keep)
        };
        files::send(&self.folder, path, request, &self.packer, resolve).await
    }
}

/// The policy of the file `name` if it is the page.
pub(crate) fn policy_of(name: &str, bytes: &[u8]) -> Result<Option<HeaderValue>, Refusal> {
    let policy = (name == PAGE).then(|| content_policy::of_html(bytes));
    policy.transpose().map_err(Refusal::of)
}
