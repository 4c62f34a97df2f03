//! The page inside the program: one file to carry, which serves a laptop's whole team.
//!
//! `cargo xtask server` builds such a program; see `build.rs`. The files, their compressed siblings among them, are sent
//! as those of a folder would be.

use std::{
    collections::HashMap,
    io::{self, ErrorKind},
    sync::Arc,
};

use axum::{
    body::Bytes,
    http::{HeaderValue, request::Parts},
    response::Response,
};
use clip_rs_page::policy::PolicyError;

use crate::{
    allowed::{Elsewhere, Made, PAGE, SERVICE_WORKER, Sources},
    content_policy,
    files::{self, Keep},
    media_type::{HTML, media_type},
    negotiation::{Accepted, Coding},
    packing::Packer,
    refusal::Refusal,
    representation::{Content, Representation},
    request_path::RequestPath,
    site::{BUILD, Build, policy_of},
};

/// Names and contents of the files that this program was built with; none unless `CLIP_RS_PAGE` named a built page.
static OF_THIS_PROGRAM: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// A built app that is part of a program.
#[derive(Debug, Clone, Copy)]
pub struct BuiltIn {
    files: &'static [(&'static str, &'static [u8])],
}

impl BuiltIn {
    /// An app made of these files: paths relative to its folder, with slashes, and contents.
    pub fn new(files: &'static [(&'static str, &'static [u8])]) -> Self {
        Self { files }
    }

    /// The app that this program was built with, if it was built with one.
    pub fn of_this_program() -> Option<Self> {
        (!OF_THIS_PROGRAM.is_empty()).then(|| Self::new(OF_THIS_PROGRAM))
    }

    /// Whether the app's page is there.
    pub(crate) fn has_page(self) -> bool {
        self.files.iter().any(|(name, _)| *name == PAGE)
    }
}

/// A built-in app, ready to be asked for files. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct BuiltInSite {
    files: Arc<HashMap<&'static str, Stored>>,
    build: Arc<Build>,
    /// Page and service worker, if they are other than what was built.
    made: Option<Arc<Made>>,
    packer: Packer,
}

/// Why the app inside is of no use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    #[error(transparent)]
    Damaged(io::Error),
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

/// A file with the tag of its bytes.
#[derive(Debug, Clone)]
struct Stored {
    bytes: &'static [u8],
    etag: HeaderValue,
}

impl BuiltInSite {
    /// Tags all files; takes some milliseconds. Fails where the app's own list of its files cannot be read.
    pub(crate) fn new(app: BuiltIn, elsewhere: &Elsewhere, packer: Packer) -> Result<Self, Unusable> {
        let mut files = HashMap::new();
        for (name, bytes) in app.files {
            let etag = Representation::of_bytes(Bytes::from_static(bytes)).map_err(Unusable::Damaged)?.etag;
            files.insert(*name, Stored { bytes, etag });
        }
        let build = match files.get(BUILD) {
            Some(list) => serde_json::from_slice(list.bytes)
                .map_err(|error| Unusable::Damaged(io::Error::new(ErrorKind::InvalidData, error)))?,
            None => Build::default(),
        };
        let file = |name: &str| files.get(name).map(|stored: &Stored| Bytes::from_static(stored.bytes));
        let made = match file(PAGE).filter(|_| elsewhere.changes(PAGE)) {
            Some(page) => Some(elsewhere.make(Sources { page, service_worker: file(SERVICE_WORKER) })?),
            None => None,
        };
        Ok(Self { files: Arc::new(files), build: Arc::new(build), made, packer })
    }

    /// Answers with a file of the app; `/` is its page.
    pub(crate) async fn send(&self, request: &Parts) -> Result<Response, Refusal> {
        let path = RequestPath::parse(request.uri.path())?;
        let name = if path.is_root() { PAGE.to_owned() } else { path.joined() };
        if let Some(bytes) = self.made.as_ref().and_then(|made| made.file(&name)) {
            let policy = policy_of(&name, bytes)?;
            return files::send_made(bytes.clone(), &name, policy, request, &self.packer).await;
        }
        let plain = self.files.get(name.as_str()).ok_or(Refusal::NotFound)?;
        let keep = if self.build.lists(&name) { Keep::ForEver } else { Keep::Revalidate };
        let media_type = media_type(&name);
        let policy = match media_type {
            HTML => Some(content_policy::of_html(plain.bytes).map_err(Refusal::of)?),
            _ => None,
        };
        let representation = self.choose(&name, plain, Accepted::from_headers(&request.headers))?;
        files::send_stored(representation, media_type, policy, keep, request).await
    }

    /// The file or one of its compressed siblings, whichever suits best.
    fn choose(&self, name: &str, plain: &Stored, accepted: Accepted) -> Result<Representation, Refusal> {
        let stored = |coding: Coding| match coding {
            Coding::Identity => Some(plain),
            _ => self.files.get(format!("{name}{}", coding.ending()).as_str()),
        };
        let all = [Coding::Brotli, Coding::Gzip, Coding::Identity];
        let available = all.into_iter().filter(|coding| stored(*coding).is_some());
        let is_negotiated = available.clone().count() > 1;
        let coding = accepted.best(available).ok_or(Refusal::NoCoding)?;
        let Stored { bytes, etag } = stored(coding).unwrap_or(plain);
        let content = Content::Bytes(Bytes::from_static(bytes));
        Ok(Representation { content, length: bytes.len() as u64, etag: etag.clone(), coding, is_negotiated })
    }
}
