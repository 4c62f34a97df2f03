//! Headless Chromium with an empty profile, all of whose requests go through a [`Recorder`].
//!
//! Its error output is read: with `--enable-logging=stderr` every console message lands there, also those of workers, which the
//! developer protocol reports apart.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::commands::Commands;
use crate::{Artifacts, Page, Recorder, Site};

/// A running browser; it ends, and its profile is removed, with this value.
pub struct Chromium {
    process: Child,
    commands: Arc<Mutex<Commands>>,
    recorder: Recorder,
    console: Arc<Mutex<Vec<String>>>,
    profile: Arc<TempDir>,
}

impl Chromium {
    /// Starts a browser that can reach `site` and nothing else.
    pub fn start(artifacts: &Artifacts, site: &Site) -> Result<Self> {
        Self::start_for(artifacts, site.address())
    }

    /// The same for a server of another kind at this address.
    pub fn start_for(artifacts: &Artifacts, server: SocketAddr) -> Result<Self> {
        Self::start_with(artifacts, server, Arc::new(tempfile::tempdir()?))
    }

    /// Ends this browser without a chance to tidy up, and opens another one with its profile, which can reach `server` only.
    pub fn reopen(self, artifacts: &Artifacts, server: SocketAddr) -> Result<Self> {
        let profile = Arc::clone(&self.profile);
        drop(self);
        // What the one that was killed says of itself would keep the next from starting.
        for name in ["SingletonLock", "SingletonCookie", "SingletonSocket"] {
            let _is_there_or_not = std::fs::remove_file(profile.path().join(name));
        }
        Self::start_with(artifacts, server, profile)
    }

    fn start_with(artifacts: &Artifacts, server: SocketAddr, profile: Arc<TempDir>) -> Result<Self> {
        let recorder = Recorder::start(server)?;
        let mut process = command(&artifacts.chromium, profile.path(), &recorder)
            .spawn()
            .with_context(|| format!("starting {}", artifacts.chromium.display()))?;
        let stderr = process.stderr.take().context("Chromium has no error output")?;
        let console = Arc::new(Mutex::new(Vec::new()));
        let (say_url, hear_url) = mpsc::channel();
        let lines = Arc::clone(&console);
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if let Some(url) = line.strip_prefix("DevTools listening on ") {
                    // The receiver is gone only when the start has failed already.
                    let _heard = say_url.send(url.trim().to_owned());
                } else if line.contains(":CONSOLE") {
                    lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                }
            }
        });
        let url = hear_url.recv_timeout(Duration::from_secs(60)).context("Chromium did not start in 60 s")?;
        let commands = Arc::new(Mutex::new(Commands::connect(&url)?));
        Ok(Self { process, commands, recorder, console, profile })
    }

    /// Opens `url` in a new tab of `width` x `height` CSS pixels.
    pub fn open(&self, url: &str, width: u32, height: u32) -> Result<Page> {
        let made = self.command("Target.createTarget", json!({ "url": "about:blank" }))?;
        let tab = json!({ "targetId": made["targetId"], "flatten": true });
        let attached = self.command("Target.attachToTarget", tab)?;
        let session = attached["sessionId"].as_str().context("a tab without a session")?;
        let page = Page::new(Arc::clone(&self.commands), session)?;
        page.resize(width, height)?;
        page.go(url)?;
        Ok(page)
    }

    /// The result of a command to the browser as a whole.
    fn command(&self, method: &str, params: Value) -> Result<Value> {
        let mut commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
        commands.give(json!({ "method": method, "params": params }), |_told| {})
    }

    /// Every request so far.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// Console messages so far, of pages and workers, as Chromium logs them.
    pub fn console(&self) -> Vec<String> {
        self.console.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _status = self.process.wait();
    }
}

fn command(chromium: &Path, profile: &Path, recorder: &Recorder) -> Command {
    let mut command = Command::new(chromium);
    command
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb"])
        .args(["--enable-logging=stderr", "--remote-debugging-port=0"])
        // WebGL without a graphics card, for maps of other sites.
        .arg("--enable-unsafe-swiftshader")
        .arg(format!("--proxy-server=http://{}", recorder.address()))
        .arg("--proxy-bypass-list=<-loopback>")
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg("about:blank")
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}
