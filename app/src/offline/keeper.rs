//! From what is asked about kept catalogs to its answers.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;

use clip_rs_catalog::{MANIFEST_NAME, Manifest};
use futures::channel::oneshot;
use futures::future::{Either, select};

use super::cached::{self, Cached};
use super::fetching::Fetching;
use super::record::Record;
use super::saving::{SaveError, Saving};
use super::store::{Store as _, StoreError};
use crate::browser::{clock, locks};
use crate::load;
use crate::protocol::offline::{Kept, Progress, Request, Response};
use crate::protocol::{Failure, FailureKind};
use crate::serve::Answers;

/// Answers what is asked about kept catalogs.
#[derive(Default)]
pub struct Keeper {
    /// The saving that is going on.
    going_on: RefCell<Option<GoingOn>>,
}

struct GoingOn {
    progress: Rc<Cell<Progress>>,
    /// Dropping it ends the saving.
    _pause: oneshot::Sender<()>,
}

impl Answers for Keeper {
    type Request = Request;
    type Response = Response;

    async fn answer(
        &self,
        _: u32,
        request: Request,
        _bytes: Vec<u8>,
    ) -> Result<(Response, Vec<u8>), Failure> {
        self.respond(request).await.map(|response| (response, Vec::new()))
    }
}

impl Keeper {
    async fn respond(&self, request: Request) -> Result<Response, Failure> {
        match request {
            Request::List => list().await,
            Request::Size { catalog, part } => {
                let (_, manifest) = load::manifest(&catalog).await?;
                let size = saving(&catalog).await?.size(&manifest, &part).await;
                Ok(Response::Size(size.map_err(|error| failure(&error))?))
            }
            Request::Save { catalog, part } => {
                let _lock = lock(&catalog).await?;
                let (text, manifest) = load::manifest(&catalog).await?;
                let saving = saving(&catalog).await?;
                let (pause, paused) = oneshot::channel();
                *self.going_on.borrow_mut() =
                    Some(GoingOn { progress: Rc::clone(&saving.progress), _pause: pause });
                let now = clock::now_iso();
                let save = pin!(saving.save(&text, &manifest, &part, &now));
                // Dropped in the middle, it leaves what is whole.
                let saved = match select(save, paused).await {
                    Either::Left((saved, _)) => saved,
                    Either::Right(_) => {
                        return Err(Failure::new(FailureKind::Stopped, "Saving is paused."));
                    }
                };
                *self.going_on.borrow_mut() = None;
                saved.map_err(|error| failure(&error))?;
                list().await
            }
            Request::Pause => {
                *self.going_on.borrow_mut() = None;
                Ok(Response::Paused)
            }
            Request::Progress => {
                let progress = self.going_on.borrow().as_ref().map(|going_on| going_on.progress.get());
                Ok(Response::Progress { progress })
            }
            Request::Check { catalog } => check(&catalog).await,
            Request::Delete { catalog } => {
                let _lock = lock(&catalog).await?;
                cached::delete(base(&catalog)).await.map_err(|error| failure(&error.into()))?;
                list().await
            }
        }
    }
}

async fn list() -> Result<Response, Failure> {
    let mut catalogs = Vec::new();
    for folder in cached::folders().await.map_err(|error| failure(&error.into()))? {
        let record = match Cached::open(&folder).await {
            Ok(store) => Record::read(&store).await,
            Err(error) => Err(error),
        };
        let Record { whole, begun } = record.map_err(|error| failure(&error.into()))?;
        catalogs.push(Kept { catalog: format!("{folder}{MANIFEST_NAME}"), whole, begun });
    }
    catalogs.sort_by(|a, b| a.catalog.cmp(&b.catalog));
    Ok(Response::Kept { catalogs })
}

async fn check(catalog: &str) -> Result<Response, Failure> {
    let _lock = lock(catalog).await?;
    let saving = saving(catalog).await?;
    let stored = async {
        let record = Record::read(&saving.store).await?;
        Ok::<_, StoreError>((record, saving.store.read(MANIFEST_NAME).await?))
    };
    let (record, text) = stored.await.map_err(|error| failure(&error.into()))?;
    let nothing = || Failure::new(FailureKind::Request, "Nothing of this catalog is saved as a whole.");
    let whole = record.whole.ok_or_else(nothing)?;
    let manifest = Manifest::from_json(&text.unwrap_or_default());
    let manifest =
        manifest.map_err(|error| Failure::from(load::LoadError::from(error.named(MANIFEST_NAME))))?;
    let found = saving.check(&manifest, &whole.part).await;
    let (whole, lacking, lacking_count) = found.map_err(|error| failure(&error))?;
    Ok(Response::Checked { whole, lacking, lacking_count })
}

/// What saves the catalog at this address.
async fn saving(catalog: &str) -> Result<Saving<Cached, Fetching>, Failure> {
    let base = base(catalog);
    let store = Cached::open(base).await.map_err(|error| failure(&error.into()))?;
    let network = Fetching { base: base.to_owned() };
    Ok(Saving { store, network, progress: Rc::default() })
}

/// Lets no other tab save, check or delete the same catalog.
async fn lock(catalog: &str) -> Result<locks::Lock, Failure> {
    let name = format!("clip-rs-saving:{}", base(catalog));
    let taken = locks::take(&name).await.map_err(|reason| failure(&StoreError::Unusable(reason).into()))?;
    taken.ok_or_else(|| {
        let busy =
            "Another tab is busy with what is saved of this catalog. Wait until it is done, or close it.";
        Failure::new(FailureKind::Request, busy)
    })
}

/// Folder of the catalog with this address.
fn base(catalog: &str) -> &str {
    let address = catalog.split(['?', '#']).next().unwrap_or(catalog);
    address.strip_suffix(MANIFEST_NAME).unwrap_or(address)
}

fn failure(error: &SaveError) -> Failure {
    match error {
        SaveError::Load(error) => error.clone().into(),
        SaveError::Store(StoreError::Full) => Failure::new(
            FailureKind::Full,
            "This browser has no more room for this site. What was saved stays. Free some room on this device, or save a smaller part.",
        ),
        SaveError::Store(StoreError::Unusable(reason)) => {
            Failure::new(FailureKind::Full, format!("This browser lets this site save nothing ({reason})."))
        }
        SaveError::TooMany => Failure::new(
            FailureKind::Request,
            "These are more files than a browser can keep. Save the area in view, or fewer zooms.",
        ),
    }
}
