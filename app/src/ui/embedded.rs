//! The page in somebody else's page: hears the widget around it (`app/embed/clip-rs-search.js`), does what it asks, and tells it
//! what there is to know.
//!
//! Whoever frames the page may speak to it; who may frame it is the server's word (`frame-ancestors`). Alone in a window
//! the page hears nobody.

mod gestures;
mod port;
mod style;

use std::sync::Arc;

use futures::channel::oneshot;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, MessagePort};

use super::given::Given;
use super::session::{By, Camera, Phase, Session};
use crate::ask::{About as Subject, Ask, Asking, Named, Origin, Part};
use crate::browser::location;
use crate::browser::pixels::{Cut, Picture};
use crate::catalogs;
use crate::embedded::hello::{Gestures, Hello, HelloError};
use crate::embedded::news::{About, Answer, Done, Item, Kind, News, Outcome, Results, State, Trouble};
use crate::embedded::request::{self, Request};
use crate::protocol::Hit;
use crate::vector::Vector;
use port::Port;

/// Requests that are carried out at the same time.
const MOST_REQUESTS: usize = 32;

/// What was told last of what is listed, and to which widget.
type Told = (u32, State, Arc<Vec<Hit>>);

/// The conversation with the widget. Copies are handles to the same one.
#[derive(Clone, Copy)]
struct Embedded {
    session: Session,
    /// Where the widget is heard and told.
    port: StoredValue<Option<Port>, LocalStorage>,
    /// How many widgets have begun a conversation; who comes last is told everything anew.
    met: RwSignal<u32>,
    /// Told when the search has come to rest.
    waiting: StoredValue<Vec<oneshot::Sender<()>>, LocalStorage>,
    /// Requests that are being carried out.
    busy: StoredValue<usize>,
}

/// Listens to the window around the page, if there is one, for as long as the page lives.
pub fn listen(session: Session) {
    if !location::is_framed() {
        return;
    }
    let embedded = Embedded {
        session,
        port: StoredValue::new_local(None),
        met: RwSignal::new(0),
        waiting: StoredValue::new_local(Vec::new()),
        busy: StoredValue::new(0),
    };
    embedded.tell_ready();
    embedded.tell_results();
    embedded.tell_selection();
    embedded.tell_failures();
    embedded.wake_waiting();
    port::on_hello(move |hello, port| embedded.meet(hello, port));
}

impl Embedded {
    /// Begins a conversation, in the place of the one before.
    fn meet(self, hello: Result<Hello, HelloError>, port: MessagePort) {
        let port = Port::open(port, move |text, picture| self.hear(&text, picture));
        let hello = match hello {
            Ok(hello) => hello,
            Err(error) => {
                return port.tell(&News::Error(Trouble::new(Kind::Version, format!("Not begun: {error}."))));
            }
        };
        spawn_local(async move {
            match agreed(hello.catalog.as_deref()).await {
                Ok(catalog) => self.welcome(catalog, &hello, port),
                Err(trouble) => port.tell(&News::Error(trouble)),
            }
        });
    }

    fn welcome(self, catalog: String, hello: &Hello, port: Port) {
        port.tell(&News::Welcome { catalog });
        self.port.set_value(Some(port));
        if hello.gestures == Gestures::Cooperative {
            gestures::cooperate();
        }
        style::wear(&hello.looks, move |pixels| self.tell(&News::Height { pixels }));
        style::look_when_seen(self.session);
        self.met.update(|met| *met = met.wrapping_add(1));
    }

    fn tell(self, news: &News) {
        self.port.with_value(|port| port.iter().for_each(|port| port.tell(news)));
    }

    fn answer(self, id: u32, outcome: Result<Done, Trouble>) {
        let outcome = outcome.map_or_else(Outcome::Error, Outcome::Ok);
        self.port.with_value(|port| {
            port.iter().for_each(|port| port.tell(&Answer { id, outcome: outcome.clone() }))
        });
    }

