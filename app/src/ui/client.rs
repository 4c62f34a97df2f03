//! The page's end of the protocol: calls become answers, and a dead worker fails every call that waits for it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::pin::pin;
use std::rc::Rc;

use futures::channel::oneshot;
use futures::future::{Either, select};
use gloo::timers::callback::Timeout;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::browser::worker::{Script, TextWorker};
use crate::protocol::{
    Call, Failure, FailureKind, Hit, Message, Outcome, Progress, VERSION, explore, offline,
};
use crate::protocol::{Request as SearchRequest, Response as SearchResponse};

/// How long the worker's program may take to arrive and start, milliseconds.
const GREETING_MS: u32 = 120_000;

/// What the worker tells without being asked.
#[derive(Debug)]
pub enum News {
    /// How far the loading is.
    Progress(Progress),
    /// What was found so far for a search whose answer will come.
    Found {
        /// Number of the call.
        call: u32,
        /// Best first, without places and addresses.
        hits: Vec<Hit>,
        /// Hits of at least this similarity are likely right, where that is known.
        likely_from: Option<f32>,
    },
    /// It broke; every pending call has failed with the same reason.
    Died(Failure),
}

/// A worker and what it can be asked.
pub trait Asked: 'static {
    /// Which worker it is.
    const SCRIPT: Script;
    /// What it is asked for.
    type Request: Serialize;
    /// What it answers.
    type Response: DeserializeOwned + 'static;
}

/// The search worker.
#[derive(Debug)]
pub struct Search;

/// The explorer.
#[derive(Debug)]
pub struct Explorer;

impl Asked for Search {
    const SCRIPT: Script = Script::Search;
    type Request = SearchRequest;
    type Response = SearchResponse;
}

/// The keeper.
#[derive(Debug)]
pub struct Keeper;

impl Asked for Keeper {
    const SCRIPT: Script = Script::Keeper;
    type Request = offline::Request;
    type Response = offline::Response;
}

impl Asked for Explorer {
    const SCRIPT: Script = Script::Explorer;
    type Request = explore::Request;
    type Response = explore::Response;
}

/// An answer with the bytes that came along.
type Answer<R> = Result<(R, Vec<u8>), Failure>;

struct Waiting<R> {
    greeting: Option<oneshot::Sender<Result<(), Failure>>>,
    calls: HashMap<u32, oneshot::Sender<Answer<R>>>,
    dead: Option<Failure>,
}

impl<R> Waiting<R> {
    /// Fails everything that waits.
    fn die(&mut self, failure: &Failure) {
        if let Some(greeting) = self.greeting.take() {
            tell(greeting, Err(failure.clone()));
        }
        for (_, call) in self.calls.drain() {
            tell(call, Err(failure.clone()));
        }
        self.dead = Some(failure.clone());
    }
}

/// A worker that greeted. It ends when this is dropped, and what waits for it is told so.
pub struct Client<W: Asked> {
    worker: TextWorker,
    waiting: Rc<RefCell<Waiting<W::Response>>>,
    next_id: Cell<u32>,
}

impl<W: Asked> Client<W> {
    /// Starts the worker and waits until it listens. One that breaks before, as when a file of its did not come, is started
    /// once more.
    pub async fn start(news: impl Fn(News) + 'static) -> Result<Self, Failure> {
        let news: Rc<dyn Fn(News)> = Rc::new(news);
        let twice = async {
            match Self::attempt(&news).await {
                Err(_) => Self::attempt(&news).await,
                started => started,
            }
        };
        let (ring, rung) = oneshot::channel();
        let _timer = Timeout::new(GREETING_MS, move || tell(ring, ()));
        match select(pin!(twice), rung).await {
            Either::Left((started, _)) => started,
            Either::Right(_) => Err(broken("it did not start in two minutes")),
        }
    }

