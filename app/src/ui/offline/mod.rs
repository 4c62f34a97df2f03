//! What the page knows of catalogs that are kept for use without a network, and what a person does about them. The keeper does
//! the work; see [`crate::offline`].

mod choice;
mod section;

pub use section::OfflineSection;

use std::rc::Rc;

use futures::lock::Mutex;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::client::{Client, Keeper};
use super::session::Session;
use crate::browser::{cache_storage, clock, location, page, service_worker, storage};
use crate::catalogs;
use crate::format::{bytes, counted};
use crate::offline::PREFIX;
use crate::protocol::offline::{Kept, Part, Progress, Request, Response, Size};
use crate::protocol::{Failure, FailureKind};

/// Between two looks at how far a saving is, milliseconds.
const LOOK_EVERY_MS: u32 = 200;

/// What is being done about what is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum Doing {
    #[default]
    Nothing,
    /// Looking how large a part is.
    Measuring,
    /// Saving a part.
    Saving(Progress),
    /// Looking whether all is as it should be.
    Checking,
    /// Taking it away.
    Deleting,
}

/// The state. Copies are handles to the same state.
#[derive(Clone, Copy)]
pub struct Offline {
    session: Session,
    kept: RwSignal<Vec<Kept>>,
    doing: RwSignal<Doing>,
    /// How the last thing ended, if there is something to say: well, or not.
    ended: RwSignal<Option<Result<String, Failure>>>,
    /// What would be saved.
    part: RwSignal<Part>,
    size: RwSignal<Option<Size>>,
    /// Bytes that the browser still lets this site keep.
    room: RwSignal<Option<u64>>,
    /// Whether the browser promised to keep it even when room becomes short.
    is_promised: RwSignal<bool>,
    /// The saving that the network ended, to go on with when it is back.
    halted: StoredValue<Option<Part>>,
    keeper: StoredValue<Option<Rc<Client<Keeper>>>, LocalStorage>,
    /// Held by who starts the keeper.
    starting: StoredValue<Rc<Mutex<()>>, LocalStorage>,
}

impl Offline {
    /// Nothing known yet.
    pub fn new(session: Session) -> Self {
        let offline = Self {
            session,
            kept: RwSignal::default(),
            doing: RwSignal::default(),
            ended: RwSignal::default(),
            part: RwSignal::default(),
            size: RwSignal::default(),
            room: RwSignal::default(),
            is_promised: RwSignal::default(),
            halted: StoredValue::default(),
            keeper: StoredValue::new_local(None),
            starting: StoredValue::new_local(Rc::default()),
        };
        page::on_connected(move || offline.go_on());
        offline
    }

