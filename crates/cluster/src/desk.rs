//! Where parts of a request are embedded: a thread that has the request open, its imagery looked through and its model
//! loaded, for as long as parts of it come. Tasks of one process wait for each other here; a part is embedded on all
//! processors.

use std::collections::VecDeque;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread;

use clip_rs_catalog::Digest;
use clip_rs_pipeline::ahead;
use clip_rs_pipeline::embeddings::Seen;
use clip_rs_stage::StageError;

use crate::ClusterError;
use crate::job::Job;

/// Requests that stay open in a process at once.
const OPEN: usize = 2;

/// What is to be kept of a part.
pub type Rows = Vec<(Digest, Seen)>;

/// The desks of this process, the one that was used last at the end.
static DESKS: LazyLock<Mutex<VecDeque<Arc<Desk>>>> = LazyLock::new(Mutex::default);

struct Desk {
    job: String,
    parts: Sender<Part>,
}

/// Numbers to embed, and who waits for them.
struct Part {
    first: usize,
    count: usize,
    done: Sender<Result<Rows, String>>,
}

/// Embeds `count` parts of the request from number `first` on. `job` is a [`Job`] in JSON, as it came.
pub fn embed(job: &str, first: usize, count: usize) -> Result<Rows, String> {
    let (done, outcome) = channel();
    let sent = desk(job)?.parts.send(Part { first, count, done });
    let ended = || "the thread that embeds has ended".to_owned();
    sent.map_err(|_| ended())?;
    outcome.recv().map_err(|_| ended())?
}

fn desk(job: &str) -> Result<Arc<Desk>, String> {
    let mut desks = DESKS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(at) = desks.iter().position(|desk| desk.job == job)
        && let Some(desk) = desks.remove(at)
    {
        desks.push_back(Arc::clone(&desk));
        return Ok(desk);
    }
    let read: Job = serde_json::from_str(job).map_err(|error| format!("no job: {error}"))?;
    let (parts, waiting) = channel();
    let name = job.to_owned();
    let work = move || {
        // Not for what a panic says, which is told where it happens: the next try begins at a new desk after one, too.
        let served = panic::catch_unwind(AssertUnwindSafe(|| serve(&read, &waiting)));
        let why = match served {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => {
                "a part could not be embedded: the program failed at it, as its own output says".to_owned()
            }
        };
        // Whoever waits is told.
        forget(&name);
        waiting.try_iter().for_each(|part| drop(part.done.send(Err(why.clone()))));
    };
    thread::Builder::new().name("embedding".to_owned()).spawn(work).map_err(|error| error.to_string())?;
    let desk = Arc::new(Desk { job: job.to_owned(), parts });
    desks.push_back(Arc::clone(&desk));
    while desks.len() > OPEN {
        desks.pop_front();
    }
    Ok(desk)
}

fn forget(job: &str) {
    let mut desks = DESKS.lock().unwrap_or_else(PoisonError::into_inner);
    desks.retain(|desk| desk.job != job);
}

/// Opens the request, and embeds what comes until nobody can send more.
fn serve(job: &Job, waiting: &Receiver<Part>) -> Result<(), ClusterError> {
    let folder = tempfile::tempdir().map_err(StageError::io("make a folder", std::env::temp_dir()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| ClusterError::Request(error.to_string()))?;
    let request = runtime.block_on(job.request(folder.path()))?;
    ahead::with(&request, |ahead| {
        if ahead.fingerprint().to_string() != job.fingerprint {
            let why = "this machine finds other imagery than the one that asks: name it by paths that are the same \
                       on all machines, and index again if it has changed";
            return Err(ClusterError::Request(why.to_owned()));
        }
        for Part { first, count, done } in waiting {
            let numbers: Vec<usize> = (first..first.saturating_add(count).min(ahead.len())).collect();
            // Who does not wait any more has been told of something else.
            drop(done.send(ahead.embed(&numbers).map_err(|error| error.to_string())));
        }
        Ok(())
    })
}
