//! A worker's end of its protocol: calls come in, answers go out, in the order in which they are ready. What
//! has to be fetched for an answer does not hold up the next.

use std::rc::Rc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen_futures::spawn_local;

use crate::browser::worker_scope;
use crate::protocol::{Call, Failure, FailureKind, Message, Outcome, VERSION};

/// What a worker can be asked.
pub trait Answers: 'static {
    /// What is asked for.
    type Request: DeserializeOwned;
    /// What comes of it.
    type Response: Serialize;

    /// The answer to `request`, which came with `bytes` in the call of this number; with bytes of its own, if it has any.
    fn answer(
        &self,
        call: u32,
        request: Self::Request,
        bytes: Vec<u8>,
    ) -> impl Future<Output = Result<(Self::Response, Vec<u8>), Failure>>;
}

/// Listens for calls, and says hello.
pub fn start<A: Answers>(answerer: A) {
    std::panic::set_hook(Box::new(|info| say(&Message::Died { reason: info.to_string() })));
    let answerer = Rc::new(answerer);
    let listening = worker_scope::listen(move |text, bytes| {
        let answerer = Rc::clone(&answerer);
        spawn_local(async move { hear(&*answerer, &text, bytes).await });
    });
    if listening {
        say(&Message::Hello { version: VERSION });
    }
}

async fn hear<A: Answers>(answerer: &A, text: &str, bytes: Vec<u8>) {
    let (id, answer) = match serde_json::from_str::<Call<A::Request>>(text) {
        Ok(call) => (call.id, answerer.answer(call.id, call.request, bytes).await),
        // Without a number nobody waits for the answer; 0 is what a script sees that forgot it.
        Err(error) => {
            (0, Err(Failure::new(FailureKind::Request, format!("The call is not understood: {error}."))))
        }
    };
    let (outcome, bytes) = match answer {
        Ok((response, bytes)) => (Outcome::Ok(response), bytes),
        Err(failure) => (Outcome::Error(failure), Vec::new()),
    };
    post(&Message::Answer { id, outcome }, &bytes);
}

/// Tells the page something that it did not ask for.
pub fn say(message: &Message) {
    post(message, &[]);
}

fn post<T: Serialize>(message: &Message<T>, bytes: &[u8]) {
    // Plain data can always be written; were it not so, the page must not wait for ever.
    let text = serde_json::to_string(message)
        .unwrap_or_else(|_| r#"{"type":"died","reason":"an answer could not be written"}"#.to_owned());
    worker_scope::post(&text, bytes);
}