    fn hear(self, text: &str, picture: Option<Blob>) {
        let (id, request) = request::read(text);
        let refused =
            |error: request::RequestError| Trouble::new(Kind::Request, format!("Not done: {error}."));
        let (id, request) = match (id, request) {
            (Some(id), Ok(request)) => (id, request),
            (Some(id), Err(error)) => return self.answer(id, Err(refused(error))),
            (None, Err(error)) => return self.tell(&News::Error(refused(error))),
            (None, Ok(_)) => return,
        };
        if self.busy.get_value() >= MOST_REQUESTS {
            let message = format!("More than {MOST_REQUESTS} requests at once: wait for answers.");
            return self.answer(id, Err(Trouble::new(Kind::Busy, message)));
        }
        self.busy.update_value(|busy| *busy += 1);
        spawn_local(async move {
            let outcome = self.carry_out(request, picture).await;
            self.busy.update_value(|busy| *busy = busy.saturating_sub(1));
            self.answer(id, outcome);
        });
    }

    async fn carry_out(self, request: Request, picture: Option<Blob>) -> Result<Done, Trouble> {
        match request {
            Request::Search { words } => {
                self.search(words);
                self.at_rest().await
            }
            Request::SetArea { area } => {
                self.session.search_within(area);
                self.at_rest().await
            }
            Request::AddPicture { name } => {
                let nothing = || Trouble::new(Kind::Picture, "There is no picture with the request.");
                self.look(picture.ok_or_else(nothing)?, name).await?;
                self.at_rest().await
            }
            Request::Select { item } => self.select(item.as_deref()),
            Request::SetView { view } => {
                self.session.camera.set(Some(Camera::View(view)));
                Ok(Done::Nothing)
            }
            Request::SetLooks { looks } => {
                style::wear(&looks, move |pixels| self.tell(&News::Height { pixels }));
                Ok(Done::Nothing)
            }
        }
    }

    /// Searches for words, as if a person had typed them into an empty box; the area stays.
    fn search(self, words: Option<String>) {
        let asked = self.session.confirmed();
        let empty = Ask { area: asked.area.clone(), ..Ask::default() };
        let only_words = Ask { words: asked.words.clone(), ..empty.clone() };
        let is_unwanted = self.session.asking().with_untracked(Asking::is_unwanted);
        if words.is_none() || is_unwanted || asked != only_words {
            self.session.search(empty);
        }
        if let Some(words) = words {
            self.session.search_for(&words);
        }
    }

    /// Makes a picture a term of what is asked, in the place of the one before.
    async fn look(self, file: Blob, name: String) -> Result<(), Trouble> {
        let session = self.session;
        let unread = |why: String| Trouble::new(Kind::Picture, format!("{name} was not taken. {why}"));
        session.given();
        let picture = Picture::decode(&file).await.map_err(unread)?;
        let pixels = picture.pixels(Cut::WHOLE).map_err(unread)?;
        session.desk.set(Some(Given { picture, name: name.clone() }));
        let Some(vector) = session.see(&pixels).await else {
            let why = session.exploring.with_untracked(|exploring| exploring.failed.clone());
            return Err(Trouble::new(
                Kind::Worker,
                why.unwrap_or_else(|| "The picture was not looked at.".into()),
            ));
        };
        let named = Named { origin: Origin::Picture, name, vector: Vector::new(&vector) };
        session.alter(|ask| {
            ask.parts.retain(
                |part| !matches!(&part.about, Subject::Named(named) if named.origin == Origin::Picture),
            );
            ask.add(Part::plus(Subject::Named(named)));
        });
        Ok(())
    }

    /// Selects one of the results that are listed, or none.
    fn select(self, id: Option<&str>) -> Result<Done, Trouble> {
        let item = id.and_then(|id| self.item(id));
        if id.is_some() && item.is_none() {
            let message = "No result has this id. Only what a search has found can be selected.";
            return Err(Trouble::new(Kind::Request, message));
        }
        self.session.select(id, By::Link);
        Ok(Done::Item(item))
    }

    fn item(self, id: &str) -> Option<Item> {
        self.session.hits.with_untracked(|hits| hits.iter().find(|hit| hit.id == id).map(Item::of))
    }

