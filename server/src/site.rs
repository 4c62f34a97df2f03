//! The app's side: its one page, and the files that its build lists.

use std::{collections::HashSet, io, path::PathBuf};

use axum::{http::request::Parts, response::Response};
use serde::Deserialize;

use crate::{
    files::{self, Keep},
    folder::Folder,
    packing::Packer,
    refusal::Refusal,
    remembered::Remembered,
    request_path::RequestPath,
};

/// The file that the app's page is.
pub(crate) const PAGE: &str = "index.html";

/// The file in which `cargo xtask dist` says what it has made.
pub(crate) const BUILD: &str = "build.json";

/// A folder with a built app. Clones share what is remembered of it.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    folder: Folder,
    build: Remembered<Build>,
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
    /// The app in the folder `root`.
    pub(crate) fn new(root: PathBuf, packer: Packer) -> Self {
        let folder = Folder::new(root);
        let build = Remembered::new(folder.path_of(BUILD));
        Self { folder, build, packer }
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
        let site = self.clone();
        let resolve = move |path| {
            let keep = site.keep(&path);
            (path, keep)
        };
        files::send(&self.folder, path, request, &self.packer, resolve).await
    }
}
