//! Headless Firefox with an empty profile, spoken to in WebDriver BiDi (<https://www.w3.org/TR/webdriver-bidi/>): the page
//! must work in a second engine too, and nothing but a WebSocket is needed to ask it.

use std::collections::VecDeque;
use std::env;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::commands::Commands;
use crate::{Recorder, Site};

/// Longest wait for anything of the browser or the page; generous, as other work may share the machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// What Firefox says on its error output before the address to speak to.
const LISTENING: &str = "WebDriver BiDi listening on ";

/// A running Firefox with one tab; it ends, and its profile is removed, with this value.
pub struct Firefox {
    process: Child,
    commands: Commands,
    /// Id of the tab.
    context: String,
    /// Log entries that have arrived, oldest first.
    logged: VecDeque<Value>,
    _recorder: Recorder,
    _profile: TempDir,
}

impl Firefox {
    /// The program that the variable `FIREFOX` names, which `cargo xtask test` sets where there is a Firefox. None is no
    /// failure: not every system can install one without asking.
    pub fn program() -> Option<PathBuf> {
        env::var_os("FIREFOX").map(PathBuf::from).filter(|path| path.is_file())
    }

    /// Starts `program`, which can then reach `site` and nothing else.
    pub fn start(program: &Path, site: &Site) -> Result<Self> {
        let recorder = Recorder::start(site.address())?;
        let profile = tempfile::tempdir()?;
        std::fs::write(profile.path().join("user.js"), settings(&recorder))?;
        let mut process = Command::new(program)
            .args(["--headless", "--no-remote", "--remote-debugging-port=0", "--profile"])
            .arg(profile.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", program.display()))?;
        let commands =
            listening(&mut process).and_then(|address| Commands::connect(&format!("{address}/session")));
        let commands = commands.inspect_err(|_| end(&mut process))?;
        let mut firefox = Self {
            process,
            commands,
            context: String::new(),
            logged: VecDeque::new(),
            _recorder: recorder,
            _profile: profile,
        };
        firefox.command("session.new", &json!({ "capabilities": {} }))?;
        firefox.command("session.subscribe", &json!({ "events": ["log.entryAdded"] }))?;
        let tree = firefox.command("browsingContext.getTree", &json!({ "maxDepth": 0 }))?;
        let context = tree["contexts"][0]["context"].as_str().context("Firefox has no tab")?;
        firefox.context = context.to_owned();
        Ok(firefox)
    }

    /// Loads `url` and waits until the document is there (not until the engine is ready).
    pub fn go(&mut self, url: &str) -> Result<()> {
        let to = json!({ "context": self.context, "url": url, "wait": "complete" });
        self.command("browsingContext.navigate", &to).with_context(|| format!("loading {url}"))?;
        Ok(())
    }

    /// Value of a JavaScript expression, which may be a promise.
    pub fn eval<T: DeserializeOwned>(&mut self, expression: &str) -> Result<T> {
        let wrapped = format!("(async () => JSON.stringify((await ({expression})) ?? null))()");
        let script =
            json!({ "expression": wrapped, "target": { "context": self.context }, "awaitPromise": true });
        let answer =
            self.command("script.evaluate", &script).with_context(|| format!("evaluating {expression}"))?;
        let Some(text) = answer["result"]["value"].as_str() else {
            bail!("{expression} failed: {}", answer["exceptionDetails"]["text"])
        };
        serde_json::from_str(text).with_context(|| format!("{expression} gave {text}"))
    }

    /// Waits until a JavaScript expression is true; `what` names it when it never is.
    pub fn wait_until(&mut self, what: &str, expression: &str) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            // An error here may be a page that is just being replaced.
            if self.eval::<bool>(&format!("!!({expression})")).unwrap_or(false) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        let text: String = self.eval("document.body.innerText").unwrap_or_default();
        bail!("waited in vain until {what}; the page says:\n{text}\nand logged {:?}", self.logged)
    }

    /// What the page and its workers have logged so far as warnings and errors, uncaught exceptions among them.
    pub fn complaints(&self) -> Vec<String> {
        let loud = self.logged.iter().filter(|entry| entry["level"] == "error" || entry["level"] == "warn");
        loud.map(|entry| format!("{}: {}", entry["level"], entry["text"])).collect()
    }

    /// The result of a command; what Firefox tells meanwhile is kept.
    fn command(&mut self, method: &str, params: &Value) -> Result<Value> {
        let logged = &mut self.logged;
        self.commands.give(json!({ "method": method, "params": params }), |mut event| {
            if event["method"] == "log.entryAdded" {
                logged.push_back(event["params"].take());
            }
        })
    }
}

impl Drop for Firefox {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}

/// The preferences of a profile whose only way out is the recorder.
fn settings(recorder: &Recorder) -> String {
    let proxy = recorder.address();
    let all: [(&str, Value); 6] = [
        ("network.proxy.type", json!(1)),
        ("network.proxy.http", json!(proxy.ip().to_string())),
        ("network.proxy.http_port", json!(proxy.port())),
        ("network.proxy.share_proxy_settings", json!(true)),
        ("network.proxy.allow_hijacking_localhost", json!(true)),
        ("datareporting.policy.dataSubmissionEnabled", json!(false)),
    ];
    all.iter().map(|(name, value)| format!("user_pref({name:?}, {value});\n")).collect()
}

/// The address that Firefox listens on, which it says itself.
fn listening(process: &mut Child) -> Result<String> {
    let stderr = process.stderr.take().context("Firefox has no error output")?;
    let (say, hear) = mpsc::channel();
    // Read to its end, so that Firefox never waits for somebody to read.
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            if let Some(address) = line.strip_prefix(LISTENING) {
                // The receiver is gone only when the start has failed already.
                let _heard = say.send(address.trim().to_owned());
            }
        }
    });
    hear.recv_timeout(PATIENCE).context("Firefox did not start")
}

fn end(process: &mut Child) {
    // Nothing is lost when it has ended already.
    let _ended = process.kill();
    let _status = process.wait();
}