    async fn attempt(news: &Rc<dyn Fn(News)>) -> Result<Self, Failure> {
        let (greet, greeted) = oneshot::channel();
        let waiting = Waiting { greeting: Some(greet), calls: HashMap::new(), dead: None };
        let waiting = Rc::new(RefCell::new(waiting));
        let (heard_waiting, heard_news) = (Rc::clone(&waiting), Rc::clone(news));
        let (broke_waiting, broke_news) = (Rc::clone(&waiting), Rc::clone(news));
        let worker = TextWorker::start(
            W::SCRIPT,
            move |text, bytes| hear::<W>(&heard_waiting, &*heard_news, &text, bytes),
            move |reason| die(&broke_waiting, &*broke_news, &reason),
        )
        .map_err(|reason| broken(&reason))?;
        greeted.await.unwrap_or_else(|_| Err(broken("it ended before it started")))?;
        Ok(Self { worker, waiting, next_id: Cell::new(1) })
    }

    /// The number that the next call will have.
    pub fn next_call(&self) -> u32 {
        self.next_id.get()
    }

    /// Sends `request` with `bytes`; the future gives its answer and does not keep the worker alive.
    pub fn call(
        &self,
        request: W::Request,
        bytes: &[u8],
    ) -> impl Future<Output = Answer<W::Response>> + use<W> {
        let id = self.next_id.replace(self.next_id.get().wrapping_add(1));
        let (sender, receiver) = oneshot::channel();
        let sent = match &self.waiting.borrow().dead {
            Some(failure) => Err(failure.clone()),
            None => serde_json::to_string(&Call { id, request })
                .map_err(|error| broken(&error.to_string()))
                .and_then(|text| self.worker.post(&text, bytes).map_err(|reason| broken(&reason))),
        };
        if sent.is_ok() {
            self.waiting.borrow_mut().calls.insert(id, sender);
        }
        async move {
            sent?;
            let stopped = || Failure::new(FailureKind::Stopped, "The search worker was stopped.");
            receiver.await.unwrap_or_else(|_| Err(stopped()))
        }
    }
}

/// Passes `value` on, unless whoever waited for it has lost interest.
fn tell<T>(waiting: oneshot::Sender<T>, value: T) {
    let _lost_interest = waiting.send(value);
}

fn broken(reason: &str) -> Failure {
    Failure::new(FailureKind::Worker, format!("The search worker stopped working: {reason}."))
}

fn die<R>(waiting: &RefCell<Waiting<R>>, news: &dyn Fn(News), reason: &str) {
    let (first, greeted) = (waiting.borrow().dead.is_none(), waiting.borrow().greeting.is_none());
    if first {
        let failure = broken(reason.trim_end_matches('.'));
        waiting.borrow_mut().die(&failure);
        // Before, it is whoever starts it who learns of it.
        if greeted {
            news(News::Died(failure));
        }
    }
}

fn hear<W: Asked>(waiting: &RefCell<Waiting<W::Response>>, news: &dyn Fn(News), text: &str, bytes: Vec<u8>) {
    let message = match serde_json::from_str::<Message<W::Response>>(text) {
        Ok(message) => message,
        Err(error) => {
            return die(waiting, news, &format!("it sent what the page does not understand ({error})"));
        }
    };
    match message {
        Message::Hello { version } => {
            let greeting = waiting.borrow_mut().greeting.take();
            let fits = if version == VERSION {
                Ok(())
            } else {
                let versions =
                    format!("the page speaks version {VERSION}, the worker {version}; reload the page");
                Err(broken(&versions))
            };
            if let Some(greeting) = greeting {
                tell(greeting, fits);
            }
        }
        Message::Progress(progress) => news(News::Progress(progress)),
        Message::Found { id, hits, likely_from } => news(News::Found { call: id, hits, likely_from }),
        Message::Answer { id, outcome } => {
            let call = waiting.borrow_mut().calls.remove(&id);
            if let Some(call) = call {
                let answer = match outcome {
                    Outcome::Ok(response) => Ok((response, bytes)),
                    Outcome::Error(failure) => Err(failure),
                };
                tell(call, answer);
            }
        }
        Message::Died { reason } => die(waiting, news, &reason),
    }
}
