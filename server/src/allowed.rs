//! Which catalogs the page may show: the list that it reads, and the policy that lets it reach those of other origins.
//!
//! With catalogs elsewhere the page and its service worker are sent as they have to be then (`clip_rs_page::policy`), made anew
//! whenever one of their files has changed.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    body::Bytes,
    http::{HeaderValue, request::Parts},
    response::Response,
};
use clip_rs_catalog::{
    CATALOGS_NAME, CatalogError, CatalogUrl, Catalogs, ListedCatalog, MANIFEST_NAME, Origin,
};
use clip_rs_page::policy::{self, PolicyError};

use crate::{catalog::Catalog, content_policy, files, media_type::media_type, refusal::Refusal};

/// The file that the app's page is.
pub(crate) const PAGE: &str = "index.html";
/// Its service worker.
pub(crate) const SERVICE_WORKER: &str = "sw.js";

/// What was made last, with what it was made from.
type Last = (Sources, Arc<Made>);

/// The catalogs of other origins. Clones share what was made.
#[derive(Debug, Clone, Default)]
pub(crate) struct Elsewhere {
    listed: Arc<[ListedCatalog]>,
    origins: Arc<[Origin]>,
    /// What was made last, and of what.
    last: Arc<Mutex<Option<Last>>>,
}

/// Page and service worker as the build has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sources {
    /// `index.html`.
    pub(crate) page: Bytes,
    /// `sw.js`, if there is one.
    pub(crate) service_worker: Option<Bytes>,
}

/// Page and service worker as they are sent.
#[derive(Debug)]
pub(crate) struct Made {
    page: Bytes,
    service_worker: Option<Bytes>,
}

impl Made {
    /// The file of this name, if it is one that was made.
    pub(crate) fn file(&self, name: &str) -> Option<&Bytes> {
        match name {
            PAGE => Some(&self.page),
            SERVICE_WORKER => self.service_worker.as_ref(),
            _ => None,
        }
    }
}

impl Elsewhere {
    /// These catalogs, all with absolute addresses.
    pub(crate) fn new(listed: &[ListedCatalog]) -> Self {
        let mut origins: Vec<Origin> = listed.iter().filter_map(|listed| listed.url.origin()).collect();
        origins.sort();
        origins.dedup();
        Self { listed: listed.into(), origins: origins.into(), last: Arc::default() }
    }

    /// Whether the file of the app called `name` is sent otherwise than the build has it.
    pub(crate) fn changes(&self, name: &str) -> bool {
        !self.origins.is_empty() && [PAGE, SERVICE_WORKER].contains(&name)
    }

    /// Page and service worker, made of `sources` unless they were made last.
    pub(crate) fn make(&self, sources: Sources) -> Result<Arc<Made>, PolicyError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, made)) = &*last
            && *known == sources
        {
            return Ok(made.clone());
        }
        let text = |bytes: &Bytes| String::from_utf8(bytes.to_vec()).map_err(|_| PolicyError::NoPolicy);
        let from = text(&sources.page)?;
        let page = policy::page_reading(&from, self.origins.iter())?;
        let service_worker = match &sources.service_worker {
            Some(script) => Some(policy::service_worker_keeping(&text(script)?, &from, &page)?.into()),
            None => None,
        };
        let made = Arc::new(Made { page: page.into(), service_worker });
        *last = Some((sources, made.clone()));
        Ok(made)
    }

    /// The policy of a file of the app that is no page; workers are bound by it.
    pub(crate) fn policy_of_files(&self) -> io::Result<HeaderValue> {
        content_policy::of_file(self.origins.iter())
    }

    /// The list for the page: the catalogs of this server, called as they are now, and those elsewhere.
    fn list(&self, catalogs: &[Catalog]) -> io::Result<String> {
        let own = catalogs.iter().map(|catalog| {
            let url: CatalogUrl =
                format!("{}/{MANIFEST_NAME}", catalog.address().trim_start_matches('/')).parse()?;
            Ok::<_, CatalogError>(match catalog.listed() {
                Some(listed) => ListedCatalog::of(&listed.manifest, url),
                // One that cannot be read says so when it is chosen.
                None => ListedCatalog::new("", url),
            })
        });
        let all = own.chain(self.listed.iter().cloned().map(Ok)).collect::<Result<Vec<_>, _>>();
        let text = all.and_then(Catalogs::new).and_then(|list| list.to_json());
        text.map_err(io::Error::other)
    }

    /// Answers with `catalogs.json`.
    pub(crate) async fn send_list(
        &self,
        catalogs: &Arc<[Catalog]>,
        request: &Parts,
    ) -> Result<Response, Refusal> {
        let (elsewhere, catalogs) = (self.clone(), catalogs.clone());
        let listed = tokio::task::spawn_blocking(move || elsewhere.list(&catalogs)).await;
        let text = listed.map_err(|_| Refusal::Unreadable)?.map_err(Refusal::of)?;
        files::send_bytes(text.into(), media_type(CATALOGS_NAME), request).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elsewhere() -> Elsewhere {
        Elsewhere::new(&[
            clip_rs_page::given::elsewhere("https://a.example/catalog.json").expect("an address")
        ])
    }

    #[test]
    fn what_was_made_of_the_same_files_is_not_made_again() {
        let meta = r#"<meta http-equiv="Content-Security-Policy" content="connect-src 'self'" />"#;
        let sources = Sources { page: meta.into(), service_worker: None };
        let elsewhere = elsewhere();
        let made = elsewhere.make(sources.clone()).expect("a policy");
        assert!(Arc::ptr_eq(&made, &elsewhere.make(sources.clone()).expect("made")));
        assert_eq!(made.file(PAGE).map(|page| page.len()), Some(meta.len() + " https://a.example".len()));
        assert!(made.file(SERVICE_WORKER).is_none() && made.file("build.json").is_none());
        let other = Sources { page: format!("{meta}<p>").into(), ..sources };
        assert!(!Arc::ptr_eq(&made, &elsewhere.make(other).expect("a policy")));
    }

    #[test]
    fn without_catalogs_elsewhere_the_build_is_sent_as_it_is() {
        assert!(!Elsewhere::default().changes(PAGE));
        let elsewhere = elsewhere();
        assert!(elsewhere.changes(PAGE) && elsewhere.changes(SERVICE_WORKER) && !elsewhere.changes("app.js"));
    }
}