    /// What is listed once the search has come to rest.
    async fn at_rest(self) -> Result<Done, Trouble> {
        loop {
            match self.session.phase.get_untracked() {
                Phase::Failed(failure) => return Err(Trouble::from(&failure)),
                phase => {
                    if let Some(state) = state(&phase) {
                        return Ok(Done::Results(self.results(state)));
                    }
                }
            }
            let (woken, wake) = oneshot::channel();
            self.waiting.update_value(|waiting| waiting.push(woken));
            if wake.await.is_err() {
                return Err(Trouble::new(Kind::Stopped, "The page was closed."));
            }
        }
    }

    fn results(self, state: State) -> Results {
        let chances = self.session.likely_from.with_untracked(Option::is_some);
        self.session.hits.with_untracked(|hits| Results::of(state, hits, chances))
    }

    fn wake_waiting(self) {
        Effect::new(move || {
            self.session.phase.track();
            let waiting = self.waiting.try_update_value(std::mem::take).unwrap_or_default();
            for woken in waiting {
                let _lost_interest = woken.send(());
            }
        });
    }

    /// Tells each widget once that the search answers.
    fn tell_ready(self) {
        Effect::new(move |told: Option<u32>| {
            let (met, told) = (self.met.get(), told.unwrap_or(0));
            let answers =
                self.session.phase.with(|phase| !matches!(phase, Phase::Loading | Phase::Failed(_)));
            let about = self.session.manifest.with(|manifest| manifest.as_deref().map(About::of));
            match about.filter(|_| answers && met != told) {
                Some(about) => {
                    self.tell(&News::Ready(about));
                    met
                }
                None => told,
            }
        });
    }

    /// Tells what is listed whenever that changes, but not while a person is typing.
    fn tell_results(self) {
        Effect::new(move |told: Option<Option<Told>>| {
            let (met, told) = (self.met.get(), told.flatten());
            let hits = self.session.hits.get();
            let state = self.session.phase.with(state);
            let Some(state) = state.filter(|_| met > 0 && !self.session.is_draft()) else { return told };
            let is_same = match &told {
                Some((to, before, listed)) if *to == met => *before == state && Arc::ptr_eq(listed, &hits),
                // That nothing is searched for is no news at the beginning.
                _ => state == State::Ready,
            };
            if !is_same {
                self.tell(&News::Results(self.results(state)));
            }
            Some((met, state, hits))
        });
    }

    /// Tells which result is selected, as soon as it is listed.
    fn tell_selection(self) {
        Effect::new(move |told: Option<(u32, Option<String>)>| {
            let met = self.met.get();
            self.session.hits.track();
            let selected =
                self.session.selected.with(|selected| selected.as_ref().map(|selected| selected.id.clone()));
            let item = selected.as_deref().and_then(|id| self.item(id));
            let told = told.filter(|(to, _)| *to == met).unwrap_or((met, None));
            if met == 0 || told.1 == selected || (selected.is_some() && item.is_none()) {
                return told;
            }
            self.tell(&News::Select { item });
            (met, selected)
        });
    }

    fn tell_failures(self) {
        Effect::new(move || {
            if self.met.get() > 0
                && let Phase::Failed(failure) = self.session.phase.get()
            {
                self.tell(&News::Error(Trouble::from(&failure)));
            }
        });
    }
}

/// The catalog at hand, if it is the one that the host wants, and the page may show it.
async fn agreed(wanted: Option<&str>) -> Result<String, Trouble> {
    let own = catalogs::at_hand();
    if let Some(wanted) = wanted.filter(|wanted| *wanted != own) {
        let message = format!("This page does not have the catalog {wanted}: it has {own}.");
        return Err(Trouble::new(Kind::Catalog, message));
    }
    catalogs::check(&own).await.map_err(|failure| Trouble::from(&failure))?;
    Ok(own)
}

/// What became of the search; none while it goes on, and after a failure.
fn state(phase: &Phase) -> Option<State> {
    match phase {
        Phase::Ready => Some(State::Ready),
        Phase::Results => Some(State::Results),
        Phase::Empty => Some(State::Empty),
        Phase::Unlikely => Some(State::Unlikely),
        Phase::Loading | Phase::Searching | Phase::Failed(_) => None,
    }
}
