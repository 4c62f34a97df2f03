//! The page's worker, spoken to directly in its protocol (`app/src/protocol.rs`).

use serde_json::{Value, json};

use crate::Site;

/// A JavaScript expression, for the open page, that starts a worker of its own, opens the site's catalog and makes the requests one
/// after the other; a promise of the list of the answers' `ok` values, rejected at the first error.
pub fn ask_worker(site: &Site, requests: &[Value]) -> String {
    let open = json!({ "type": "open", "catalog": site.url("catalog/catalog.json") });
    let mut all = vec![open];
    all.extend_from_slice(requests);
    let all = Value::Array(all);
    format!(
        "new Promise((resolve, reject) => {{
            const requests = {all}, answers = [];
            const worker = new Worker(searchWorker.script, {{ type: 'module' }});
            const ask = () => worker.postMessage(JSON.stringify({{ id: answers.length, request: requests[answers.length] }}));
            worker.onerror = event => reject(new Error(event.message));
            worker.onmessage = event => {{
                const message = JSON.parse(event.data);
                if (message.type === 'hello') ask();
                if (message.type === 'died') reject(new Error(message.reason));
                if (message.type !== 'answer') return;
                if (message.outcome.error) return reject(new Error(message.outcome.error.message));
                answers.push(message.outcome.ok);
                if (answers.length < requests.length) return ask();
                worker.terminate();
                resolve(answers.slice(1));
            }};
        }})"
    )
}