    /// Why nothing can be kept here; none if it can.
    fn hindrance() -> Option<&'static str> {
        if location::is_framed() {
            return Some(
                "Open this page by itself, not inside another one, to save its catalog on this device.",
            );
        }
        let is_offered = cache_storage::is_offered() && service_worker::is_offered();
        (!is_offered).then_some(
            "This browser keeps pages for use without a network only when they come over https, or from this device itself.",
        )
    }

    /// Looks what is kept, where anything is.
    fn look(self) {
        if Self::hindrance().is_none() {
            spawn_local(async move {
                let names = cache_storage::names().await.unwrap_or_default();
                if names.iter().any(|name| name.starts_with(PREFIX)) {
                    self.look_again().await;
                }
                self.is_promised.try_set(storage::is_promised().await);
            });
        }
    }

    /// Looks how large the part is that would be saved.
    fn measure(self, part: Part) {
        self.part.set(part);
        self.size.set(None);
        // Whoever is at it looks at this one next.
        if self.doing.get_untracked() == Doing::Measuring {
            return;
        }
        let catalog = catalogs::at_hand();
        spawn_local(async move {
            while let Some(part) = self.part.try_get_untracked() {
                self.size.try_set(None);
                let request = Request::Size { catalog: catalog.clone(), part };
                self.run(Doing::Measuring, request, |_| None).await;
                if self.part.try_get_untracked() == Some(part) {
                    break;
                }
            }
            self.room.try_set(storage::room().await);
        });
    }

    /// Saves a part of the catalog at hand.
    fn save(self, part: Part) {
        let catalog = catalogs::at_hand();
        spawn_local(async move {
            // Browsers may ask the person, or decide by themselves.
            self.is_promised.try_set(storage::promise().await);
            spawn_local(self.follow());
            let done = |size: Option<(u64, u64)>| {
                let (files, count) = size?;
                Some(format!("Saved: {} in {}.", bytes(count), counted(files as usize, "file")))
            };
            let request = Request::Save { catalog, part };
            self.run(Doing::Saving(Progress::default()), request, done).await;
            let is_lost = |ended: &Option<Result<String, Failure>>| matches!(ended, Some(Err(failure)) if failure.kind == FailureKind::Network);
            let is_halted = self.ended.try_with_untracked(is_lost).unwrap_or(false);
            self.halted.set_value(is_halted.then_some(part));
            self.look_again().await;
        });
    }

    /// Goes on with what the network ended.
    fn go_on(self) {
        if let Some(part) = self.halted.try_update_value(Option::take).flatten() {
            self.save(part);
        }
    }

    /// Shows how far the saving is, for as long as it goes on.
    async fn follow(self) {
        loop {
            clock::pause(LOOK_EVERY_MS).await;
            if !matches!(self.doing.try_get_untracked(), Some(Doing::Saving(_))) {
                return;
            }
            if let Ok(Response::Progress { progress: Some(progress) }) = self.ask(Request::Progress).await
                && matches!(self.doing.try_get_untracked(), Some(Doing::Saving(_)))
            {
                self.doing.try_set(Doing::Saving(progress));
            }
        }
    }

    fn pause(self) {
        spawn_local(async move {
            // Whoever saves says that it is paused.
            let _is_said = self.ask(Request::Pause).await;
        });
    }

    fn check(self, catalog: String) {
        spawn_local(async move {
            self.run(Doing::Checking, Request::Check { catalog }, |_| None).await;
            self.look_again().await;
        });
    }

    fn delete(self, catalog: String) {
        spawn_local(async move {
            self.halted.set_value(None);
            let words = |_| Some("Nothing of it is kept any more.".to_owned());
            self.run(Doing::Deleting, Request::Delete { catalog }, words).await;
            self.size.try_set(None);
        });
    }

    /// Asks the keeper, which is started if need be.
    async fn ask(self, request: Request) -> Result<Response, Failure> {
        let answer = async { self.started().await?.call(request, &[]).await };
        let answer = answer.await.map(|(response, _)| response);
        if answer.as_ref().is_err_and(|failure| failure.kind == FailureKind::Worker) {
            self.keeper.set_value(None);
        }
        answer
    }

    async fn started(self) -> Result<Rc<Client<Keeper>>, Failure> {
        let starting = self.starting.get_value();
        let _one_after_the_other = starting.lock().await;
        if let Some(running) = self.keeper.get_value() {
            return Ok(running);
        }
        let client = Rc::new(Client::start(|_| {}).await?);
        self.keeper.set_value(Some(Rc::clone(&client)));
        Ok(client)
    }

    /// What is kept after something that may have failed half way.
    async fn look_again(self) {
        if let Ok(Response::Kept { catalogs }) = self.ask(Request::List).await {
            self.kept.try_set(catalogs);
        }
    }

    /// Asks for something, shows that it is done, and what came of it. `words` says that it went well, from the files and bytes
    /// that are kept of the catalog at hand.
    async fn run(self, doing: Doing, request: Request, words: impl Fn(Option<(u64, u64)>) -> Option<String>) {
        if self.doing.try_get_untracked() != Some(Doing::Nothing) {
            return;
        }
        self.doing.try_set(doing);
        self.ended.try_set(None);
        let answer = self.ask(request).await;
        self.doing.try_set(Doing::Nothing);
        match answer {
            Ok(Response::Kept { catalogs }) => {
                let whole = ours(&catalogs).and_then(|kept| kept.whole.as_ref());
                let said = words(whole.map(|whole| (whole.files, whole.bytes)));
                self.kept.try_set(catalogs);
                self.ended.try_set(said.map(Ok));
            }
            Ok(Response::Size(size)) => {
                self.size.try_set(Some(size));
            }
            Ok(Response::Checked { whole, lacking, lacking_count }) => {
                self.ended.try_set(Some(checked(whole, &lacking, lacking_count)));
            }
            Ok(Response::Progress { .. } | Response::Paused) => {}
            Err(failure) => {
                self.ended.try_set(Some(Err(failure)));
            }
        }
    }
}

/// What is kept of the catalog at hand.
fn ours(kept: &[Kept]) -> Option<&Kept> {
    let catalog = catalogs::at_hand();
    kept.iter().find(|kept| kept.catalog == catalog)
}

/// What checking found, in words.
fn checked(whole: u64, lacking: &[String], count: u64) -> Result<String, Failure> {
    if count == 0 {
        return Ok(format!("All {} are here and as they should be.", counted(whole as usize, "file")));
    }
    let named = lacking.first().map(String::as_str).unwrap_or_default();
    let message = format!(
        "{} of {} missing or damaged, such as {named}. Update to fetch them again.",
        counted(count as usize, "file"),
        whole + count
    );
    Err(Failure { kind: FailureKind::Damaged, file: Some(named.to_owned()), message })
}

#[cfg(test)]
mod tests {
    use super::checked;

    #[test]
    fn what_checking_found_is_said_with_a_name() {
        assert_eq!(checked(3, &[], 0).unwrap(), "All 3 files are here and as they should be.");
        let failure = checked(3, &["tiles/1/0/0.jpg".to_owned()], 1).unwrap_err();
        assert!(
            failure.message.starts_with("1 file of 4 missing or damaged, such as tiles/1/0/0.jpg."),
            "{failure}"
        );
    }
}
