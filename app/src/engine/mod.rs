//! The worker's side: it owns the engine, and answers the page's calls. Searches run in the order in which they come; what
//! has to be fetched for an answer does not hold up the next.

mod answer;
mod details;
mod loader;

use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;

use crate::browser::worker_scope;
use crate::protocol::{Call, Failure, FailureKind, Message, Outcome, VERSION};
use answer::Answerer;

/// Listens for calls, and says hello.
pub fn start() {
    std::panic::set_hook(Box::new(|info| say(&Message::Died { reason: info.to_string() })));
    let answerer = Rc::new(Answerer::default());
    let listening = worker_scope::listen(move |text| {
        let answerer = Rc::clone(&answerer);
        spawn_local(async move { hear(&answerer, &text).await });
    });
    if listening {
        say(&Message::Hello { version: VERSION });
    }
}

async fn hear(answerer: &Answerer, text: &str) {
    let (id, outcome) = match serde_json::from_str::<Call>(text) {
        Ok(call) => (call.id, answerer.answer(call.request).await),
        // Without a number nobody waits for the answer; 0 is what a script sees that forgot it.
        Err(error) => {
            (0, Err(Failure::new(FailureKind::Request, format!("The call is not understood: {error}."))))
        }
    };
    let outcome = outcome.map_or_else(Outcome::Error, Outcome::Ok);
    say(&Message::Answer { id, outcome });
}

fn say(message: &Message) {
    // Plain data can always be written; were it not so, the page must not wait for ever.
    let text = serde_json::to_string(message)
        .unwrap_or_else(|_| r#"{"type":"died","reason":"an answer could not be written"}"#.to_owned());
    worker_scope::post(&text);
}
